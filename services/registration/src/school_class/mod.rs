//! Classes 班级. A class stands in one school and is named by stage, grade and number (小学三年级2班); grades count from 1
//! within the stage, so that 七年级 is junior 1. A school opens classes only in the stages that its kind runs.
//!
//! Class sizes above 45 in primary and 50 above it count against a school in inspection (教督〔2017〕6号); they are measured,
//! never refused here: a pupil is not turned away because a class is full.

pub mod error;
pub(crate) mod import;
pub mod rpc;
pub mod rules;
pub mod store;
