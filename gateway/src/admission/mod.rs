//! Authentication, role policy, scope of the organisation named, and rate: what a call passes before a service sees it.

mod caller;
mod policy;
mod rate;
mod streams;

pub use caller::{Callers, ISSUER, Known};
pub use policy::DecisionTable;
pub use rate::Rates;
pub use streams::{OpenStream, Streams};
