//! Cases of double registration 双重学籍. One child has one record in the whole province, decided at write time: who
//! registers a child that another school keeps neither fails silently nor makes a second record, but states a claim. All
//! claims on one record stand in one open case (`open_student` is unique), which both schools, their counties and the levels
//! above see.
//!
//! No text gives the procedure (DESIGN): each side proves that the child attends; within one county its approver decides;
//! between two counties the claimant's proposes and the record's agrees; where they disagree, where more than two counties
//! are concerned, and where ten working days have passed, the level above all of them decides (the city, if they lie in
//! one, otherwise the province). Nothing is decided without evidence of the side that it favours.
//!
//! A second record of a child under another kind of document is found by name, sex and date of birth (疑似重复,
//! [`suspicion`](crate::student::suspicion)), or a moment later where both were written at once
//! ([`second_records`](crate::student::second_records)). It is registered all the same, and a claim that names it stands in the case of
//! the older record. Such a claim keeps nobody's record still, and a decision on it moves nothing: the school whose record
//! is the one too many has it cancelled (学籍注销).
//!
//! Invariants:
//! - a case is visible to whoever covers the record's school or the school of any claim,
//! - a school sees of other claimants only that they are there,
//! - when a claimant takes the record, it moves with the history of both schools, and stays the same record.

mod encode;
pub mod error;
mod facts;
mod opening;
pub mod rpc;
pub mod rules;
mod settle;
mod steps;
pub mod store;
pub mod workflow;

pub(crate) use opening::{Claim, Opened, Suspected, open, suspect, told_apart};
