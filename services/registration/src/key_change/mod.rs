//! Changes of key fields 关键信息变更: name, sex, date of birth, document and ethnic group. The clerk files the change with
//! documents of kinds that prove each field, the school's head endorses it, the county approves it, and only then the record changes
//! (教基一〔2013〕7号; school then county R+). One change at a time for a student; the fields as filed must still stand when
//! the county approves.
//!
//! Who has a J number gets a formal one when the change gives a usable identity number; every other number is kept for life.

mod create;
mod encode;
pub mod error;
mod fields;
mod proof;
pub mod rpc;
mod steps;
pub(crate) mod store;
pub mod workflow;
