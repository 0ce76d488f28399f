//! Attendance zones 学区, 服务范围: which schools the children of a place may enter (义务教育法 12: near home, without examination).
//!
//! The county drafts the zones of a school year and stage, announces them for objections (公示) and publishes them. While two
//! zones meet, or a town of the county lies in none, they cannot be announced. Published, they are fixed for the year: there is
//! no step out of that state. How long the notice lasts is data.

pub mod error;
pub mod rpc;
pub mod rules;
pub mod store;
pub mod workflow;
