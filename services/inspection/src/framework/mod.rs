//! The frameworks (评估框架) and the arithmetic of their verdicts; no input or output, no time of its own. Only [`rpc`] and
//! what it encodes with know the contract.
//!
//! A framework is a data file: which schools are tested, indicators with formula and threshold, the limit of the
//! coefficient of variation (差异系数), the items that people answer, and the document behind each. Thresholds
//! hold for a region and a time. [`assess()`] turns the measures of a county's schools into figures and a verdict:
//!
//! 1. Excluded schools are listed with the reason and take no further part.
//! 2. A value shared by several stages of a school is divided by weighted pupils ([`split`]).
//! 3. Each school, stage and indicator gets an exact value and the half-up rounded one, which is judged.
//! 4. Each stage and indicator gets the pupil-weighted coefficient ([`coefficient`]).
//! 5. 基本均衡 2012 judges the mean of eight coefficients, 优质均衡 2017 each of seven and every school.
//!
//! A figure that was not reported is a [`school::Gap`], never zero: what depends on it is not computable until
//! it is filled.

pub mod assess;
pub mod catalog;
pub mod coefficient;
pub mod document;
pub mod encode;
pub mod error;
pub mod exact;
pub mod fault;
pub mod indicator;
pub mod item;
pub mod measure;
pub mod request;
pub mod root;
pub mod rpc;
pub mod school;
pub mod split;
pub mod stage;
pub mod verdict;

#[cfg(test)]
mod tests;

pub use assess::assess;
pub use catalog::Catalog;
pub use document::{Framework, Profile};
pub use error::FrameworkError;
pub use exact::{Exact, Rounded};
pub use school::{Reported, School};
pub use stage::Stage;
pub use verdict::{CountyVerdict, Outcome};
