//! What names a person: sealed in the row, shown to those in scope.

use std::fmt;

use junheng_kernel::error::KernelError;
use junheng_kernel::name::etag;
use junheng_kernel::privacy::{FieldAddress, Keyring, mask};
use junheng_proto::registration::v1::Student;
use junheng_proto::registration::v1::student::State;
use uuid::Uuid;

use super::rules::Draft;
pub(crate) use super::school_fields::SchoolFields;
use super::{document, name_key};
use crate::entity::school_class;
use crate::entity::student::Model;

/// The sealed part of a student's row.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub(crate) struct Person {
    /// The student number (学籍号).
    #[prost(string, tag = "1")]
    pub(crate) student_number: String,
    /// The name.
    #[prost(string, tag = "2")]
    pub(crate) display_name: String,
    /// The identity number, normalised.
    #[prost(string, tag = "3")]
    pub(crate) identity_number: String,
    /// The date of birth, `YYYY-MM-DD`.
    #[prost(string, tag = "4")]
    pub(crate) birth_date: String,
    /// The guardian's name, or empty.
    #[prost(string, tag = "5")]
    pub(crate) guardian_display_name: String,
    /// The guardian's phone, or empty.
    #[prost(string, tag = "6")]
    pub(crate) guardian_phone: String,
    /// Where the family lives, or empty.
    #[prost(string, tag = "7")]
    pub(crate) residence: String,
}

/// Where a new record goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat<'a> {
    /// The class, which says school, place, stage and grade.
    pub(crate) class: &'a school_class::Model,
    /// The year in which the student entered the stage.
    pub(crate) entry_year: i32,
}

// === impl Seat ===

impl Seat<'_> {
    /// The school year in which the student's grade holds: that of the class. Who enters the first grade in a year to come
    /// holds it from then on.
    fn grade_year(&self) -> i32 {
        match self.class.grade {
            1 => self.class.grade_year.max(self.entry_year),
            _ => self.class.grade_year,
        }
    }
}

// === impl Person ===

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person")
    }
}

impl Person {
    /// Opens the sealed part of a row.
    pub(crate) fn of(keys: &Keyring, row: &Model) -> Result<Self, KernelError> {
        keys.open_message(address(&row.id.to_string()), &row.personal)
    }

    /// Seals it for the row.
    pub(crate) fn seal(&self, keys: &Keyring, id: Uuid) -> Result<Vec<u8>, KernelError> {
        keys.seal_message(address(&id.to_string()), self)
    }
}

/// A new row of a draft that has passed its rules, with the hash of its document.
pub(crate) fn model_of(
    keys: &Keyring,
    draft: &Draft,
    fields: &SchoolFields,
    seat: Seat<'_>,
    identity_hash: Vec<u8>,
) -> Result<Model, KernelError> {
    Ok(new_record(keys, draft, fields, seat, identity_hash)?.0)
}

/// The same with what is sealed in it.
pub(super) fn new_record(
    keys: &Keyring,
    draft: &Draft,
    fields: &SchoolFields,
    seat: Seat<'_>,
    identity_hash: Vec<u8>,
) -> Result<(Model, Person), KernelError> {
    let id = Uuid::now_v7();
    let index = document::index_of(keys)?;
    let person = Person {
        student_number: document::student_number(draft, id),
        display_name: draft.display_name.clone(),
        identity_number: draft.identity_number.clone(),
        birth_date: draft.birth_date.clone(),
        guardian_display_name: fields.guardian_display_name.clone(),
        guardian_phone: fields.guardian_phone.clone(),
        residence: fields.residence.clone(),
    };
    let class = seat.class;
    let row = Model {
        id,
        school: class.school,
        place: class.place,
        school_class: Some(class.id),
        stage: class.stage,
        grade: class.grade,
        grade_year: seat.grade_year(),
        entry_year: seat.entry_year,
        state: State::Enrolled as i32,
        identity_type: draft.identity_type,
        identity_hash,
        number_hash: document::number_hash(index, &person.student_number),
        name_key: name_key::of(index, &draft.display_name),
        name_part_key: name_key::of_first_part(index, &draft.display_name),
        personal: person.seal(keys, id)?,
        sex: draft.sex,
        birth_month: birth_month(&draft.birth_date),
        ethnicity: draft.ethnicity.clone(),
        boarder: fields.boarder,
        migrant: fields.migrant,
        left_behind: fields.left_behind,
        disability: fields.disability,
        placement: fields.placement,
        hardship: fields.hardship,
        version: 1,
    };
    Ok((row, person))
}

