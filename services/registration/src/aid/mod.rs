//! Student aid (学生资助). What each is entitled to follows from the record and dated rules (`data/rules.toml`): no fees and free
//! textbooks for everybody in compulsory education, in kind; a living allowance for those in hardship, whole for boarders, half
//! for day pupils (两免一补). Schools and counties record what they granted, in fen, once for a term; who is entitled and got
//! nothing (应助未助) is a list at every level. Lists and sums start from the students in hardship, never from all.

mod entitlement;
pub mod error;
mod record;
mod revoke;
pub mod rpc;
pub mod rules;
pub mod store;
pub(crate) mod totals;
