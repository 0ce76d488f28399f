//! The three ledgers of dropout control 三台账 (国办发〔2017〕72号; 教基〔2020〕5号 R+): children of school age, children who may have
//! dropped out, children who have dropped out; and the list of children to watch.
//!
//! A ledger is a question, not a table: it is read from student records and cases at the moment of the call, at every level, and
//! is complete because nobody keeps it. Children without a record come in by their cases: whoever a comparison finds not enrolled
//! has one. What has happened is read from happenings, which stay as they were ([`events`]).

pub mod cases;
mod encode;
pub mod events;
pub mod groups;
pub mod people;
pub mod rpc;
pub mod rules;
mod store;
