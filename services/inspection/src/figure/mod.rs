//! Verdicts and figures 结论与数据. A figure is never without its way back: school, measure, share, source record and the
//! moment of counting. Before the first signature the verdict is over what is frozen so far, and a school that has not
//! confirmed is a finding, not a gap in silence. In publicity and after, answers are read from the snapshot.

pub mod county;
mod encode;
pub mod error;
mod findings;
pub mod frozen;
pub mod judgement;
pub mod rpc;
pub(crate) mod store;
mod trace;
