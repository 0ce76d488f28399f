//! Dropout cases 控辍个案 (义务教育法 5, 11, 13, 58; 未成年人保护法 28, 83; 国办发〔2017〕72号): one child, one case, one plan.
//! Whatever finds a child calls [`opening::suspect`]; the steps from there are a table in [`workflow`], what they ask for is
//! judged in [`rules`] from facts read in [`facts`], and the grounds of closing with what proves each are a table in [`ground`].
//!
//! Invariants:
//! - a child has at most one open case (`open_subject` is unique), whoever finds it and however often,
//! - a confirmed case of a student sets the record to 辍学 and the return sets it back, through the ledger of students;
//!   transfer, leave, death and cancellation go on from 辍学, and what they leave is what stands,
//! - the case goes with the record: a transfer takes it to the school entered and its county, in the transfer's own journal row,
//! - rows are held in one order, here and where records move: schools, then cases, then students; of several in the order of
//!   their students,
//! - a return stands as long as a sheet shows the child present on a day of it or after: a correction that leaves none takes it back,
//! - what has happened is kept as it was ([`history`]) and counted from there: no step changes the figures of an earlier period,
//! - days are working days by dated rules; nothing is approved by silence,
//! - no penalty without a legal basis on record; being sixteen is no ground for closing.

mod asked;
pub mod child;
pub(crate) mod content;
pub(crate) mod encode;
pub mod error;
pub(crate) mod facts;
pub mod ground;
pub(crate) mod grouping;
pub(crate) mod handover;
pub(crate) mod history;
pub(crate) mod moving;
pub mod opening;
mod papers;
mod phones;
mod record;
mod report;
pub mod rpc;
pub mod rules;
pub(crate) mod steps;
pub mod store;
pub(crate) mod unproven;
pub mod workflow;