/// What was written of a child who has a record.
pub(super) fn draft_of(row: &Model, person: &Person) -> Draft {
    Draft {
        display_name: person.display_name.clone(),
        identity_type: row.identity_type,
        identity_number: person.identity_number.clone(),
        sex: row.sex,
        birth_date: person.birth_date.clone(),
        ethnicity: row.ethnicity.clone(),
        student_number: person.student_number.clone(),
    }
}

/// The row with the key fields of a draft that has passed its rules, and the hash of its document. The student number is
/// the caller's business.
pub(crate) fn corrected(
    keys: &Keyring,
    row: &Model,
    draft: &Draft,
    identity_hash: Vec<u8>,
) -> Result<Model, KernelError> {
    let index = document::index_of(keys)?;
    let person = Person {
        display_name: draft.display_name.clone(),
        identity_number: draft.identity_number.clone(),
        birth_date: draft.birth_date.clone(),
        ..Person::of(keys, row)?
    };
    Ok(Model {
        identity_type: draft.identity_type,
        identity_hash,
        name_key: name_key::of(index, &draft.display_name),
        name_part_key: name_key::of_first_part(index, &draft.display_name),
        personal: person.seal(keys, row.id)?,
        sex: draft.sex,
        birth_month: birth_month(&draft.birth_date),
        ethnicity: draft.ethnicity.clone(),
        ..row.clone()
    })
}

/// The row as the school wants it, whose sealed part has been opened; `None` when it stands so already.
pub(super) fn moved(
    keys: &Keyring,
    row: &Model,
    person: &Person,
    fields: &SchoolFields,
    class: Option<&school_class::Model>,
) -> Result<Option<Model>, KernelError> {
    let wanted_person = Person {
        guardian_display_name: fields.guardian_display_name.clone(),
        guardian_phone: fields.guardian_phone.clone(),
        residence: fields.residence.clone(),
        ..person.clone()
    };
    let personal = if wanted_person == *person {
        row.personal.clone()
    } else {
        wanted_person.seal(keys, row.id)?
    };
    let wanted = Model {
        school_class: class.map(|class| class.id),
        stage: class.map_or(row.stage, |class| class.stage),
        grade: class.map_or(row.grade, |class| class.grade),
        personal,
        boarder: fields.boarder,
        migrant: fields.migrant,
        left_behind: fields.left_behind,
        disability: fields.disability,
        placement: fields.placement,
        hardship: fields.hardship,
        ..row.clone()
    };
    Ok((wanted != *row).then_some(wanted))
}

/// The student as callers see it: numbers masked, name and date of birth for those in scope.
pub(crate) fn encode(keys: &Keyring, row: &Model) -> Result<Student, KernelError> {
    Ok(shown(row, Person::of(keys, row)?))
}

/// The same with the sealed part at hand.
pub(super) fn shown(row: &Model, person: Person) -> Student {
    Student {
        name: name_of(row),
        student_number: mask::identity_number(&person.student_number),
        school: format!("schools/{}", row.school),
        school_class: row
            .school_class
            .map_or_else(String::new, |id| format!("classes/{id}")),
        stage: row.stage,
        grade: row.grade,
        identity_code: document::exchange_code(row.identity_type, &person.identity_number).into(),
        overseas_code: document::overseas_code(row.identity_type, &person.identity_number).into(),
        warnings: Vec::new(),
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
        state: row.state,
        entry_year: row.entry_year,
        disability: row.disability,
        placement: row.placement,
        hardship: row.hardship,
        guardian_display_name: person.guardian_display_name,
        guardian_phone: mask::phone(&person.guardian_phone),
        residence: mask::address(&person.residence),
    }
}

/// The resource name.
pub(crate) fn name_of(row: &Model) -> String {
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

/// `YYYYMM` of a date that has passed its check.
pub(crate) fn birth_month(birth_date: &str) -> i32 {
    let digits: String = birth_date.chars().filter(char::is_ascii_digit).collect();
    digits
        .get(..6)
        .and_then(|month| month.parse().ok())
        .unwrap_or(0)
}

fn address(row: &str) -> FieldAddress<'_> {
    FieldAddress {
        table: "students",
        field: "personal",
        row,
    }
}
