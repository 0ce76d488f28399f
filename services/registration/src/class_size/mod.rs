//! The size of classes 班额: large ones as they stand now, at every level, and the plans that end them 大班额消除计划.
//!
//! 36 to 45 is normal, 46 to 55 rather large, 56 to 65 large, 66 and more oversized (V); standards are 45 in primary and 50 in
//! junior school. The sizes are those of the counts that every write keeps, so that a list is right the moment it is read.

pub mod error;
pub mod rpc;
pub mod rules;
mod steps;
pub mod store;
pub mod workflow;
