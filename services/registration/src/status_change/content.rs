//! Reason and proofs of a change, sealed in its row.

use std::fmt;

use junheng_kernel::error::KernelError;
use junheng_kernel::privacy::{FieldAddress, Keyring};
use junheng_proto::registration::v1::StatusProof;
use uuid::Uuid;

/// What a change says of the student's circumstances.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(skip_debug)]
pub(super) struct Content {
    /// Why.
    #[prost(string, tag = "1")]
    pub(super) reason: String,
    /// What proves it.
    #[prost(message, repeated, tag = "2")]
    pub(super) proofs: Vec<StatusProof>,
}

// === impl Content ===

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Content")
    }
}

impl Content {
    /// Opens the sealed part of a row.
    pub(super) fn of(keys: &Keyring, id: Uuid, sealed: &[u8]) -> Result<Self, KernelError> {
        keys.open_message(address(&id.to_string()), sealed)
    }

    /// Seals it for the row.
    pub(super) fn seal(&self, keys: &Keyring, id: Uuid) -> Result<Vec<u8>, KernelError> {
        keys.seal_message(address(&id.to_string()), self)
    }
}

fn address(row: &str) -> FieldAddress<'_> {
    FieldAddress {
        table: "status_changes",
        field: "content",
        row,
    }
}
