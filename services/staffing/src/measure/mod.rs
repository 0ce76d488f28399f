//! The figures that inspection judges teachers by (基础数据), counted by school and stage actually taught.
//!
//! Only full-time teachers (专任教师) count. The names and their units are the contract between the services.

pub mod rpc;
pub mod table;
