//! Statistics of student records (学籍统计) at any level: counts, shares, class sizes (班额) and the changes of a school year.
//!
//! What a figure is stands in a table ([`formula`]), the sizes at which a class is large in another ([`band`]), dated. The
//! numbers come from the [`tally`](crate::tally), so that a province costs what a county costs; each figure names the request
//! that lists the rows behind it.

pub mod band;
pub mod formula;
pub(crate) mod ratio;
pub mod rpc;
mod rules;
mod size;
