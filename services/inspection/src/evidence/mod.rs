//! Evidence 基础数据: asks registration, staffing and assets what they hold about a school, on behalf of the caller.
//!
//! Inspection knows measures, not the others' tables. A set of measures has a digest over what was counted and from
//! which records, not over when: as long as no record changes, the digest stays.

mod gather;
mod set;

pub use gather::Evidence;
pub use set::{Measure, MeasureSet};
