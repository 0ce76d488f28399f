//! The four reports of dropout control 四个一 (国办发〔2017〕72号 V, days V-LOCAL and DESIGN): the school's each month, the county's each
//! quarter, the city's each term, the province's each school year.
//!
//! Invariants:
//! - every item is counted from the records, by the same condition as the list behind it; nobody types a figure,
//! - an organisation has one report for a period, and its reports follow each other without a day left out,
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
