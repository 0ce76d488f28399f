//! Promotion at the year's end 年度升级, and the way from primary into junior school 小升初.
//!
//! A class is its cohort: it keeps its identity and moves up a grade, from the top down, so that places are free when they
//! are taken. The last grade of a stage graduates and its classes end; in a school that runs both compulsory stages, primary
//! goes straight on into junior. Who is on leave, abroad or deferred stays.
//!
//! Invariants:
//! - everybody goes up once a school year at most, whatever school the record comes into: each record and each class keeps
//!   the school year in which its grade holds,
//! - a school is promoted into a school year in one transaction, under a unique key; what comes into it later from a school
//!   that was not promoted goes up when the promotion is run again, and nothing else,
//! - a run that is interrupted goes on with the schools that are not done,
//! - a primary graduate's record comes over when the junior school confirms the arrival, not before.

pub mod error;
pub(crate) mod places;
mod plan;
pub mod rpc;
pub mod rules;
mod run;
pub mod store;
