//! Student numbers 学籍号 (教基一〔2013〕7号, V): `G` and 18 characters is formal, normally G and the identity number; `L`
//! is temporary and of the same force, given on first registration, of the shape of an identity number and without relation
//! to it; `J` is for who has no usable identity number. One person, one number, in principle for life: a number that was
//! replaced stays with its student, and nobody else ever gets it.

mod encode;
pub(crate) mod issue;
pub(crate) mod returned;
pub mod rpc;
pub(crate) mod store;
pub(crate) mod taken;

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::identity_number;
use junheng_kernel::privacy::{Keyring, mask};
use junheng_proto::registration::v1::student_number::{Kind, Why};
use sea_orm::ConnectionTrait;
use taken::Brought;
use uuid::Uuid;

use super::error::StudentError;
use super::person::Person;
use super::{document, rules::Draft};
use crate::entity::student::Model;
use crate::entity::student_number;

/// The number as it is compared and stored.
pub(super) fn normalize(written: &str) -> String {
    identity_number::normalize(written).to_uppercase()
}

/// Whether a normalised text is a student number: `^[GLJ]\d{17}[0-9X]$`.
pub(super) fn is_number(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(['G', 'L', 'J']) else {
        return false;
    };
    rest.len() == 18
        && rest
            .bytes()
            .enumerate()
            .all(|(index, byte)| byte.is_ascii_digit() || (index == 17 && byte == b'X'))
}

/// What is wrong with a number that a student comes with; none is right too.
pub(super) fn check(field: &str, written: &str) -> Option<Violation> {
    let number = normalize(written);
    (!number.is_empty() && !is_number(&number)).then(|| {
        Violation::invalid(
            field,
            "must be G, L or J, 17 digits and a digit or X; leave it empty for a first registration",
            "应为G、L或J加17位数字和1位数字或X,首次建籍请留空",
        )
    })
}

/// The formal number of an identity number.
pub(super) fn formal(identity_number: &str) -> String {
    format!("G{identity_number}")
}

/// A number of a record that has none yet: the letter and 18 characters with a true check character. The 17 digits come from
/// the random part of the record's id; that two of a million are alike is less likely than one in 100,000.
pub(super) fn made_up(letter: char, id: Uuid) -> String {
    let digits = format!("{:017}", (id.as_u128() % 10_u128.pow(17)) as u64);
    let check = identity_number::check_character(&digits).unwrap_or('X');
    format!("{letter}{digits}{check}")
}

/// The kind of a number, by its letter.
pub(super) fn kind_of(number: &str) -> Kind {
    match number.as_bytes().first() {
        Some(b'G') => Kind::Formal,
        Some(b'L') => Kind::Temporary,
        Some(b'J') => Kind::WithoutIdentity,
        _ => Kind::Unspecified,
    }
}

/// The number after the key fields became those of `draft`: J is exchanged once there is a usable identity number; every
/// other number is kept for life.
pub(crate) fn after_key_change(current: &str, draft: &Draft) -> String {
    let usable = document::is_usable(draft.identity_type, &draft.identity_number);
    match kind_of(current) {
        Kind::WithoutIdentity if usable => formal(&draft.identity_number),
        _ => current.to_owned(),
    }
}

/// Refuses a number that comes with somebody who has no record here, and that is, or was, another student's, or is made of
/// another's identity number. Empty is nobody's.
pub(crate) async fn refuse_foreign(
    database: &impl ConnectionTrait,
    keys: &Keyring,
    written: &str,
    identity_hash: &[u8],
) -> Result<(), StudentError> {
    let brought = Brought {
        number: normalize(written),
        identity_hash,
    };
    let given = brought.number.clone();
    let taken = taken::taken(database, document::index_of(keys)?, &[brought]).await?;
    if taken.contains(&true) {
        let number = mask::identity_number(&given);
        return Err(StudentError::NumberTaken { number });
    }
    Ok(())
}

/// The row with another number, and what the history keeps of the number before.
pub(crate) fn replaced(
    keys: &Keyring,
    row: &Model,
    number: &str,
    why: Why,
    today: NaiveDate,
) -> Result<(Model, student_number::Model), KernelError> {
    let mut person = Person::of(keys, row)?;
    let before = std::mem::replace(&mut person.student_number, number.to_owned());
    let past = encode::past(keys, row, &before, why, today)?;
    let changed = Model {
        number_hash: document::number_hash(document::index_of(keys)?, number),
        personal: person.seal(keys, row.id)?,
        ..row.clone()
    };
    Ok((changed, past))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_student_number_is_a_letter_and_the_shape_of_an_identity_number() {
        for (text, is) in [
            ("G620422201403150019", true),
            ("L42900420130909108X", true),
            ("J123456789012345678", true),
            ("g620422201403150019", false),
            ("K620422201403150019", false),
            ("G62042220140315001", false),
            ("G6204222014031500190", false),
            ("GX20422201403150019", false),
            ("620422201403150019", false),
            ("G62042220140315001六", false),
        ] {
            assert_eq!(is_number(text), is, "{text}");
        }
        assert_eq!(check("student_number", ""), None);
        assert_eq!(check("student_number", " g620422201403150019 "), None);
        assert!(check("student_number", "G1").is_some());
    }

    #[test]
    fn numbers_made_up_have_a_true_check_character_and_no_two_are_alike() {
        let numbers: std::collections::HashSet<String> =
            (0..2_000).map(|_| made_up('L', Uuid::now_v7())).collect();
        assert_eq!(numbers.len(), 2_000);
        for number in numbers {
            let (digits, check) = number[1..].split_at(17);
            assert!(is_number(&number));
            assert_eq!(
                identity_number::check_character(digits),
                check.chars().next()
            );
        }
    }

    #[test]
    fn only_j_is_exchanged_when_key_fields_change() {
        let draft = Draft {
            display_name: "马小花".into(),
            identity_type: 1,
            identity_number: "620422201403150019".into(),
            sex: 1,
            birth_date: "2014-03-15".into(),
            ethnicity: "03".into(),
            student_number: String::new(),
        };
        let after = |number: &str| after_key_change(number, &draft);
        assert_eq!(after("J123456789012345678"), "G620422201403150019");
        assert_eq!(after("L123456789012345678"), "L123456789012345678");
        assert_eq!(after("G42900420130909108X"), "G42900420130909108X");
        let without = Draft {
            identity_type: 2,
            identity_number: "E12345678".into(),
            ..draft.clone()
        };
        assert_eq!(
            after_key_change("J123456789012345678", &without),
            "J123456789012345678"
        );
    }
}
