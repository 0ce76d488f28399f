//! Teachers 教职工. Everybody on a school's staff has one record; the kind of position (岗位类别) tells the full-time
//! teachers (专任教师), whom the indicators count, from the others.
//!
//! A teacher of a school with several stages stands at the stage actually taught (按实际任教学段, 2012 measure of basic
//! balance, calculation notes, item 6). The resident identity number decides who somebody is: it is kept encrypted, its
//! keyed hash is unique in the whole province, and it never changes under a record. A school that closes takes nobody new;
//! who is with it is moved to another school of the county (调动) by the county's clerk, with the reason.

pub mod error;
mod import;
pub mod personal;
pub mod rpc;
pub mod rules;
pub mod store;
