//! What names a person: sealed in the row, shown to those in scope.

use std::fmt;

use junheng_kernel::error::KernelError;
use junheng_kernel::name::etag;
use junheng_kernel::privacy::{FieldAddress, Keyring, mask};
use junheng_proto::registration::v1::Student;
use uuid::Uuid;

use super::document;
use super::rules::Draft;
use crate::entity::school_class;
use crate::entity::student::Model;

/// The sealed part of a student's row.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub(super) struct Person {
    /// The student number (学籍号).
    #[prost(string, tag = "1")]
    student_number: String,
    /// The name.
    #[prost(string, tag = "2")]
    display_name: String,
    /// The identity number, normalised.
    #[prost(string, tag = "3")]
    identity_number: String,
    /// The date of birth, `YYYY-MM-DD`.
    #[prost(string, tag = "4")]
    birth_date: String,
}

/// What the school itself says about a student.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) boarder: bool,
    pub(super) migrant: bool,
    pub(super) left_behind: bool,
}

// === impl Person ===

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person")
    }
}

impl Person {
    /// Opens the sealed part of a row.
    pub(super) fn of(keys: &Keyring, row: &Model) -> Result<Self, KernelError> {
        keys.open_message(address(&row.id.to_string()), &row.personal)
    }
}

/// A new row of a draft that has passed its rules, in its class, with the hash of its document.
pub(super) fn model_of(
    keys: &Keyring,
    draft: &Draft,
    flags: Flags,
    class: &school_class::Model,
    identity_hash: Vec<u8>,
) -> Result<Model, KernelError> {
    let id = Uuid::now_v7();
    let person = Person {
        student_number: document::student_number(draft, id),
        display_name: draft.display_name.clone(),
        identity_number: draft.identity_number.clone(),
        birth_date: draft.birth_date.clone(),
    };
    Ok(Model {
        id,
        school: class.school,
        place: class.place,
        school_class: class.id,
        stage: class.stage,
        grade: class.grade,
        identity_type: draft.identity_type,
        identity_hash,
        personal: keys.seal_message(address(&id.to_string()), &person)?,
        sex: draft.sex,
        ethnicity: draft.ethnicity.clone(),
        boarder: flags.boarder,
        migrant: flags.migrant,
        left_behind: flags.left_behind,
        version: 1,
    })
}

/// The row as the school wants it; `None` when it stands so already.
pub(super) fn moved(row: &Model, flags: Flags, class: &school_class::Model) -> Option<Model> {
    let wanted = Model {
        school_class: class.id,
        stage: class.stage,
        grade: class.grade,
        boarder: flags.boarder,
        migrant: flags.migrant,
        left_behind: flags.left_behind,
        ..row.clone()
    };
    (wanted != *row).then(|| Model {
        version: row.version + 1,
        ..wanted
    })
}

/// The student as callers see it: numbers masked, name and date of birth for those in scope.
pub(super) fn encode(keys: &Keyring, row: &Model) -> Result<Student, KernelError> {
    Ok(shown(row, Person::of(keys, row)?))
}

fn shown(row: &Model, person: Person) -> Student {
    Student {
        name: name_of(row),
        student_number: mask::identity_number(&person.student_number),
        school: format!("schools/{}", row.school),
        school_class: format!("classes/{}", row.school_class),
        stage: row.stage,
        grade: row.grade,
        display_name: person.display_name,
        identity_type: row.identity_type,
        identity_number: mask::identity_number(&person.identity_number),
        sex: row.sex,
        birth_date: person.birth_date,
        ethnicity: row.ethnicity.clone(),
        boarder: row.boarder,
        migrant: row.migrant,
        left_behind: row.left_behind,
        etag: etag(row.version),
    }
}

/// The resource name.
pub(super) fn name_of(row: &Model) -> String {
    format!("students/{}", row.id)
}

/// The student as an import's row wants it, with the key fields of the row, to be compared with what stands.
pub(super) fn as_wanted(current: &Student, draft: &Draft) -> Student {
    Student {
        display_name: draft.display_name.clone(),
        identity_type: draft.identity_type,
        identity_number: mask::identity_number(&draft.identity_number),
        sex: draft.sex,
        birth_date: draft.birth_date.clone(),
        ethnicity: draft.ethnicity.clone(),
        ..current.clone()
    }
}

fn address(row: &str) -> FieldAddress<'_> {
    FieldAddress {
        table: "students",
        field: "personal",
        row,
    }
}
