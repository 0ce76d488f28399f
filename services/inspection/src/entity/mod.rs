//! One table, one struct.
#![allow(
    clippy::disallowed_methods,
    missing_docs,
    reason = "the derive of an entity calls find; columns are documented where the contract names them"
)]

pub mod campaign;
pub mod evidence_item;
pub mod frozen_measure;
pub mod school_report;
pub mod snapshot;
