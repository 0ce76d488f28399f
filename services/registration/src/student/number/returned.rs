//! The number that is stated of a child who has a record here. One person has one number: what differs from the record is said,
//! never dropped. A child who comes back from another province with a formal number keeps that, since it is the nation's.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::privacy::{Keyring, mask};
use junheng_proto::registration::v1::student_number::Kind;
use sea_orm::ConnectionTrait;

use super::super::error::StudentError;
use super::super::person::Person;
use super::super::{document, store as students};
use super::taken::Brought;
use super::{kind_of, normalize, store};
use crate::entity::student::Model;

/// The formal number that the record takes of a child who comes back with it; nothing where none is stated, or the record has it
/// or had it before. Fails with the number of another, and with one that contradicts the record's.
pub(crate) async fn taken_over(
    database: &impl ConnectionTrait,
    keys: &Keyring,
    student: &Model,
    stated: &str,
) -> Result<Option<String>, StudentError> {
    let number = normalize(stated);
    if number.is_empty() {
        return Ok(None);
    }
    let index = document::index_of(keys)?;
    let hash = document::number_hash(index, &number);
    let taken = || StudentError::NumberTaken {
        number: mask::identity_number(&number),
    };
    let holders = store::holders(database, std::slice::from_ref(&hash)).await?;
    match holders.get(&hash) {
        Some(holder) if *holder == student.id => return Ok(None),
        Some(_) => return Err(taken()),
        None => {}
    }
    let current = Person::of(keys, student)?.student_number;
    if kind_of(&number) != Kind::Formal || kind_of(&current) == Kind::Formal {
        return Err(KernelError::Fields(vec![differs(&current)]).into());
    }
    let brought = Brought {
        number: number.clone(),
        identity_hash: &student.identity_hash,
    };
    let made_of = brought.made_of_others(index);
    let made_of: Vec<&[u8]> = made_of.iter().map(Vec::as_slice).collect();
    if !made_of.is_empty() && !students::with_hashes(database, &made_of).await?.is_empty() {
        return Err(taken());
    }
    Ok(Some(number))
}

/// That a number is not the record's.
pub(crate) fn differs(current: &str) -> Violation {
    let current = mask::identity_number(current);
    Violation::invalid(
        "student_number",
        format!(
            "is {current} by the record: one person, one number; a formal one is issued by the national check"
        ),
        format!("学籍记录的学籍号为{current},一人一号;正式学籍号由全国查重比对核发,请核对或留空"),
    )
}
