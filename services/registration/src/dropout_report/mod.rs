//! The four reports of dropout control 四个一 (国办发〔2017〕72号 V, days V-LOCAL and DESIGN): the school's each month, the county's each
//! quarter, the city's each term, the province's each school year.
//!
//! Invariants:
//! - every item is counted from the records, by the same condition as the list behind it; nobody types a figure,
//! - an organisation has one report for a period; what happened to cases is counted by when it was entered, each item from where the
//!   report before left it, so that everything is in one report and nothing in two,
//! - what is signed is frozen under one digest; an item given back is counted anew, the others stay signed,
//! - a level that does not exist is passed over, visibly in the history.

mod counts;
mod encode;
pub mod error;
mod missing;
pub mod period;
pub mod rpc;
pub mod rules;
mod steps;
mod store;
pub mod workflow;
