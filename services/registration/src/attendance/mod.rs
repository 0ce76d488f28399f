//! Attendance (考勤): a sheet for each class and school day, brought by the school or by its own system. A sheet names the roll
//! by which the class was called, so that it proves who was there as much as who was not (名在人不在).
//!
//! Absence without leave that reaches the thresholds of the place opens a suspicion in the same transaction as the mark
//! that reaches it (疑似辍学); days of attendance prove that a child is back.

pub mod called;
pub mod days;
pub mod encode;
pub mod error;
mod import;
mod mark;
pub mod proof;
mod roster;
pub mod rpc;
pub mod rules;
pub mod store;
pub mod terms;
pub(crate) mod threshold;
mod write;
