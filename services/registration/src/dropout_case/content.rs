//! The sealed parts of a case and of a visit.

use std::fmt;

use junheng_kernel::error::KernelError;
use junheng_kernel::privacy::{FieldAddress, Keyring};
use junheng_proto::registration::v1::{OfficialLine, SchoolLine};
use uuid::Uuid;

/// What a case says of persons, plan and whereabouts.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(skip_debug)]
pub(crate) struct Content {
    /// Where the child is now.
    #[prost(string, tag = "1")]
    pub(crate) whereabouts: String,
    /// The line of the government.
    #[prost(message, optional, tag = "2")]
    pub(crate) official_line: Option<OfficialLine>,
    /// The line of education.
    #[prost(message, optional, tag = "3")]
    pub(crate) school_line: Option<SchoolLine>,
    /// The plan.
    #[prost(string, tag = "4")]
    pub(crate) plan: String,
    /// What proves the ground on which closing is asked for.
    #[prost(string, repeated, tag = "5")]
    pub(crate) closing_evidence: Vec<String>,
}

/// Who paid a visit, and what was said.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(skip_debug)]
pub(crate) struct VisitContent {
    /// Who went.
    #[prost(string, repeated, tag = "1")]
    pub(crate) people: Vec<String>,
    /// Where the child is.
    #[prost(string, tag = "2")]
    pub(crate) whereabouts: String,
    /// What was said.
    #[prost(string, tag = "3")]
    pub(crate) note: String,
    /// The evidence as kept.
    #[prost(string, repeated, tag = "4")]
    pub(crate) evidence: Vec<String>,
}

// === impl Content ===

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Content")
    }
}

impl Content {
    /// Opens the sealed part of a case.
    pub(crate) fn of(keys: &Keyring, id: Uuid, sealed: &[u8]) -> Result<Self, KernelError> {
        keys.open_message(address("dropout_cases", &id.to_string()), sealed)
    }

    /// Seals it for the case.
    pub(crate) fn seal(&self, keys: &Keyring, id: Uuid) -> Result<Vec<u8>, KernelError> {
        keys.seal_message(address("dropout_cases", &id.to_string()), self)
    }
}

// === impl VisitContent ===

impl fmt::Debug for VisitContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VisitContent")
    }
}

impl VisitContent {
    /// Opens the sealed part of a visit.
    pub(crate) fn of(keys: &Keyring, id: Uuid, sealed: &[u8]) -> Result<Self, KernelError> {
        keys.open_message(address("dropout_visits", &id.to_string()), sealed)
    }

    /// Seals it for the visit.
    pub(crate) fn seal(&self, keys: &Keyring, id: Uuid) -> Result<Vec<u8>, KernelError> {
        keys.seal_message(address("dropout_visits", &id.to_string()), self)
    }
}

fn address<'a>(table: &'static str, row: &'a str) -> FieldAddress<'a> {
    FieldAddress {
        table,
        field: "personal",
        row,
    }
}
