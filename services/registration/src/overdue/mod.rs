//! Supervision 督办: what is not done by its day, of every process of registration, in one list at every level.
//!
//! A step shows at the level whose turn it is, and for every further stretch of working days one level up as well (rule
//! `overdue.climb_working_days`); a level that a county does not have is passed over. Nothing is written when a day passes: what
//! shows follows from the due dates and the clock at the moment of the call.

pub mod rpc;
pub mod rules;
mod sources;
mod store;
