//! Changes as callers see them and as the journal keeps them.

use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::etag;
use junheng_kernel::privacy::{FieldAddress, Keyring};
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::KeyChange;

use super::fields::Asked;
use crate::entity::key_change::Model;

/// The resource name.
pub(super) fn name_of(row: &Model) -> String {
    format!("keyChanges/{}", row.id)
}

/// Opens the sealed part of a row.
pub(super) fn open(keys: &Keyring, row: &Model) -> Result<Asked, KernelError> {
    keys.open_message(address(&row.id.to_string()), &row.personal)
}

/// Seals it for a row.
pub(super) fn seal(keys: &Keyring, id: uuid::Uuid, asked: &Asked) -> Result<Vec<u8>, KernelError> {
    keys.seal_message(address(&id.to_string()), asked)
}

/// The change with its fields, numbers masked.
pub(super) fn encode(keys: &Keyring, row: &Model) -> Result<KeyChange, KernelError> {
    let asked = open(keys, row)?;
    Ok(KeyChange {
        name: name_of(row),
        student: format!("students/{}", row.student),
        school: format!("schools/{}", row.school),
        state: row.state,
        changes: asked.changes(),
        evidence: row.evidence.lines().map(str::to_owned).collect(),
        note: asked.note,
        reject_reason: asked.reject_reason,
        due_date: row.due_date.clone(),
        due_provisional: row.due_provisional,
        create_time: Some(timestamp(row.create_micros)),
        update_time: Some(timestamp(row.update_micros)),
        etag: etag(row.version),
    })
}

/// A journal entry about a change.
pub(super) fn about(row: &Model) -> Entry {
    Entry::about(
        name_of(row),
        row.place,
        Some(row.school),
        DataClass::Sensitive,
    )
}

fn address(row: &str) -> FieldAddress<'_> {
    FieldAddress {
        table: "key_changes",
        field: "personal",
        row,
    }
}
