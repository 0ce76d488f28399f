//! Numbers of the past as the table keeps them, and as callers see them.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::privacy::{FieldAddress, Keyring, mask};
use junheng_proto::registration::v1::StudentNumber;
use junheng_proto::registration::v1::student_number::{Kind, Why};
use uuid::Uuid;

use super::super::document;
use crate::entity::student::Model;
use crate::entity::student_number;

/// The sealed part of a row of the history.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
struct Past {
    /// The number.
    #[prost(string, tag = "1")]
    student_number: String,
}

impl std::fmt::Debug for Past {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Past")
    }
}

/// A row of the history of a number that another replaces today.
pub(super) fn past(
    keys: &Keyring,
    student: &Model,
    number: &str,
    why: Why,
    today: NaiveDate,
) -> Result<student_number::Model, KernelError> {
    let id = Uuid::now_v7();
    let past = Past {
        student_number: number.to_owned(),
    };
    Ok(student_number::Model {
        id,
        student: student.id,
        school: student.school,
        place: student.place,
        number_hash: document::number_hash(document::index_of(keys)?, number),
        personal: keys.seal_message(address(&id.to_string()), &past)?,
        kind: super::kind_of(number) as i32,
        until_date: today.to_string(),
        why: why as i32,
    })
}

/// The history, oldest first, and the present number after it.
pub(super) fn history(
    keys: &Keyring,
    past: &[student_number::Model],
    present: &str,
) -> Result<Vec<StudentNumber>, KernelError> {
    let mut from_date = String::new();
    let mut numbers = Vec::with_capacity(past.len() + 1);
    for row in past {
        let opened: Past = keys.open_message(address(&row.id.to_string()), &row.personal)?;
        numbers.push(StudentNumber {
            student_number: mask::identity_number(&opened.student_number),
            kind: row.kind,
            from_date: std::mem::replace(&mut from_date, row.until_date.clone()),
            until_date: row.until_date.clone(),
            replaced_why: row.why,
        });
    }
    let kind: Kind = super::kind_of(present);
    numbers.push(StudentNumber {
        student_number: mask::identity_number(present),
        kind: kind.into(),
        from_date,
        until_date: String::new(),
        replaced_why: Why::Unspecified.into(),
    });
    Ok(numbers)
}

fn address(row: &str) -> FieldAddress<'_> {
    FieldAddress {
        table: "student_numbers",
        field: "personal",
        row,
    }
}
