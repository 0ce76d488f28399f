//! Recognitions as callers and the journal see them, and their sealed part.

use std::fmt;

use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::etag;
use junheng_kernel::privacy::{FieldAddress, Keyring, mask};
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::GroupRecognition;
use junheng_proto::workflow::v1::Evidence;
use uuid::Uuid;

use crate::entity::group_recognition::Model;

/// The sealed part of a row.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub(crate) struct Proof {
    /// The number of the disability certificate, or empty.
    #[prost(string, tag = "1")]
    pub(crate) certificate_number: String,
    /// What proves it.
    #[prost(message, repeated, tag = "2")]
    pub(crate) evidence: Vec<Evidence>,
}

// === impl Proof ===

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proof")
    }
}

impl Proof {
    /// Seals it for the row.
    pub(crate) fn seal(&self, keys: &Keyring, id: Uuid) -> Result<Vec<u8>, KernelError> {
        keys.seal_message(address(&id.to_string()), self)
    }
}

fn address(row: &str) -> FieldAddress<'_> {
    FieldAddress {
        table: "group_recognitions",
        field: "personal",
        row,
    }
}

/// The resource name.
pub(crate) fn name_of(row: &Model) -> String {
    format!("groupRecognitions/{}", row.id)
}

/// The recognition.
pub(crate) fn encode(keys: &Keyring, row: &Model) -> Result<GroupRecognition, KernelError> {
    let proof: Proof = keys.open_message(address(&row.id.to_string()), &row.personal)?;
    Ok(GroupRecognition {
        name: name_of(row),
        student: format!("students/{}", row.student),
        state: row.state,
        group: row.kind,
        hardship_level: row.hardship_level,
        disability: row.disability,
        disability_grade: row.disability_grade,
        placement: row.placement,
        certificate_number: mask::identity_number(&proof.certificate_number),
        evidence: proof.evidence,
        valid_from: row.valid_from.clone(),
        valid_until: row.valid_until.clone(),
        school: format!("schools/{}", row.school),
        due_date: row.due_date.clone(),
        due_provisional: row.due_provisional,
        create_time: Some(timestamp(row.create_micros)),
        etag: etag(row.version),
    })
}

/// A journal entry about a recognition.
pub(crate) fn about(row: &Model) -> Entry {
    Entry::about(
        name_of(row),
        row.place,
        Some(row.school),
        DataClass::Sensitive,
    )
}
