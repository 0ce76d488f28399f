//! What a list says of a child: sealed in the row, shown masked.

use junheng_kernel::error::KernelError;
use junheng_kernel::name::etag;
use junheng_kernel::privacy::{FieldAddress, Keyring, mask};
use junheng_proto::registration::v1::{AdmissionEntry, AdmittedChild};
use uuid::Uuid;

use crate::entity::admission_entry::Model;
use crate::student::document;
use crate::student::person::SchoolFields;
use crate::student::rules::Draft;

/// Opens the sealed part of a row.
pub(super) fn of(keys: &Keyring, row: &Model) -> Result<AdmittedChild, KernelError> {
    keys.open_message(address(&row.id.to_string()), &row.personal)
}

/// Seals it for a row.
pub(super) fn seal(
    keys: &Keyring,
    id: Uuid,
    child: &AdmittedChild,
) -> Result<Vec<u8>, KernelError> {
    keys.seal_message(address(&id.to_string()), child)
}

/// The child as the rules of students judge it.
pub(super) fn draft_of(child: &AdmittedChild) -> Draft {
    Draft {
        display_name: child.display_name.clone(),
        identity_type: child.identity_type,
        identity_number: document::normalize(&child.identity_number),
        sex: child.sex,
        birth_date: child.birth_date.clone(),
        ethnicity: child.ethnicity.clone(),
        student_number: String::new(),
    }
}

/// What the school says of the student that the child becomes.
pub(super) fn fields_of(child: &AdmittedChild, migrant: bool) -> SchoolFields {
    SchoolFields {
        boarder: child.boarder,
        migrant,
        left_behind: child.left_behind,
        disability: child.disability,
        placement: 0,
        hardship: false,
        guardian_display_name: child.guardian_display_name.clone(),
        guardian_phone: child.guardian_phone.clone(),
        residence: child.residence.clone(),
    }
}

/// The entry as callers see it: numbers, phone and address masked.
pub(super) fn encode(keys: &Keyring, row: &Model) -> Result<AdmissionEntry, KernelError> {
    let child = of(keys, row)?;
    Ok(AdmissionEntry {
        name: name_of(row.id),
        plan: format!("admissionPlans/{}", row.plan),
        school: format!("schools/{}", row.school),
        kind: row.kind,
        child: Some(AdmittedChild {
            identity_number: mask::identity_number(&child.identity_number),
            guardian_phone: mask::phone(&child.guardian_phone),
            residence: mask::address(&child.residence),
            ..child
        }),
        outcome: row.outcome,
        arrived: row.arrived,
        student: row
            .student
            .map_or_else(String::new, |id| format!("students/{id}")),
        etag: etag(row.version),
    })
}

/// The resource name.
pub(super) fn name_of(id: Uuid) -> String {
    format!("admissionEntries/{id}")
}

fn address(row: &str) -> FieldAddress<'_> {
    FieldAddress {
        table: "admission_entries",
        field: "personal",
        row,
    }
}
