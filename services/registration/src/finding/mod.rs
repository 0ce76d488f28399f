//! Finding children who may have dropped out without anybody asking (控辍保学排查): a round through each county every day, and
//! when the county asks. A round goes its ways one after the other, each in pages of one transaction and at most one journal
//! row: absences, the cohort that did not arrive, transfers and leaves that hang, and returns that have become stable.
//!
//! - one round of a county runs at a time, by a key that is unique while it runs;
//! - how far it has come is written with each page, so that a round that was cut off goes on where it stopped;
//! - a way that cannot be gone is left out and told in the round; no county waits for another;
//! - a child with an open case gets no second one, and one source raises one suspicion of a child.

mod daily;
#[cfg(test)]
mod daily_tests;
mod error;
mod round;
pub mod rpc;
pub mod rules;
mod settle;
mod store;
mod ways;

pub(crate) use daily::spawn;
