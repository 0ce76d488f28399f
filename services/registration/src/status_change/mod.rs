//! Changes of a student's status 学籍异动办理: leave (休学), more leave, return (复学), deferred entry (延缓入学), going abroad,
//! death, repeating and skipping, the cancellation of a mistaken record and the correction of a mistaken end (更正;
//! 教基一〔2013〕7号 19, 义务教育法 11).
//!
//! The school's clerk files, its head agrees, the county approves; a return is the school's own to handle at once, and the
//! county takes it on record. Leaving school for good (退学) and expulsion (开除) do not exist in compulsory education and are
//! refused as such (义务教育法 27).
//!
//! Invariants:
//! - a student has one change under way at a time, which the database keeps,
//! - a leave ends when the record takes another state, whatever brings that about, and runs on in another school,
//! - a record changes in the transaction of the step that lets it, through the students' ledger,
//! - reason and proofs speak of health and lie sealed.

mod content;
mod effect;
pub mod error;
mod file;
mod follow;
mod grades;
pub mod rpc;
pub mod rules;
mod steps;
pub mod store;
pub mod workflow;

pub(crate) use follow::{concerns, follow};
