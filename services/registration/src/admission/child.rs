//! What a list says of a child: sealed in the row, shown masked.

use std::collections::{BTreeSet, HashMap};

use junheng_kernel::error::KernelError;
use junheng_kernel::journal::record;
use junheng_kernel::name::etag;
use junheng_kernel::privacy::{FieldAddress, Keyring, mask};
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::admission_entry::Outcome;
use junheng_proto::registration::v1::{AdmissionEntry, AdmittedChild};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::store;
use crate::entity::admission_entry::Model;
use crate::student::document;
use crate::student::person::SchoolFields;
use crate::student::rules::Draft;

/// A child on a list, for the rooms that look for those who did not arrive.
#[derive(Clone, Debug)]
pub(crate) struct Admitted {
    /// The entry as callers see it: numbers, phone and address masked.
    pub(crate) shown: AdmissionEntry,
    /// The school that admitted the child; none once it holds no place there.
    pub(crate) school: Option<Uuid>,
    /// The place of the list's school.
    pub(crate) place: i64,
    /// Its county.
    pub(crate) region: String,
    /// The stage that the child was admitted to.
    pub(crate) stage: i32,
}

/// The children of some entries; who is on no list is left out. Two statements for all.
pub(crate) async fn admitted(
    database: &impl ConnectionTrait,
    keys: &Keyring,
    entries: BTreeSet<Uuid>,
) -> Result<HashMap<Uuid, Admitted>, KernelError> {
    if entries.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = store::with_ids(database, entries).await?;
    let plans = store::plans_with_ids(database, rows.iter().map(|row| row.plan)).await?;
    let mut found = HashMap::new();
    for row in &rows {
        let Some(plan) = plans.get(&row.plan) else {
            continue;
        };
        let child = Admitted {
            shown: encode(keys, row)?,
            school: (row.outcome == Outcome::Admitted as i32).then_some(row.school),
            place: row.place,
            region: plan.region.clone(),
            stage: plan.stage,
        };
        found.insert(row.id, child);
    }
    Ok(found)
}

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
    Ok(shown(of(keys, row)?, row))
}

/// What became of an entry, for the journal; `keep` as for every [`record`].
pub(super) fn record_of(
    keys: &Keyring,
    before: &Model,
    after: &Model,
    keep: bool,
) -> Result<Record, KernelError> {
    // No step changes what is said of the child: it is opened once.
    let child = of(keys, before)?;
    let (then, now) = (shown(child.clone(), before), shown(child, after));
    let (place, school) = (after.place, Some(after.school));
    Ok(record(&now.name, place, school, Some(&then), &now, keep))
}

fn shown(child: AdmittedChild, row: &Model) -> AdmissionEntry {
    AdmissionEntry {
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
    }
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
