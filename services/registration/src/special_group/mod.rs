//! Special groups (特殊群体): who moved in with working parents, is left behind, disabled, boards, lives in hardship or without
//! parents. Each is recognised on evidence and for a time. The school files and confirms what only helps it to care; what
//! gives money is confirmed by the county (教财〔2018〕16号 R+). A recognition in force sets the flags of the student's record
//! through the ledger; when it ends, by its day or before, the flags end with it, unless another still proves them.
//!
//! Flags that a school states without a recognition stand, are listed as unproven and give no money. What a recognition in
//! force proves, the school does not take off: it ends the recognition. What a recognition knows of a
//! disability is for education and rehabilitation only (残疾人教育条例 20) and is sealed.

pub mod encode;
pub mod error;
mod expiry;
mod groups;
pub mod rpc;
pub mod rules;
mod steps;
pub mod store;
pub mod workflow;

pub(crate) use expiry::spawn_expiry;
pub(crate) use store::{hardship_is_proven, in_hardship, proven};
