//! Workflows as tables: each row says which step leads from where to where, who takes it, by when, under which
//! conditions, and whom four eyes exclude. One engine runs them all; the same rows are shown over gRPC and as charts.
//!
//! By when is a rule of the service's rule book, for days differ by province and year.

mod error;
mod rpc;
mod step;
mod table;

pub use crate::label::name_of as state_name;
pub use error::WorkflowError;
pub use rpc::WorkflowRpc;
pub use step::{
    Asked, Standing, Taken, Unmet, check_evidence, check_note, check_reason, kept, read_kept,
};
pub use table::{Moved, Row, Workflow, state_of};
