//! Identity documents 身份证件: how each kind of number is written, and what makes it one of a kind.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::identity_number;
use junheng_kernel::label;
use junheng_kernel::privacy::{BlindIndex, Keyring};
use junheng_proto::registration::v1::student::IdentityType;
use uuid::Uuid;

use super::rules::Draft;

/// A kind of document that is no resident number.
struct Document {
    kind: IdentityType,
    has_shape: fn(&str) -> bool,
    shape: &'static str,
    shape_zh: &'static str,
}

/// Shapes as in use (R+ for the permits, R for the passport).
#[rustfmt::skip]
const DOCUMENTS: &[Document] = &[
    Document { kind: IdentityType::Passport,             has_shape: is_passport,      shape: "5 to 20 letters and digits",    shape_zh: "5至20位字母和数字" },
    Document { kind: IdentityType::HongKongMacaoPermit,  has_shape: is_home_return,   shape: "H or M and 8 digits",           shape_zh: "H或M加8位数字" },
    Document { kind: IdentityType::TaiwanPermit,         has_shape: is_taiwan_permit, shape: "8 digits",                      shape_zh: "8位数字" },
    Document { kind: IdentityType::None,                 has_shape: str::is_empty,    shape: "empty: there is no document",   shape_zh: "空(无有效证件)" },
];

const RESIDENT: i32 = IdentityType::ResidentCard as i32;
const FIELD: &str = "identity_number";

/// The number as it is compared and stored.
pub(super) fn normalize(written: &str) -> String {
    identity_number::normalize(written).to_uppercase()
}

/// Everything that is wrong with the document; what a resident number contradicts is named too.
pub(super) fn check(draft: &Draft, today: NaiveDate) -> Vec<Violation> {
    let number = draft.identity_number.as_str();
    let full_name = "junheng.registration.v1.Student.IdentityType";
    if let Some(wrong) = label::check("identity_type", full_name, draft.identity_type) {
        return vec![wrong];
    }
    if number.is_empty() && draft.identity_type != IdentityType::None as i32 {
        return vec![Violation::required(FIELD)];
    }
    if draft.identity_type == RESIDENT {
        return identity_number::check(FIELD, number, draft.sex, &draft.birth_date, today);
    }
    let document = DOCUMENTS
        .iter()
        .find(|document| document.kind as i32 == draft.identity_type);
    let misshapen = document
        .filter(|document| !(document.has_shape)(number))
        .map(|document| {
            Violation::invalid(
                FIELD,
                format!("must be {}", document.shape),
                format!("应为{}", document.shape_zh),
            )
        });
    misshapen.into_iter().collect()
}

/// The keyed hash that keeps a person from being registered twice. Resident numbers share their domain with every
/// register of persons. A child without a document is told apart by school, name, sex and date of birth, so that the same
/// import again finds the child.
pub(super) fn hash(index: &BlindIndex, draft: &Draft, school: Uuid) -> Vec<u8> {
    let kind = IdentityType::try_from(draft.identity_type).unwrap_or_default();
    let (domain, value) = match kind {
        IdentityType::ResidentCard => ("person.resident", draft.identity_number.clone()),
        IdentityType::Passport => ("person.passport", draft.identity_number.clone()),
        IdentityType::HongKongMacaoPermit => ("person.home_return", draft.identity_number.clone()),
        IdentityType::TaiwanPermit => ("person.taiwan_permit", draft.identity_number.clone()),
        IdentityType::None | IdentityType::Unspecified => {
            let Draft {
                display_name,
                sex,
                birth_date,
                ..
            } = draft;
            (
                "student.without_document",
                format!("{school}/{sex}/{birth_date}/{display_name}"),
            )
        }
    };
    index.index(domain, &value).to_vec()
}

/// The index that hashes documents. A keyring always has one; without it nothing is registered.
pub(super) fn index_of(keys: &Keyring) -> Result<&BlindIndex, KernelError> {
    keys.blind_index()
        .map_err(|error| KernelError::Stored(error.to_string()))
}

/// The student number (学籍号): G and the resident number, otherwise J and 18 characters with a true check character. The 17
/// digits come from the random part of the record's id; that two of a million are alike is less likely than one in 100,000.
pub(super) fn student_number(draft: &Draft, id: Uuid) -> String {
    if draft.identity_type == RESIDENT {
        return format!("G{}", draft.identity_number);
    }
    let digits = format!("{:017}", id.as_u128() % 10_u128.pow(17));
    let check = identity_number::check_character(&digits).unwrap_or('X');
    format!("J{digits}{check}")
}

fn is_passport(number: &str) -> bool {
    (5..=20).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_home_return(number: &str) -> bool {
    number
        .strip_prefix(['H', 'M'])
        .is_some_and(is_taiwan_permit)
}

fn is_taiwan_permit(number: &str) -> bool {
    number.len() == 8 && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(kind: IdentityType, number: &str) -> Draft {
        Draft {
            display_name: "马小花".into(),
            identity_type: kind as i32,
            identity_number: normalize(number),
            sex: 2,
            birth_date: "2012-01-01".into(),
            ethnicity: "03".into(),
        }
    }

    fn passes(kind: IdentityType, number: &str) -> bool {
        let today = NaiveDate::from_ymd_opt(2018, 9, 1).unwrap();
        check(&draft(kind, number), today).is_empty()
    }

    #[test]
    fn each_kind_of_document_has_its_shape() {
        assert!(passes(IdentityType::HongKongMacaoPermit, "h12345678"));
        assert!(!passes(IdentityType::HongKongMacaoPermit, "K12345678"));
        assert!(passes(IdentityType::TaiwanPermit, "12345678"));
        assert!(!passes(IdentityType::TaiwanPermit, "1234567"));
        assert!(passes(IdentityType::Passport, "e12345678"));
        assert!(!passes(IdentityType::Passport, "E 1234"));
        assert!(passes(IdentityType::None, ""));
        assert!(!passes(IdentityType::None, "1"));
        assert!(!passes(IdentityType::Passport, ""));
        assert!(!passes(IdentityType::Unspecified, "1"));
    }

    #[test]
    fn a_resident_keeps_the_own_number_and_others_get_one_of_the_same_shape() {
        let resident = draft(IdentityType::ResidentCard, "42900420130909108x");
        assert_eq!(
            student_number(&resident, Uuid::now_v7()),
            "G42900420130909108X"
        );
        let number = student_number(&draft(IdentityType::None, ""), Uuid::now_v7());
        let (digits, check) = number[1..].split_at(17);
        assert!(number.starts_with('J'));
        assert_eq!(
            identity_number::check_character(digits),
            check.chars().next()
        );
    }

    #[test]
    fn kinds_of_documents_do_not_meet_in_the_hash() {
        let keys = Keyring::generate().unwrap();
        let school = Uuid::now_v7();
        let index = index_of(&keys).unwrap();
        let hash = |kind, number, school| hash(index, &draft(kind, number), school);
        let permit = hash(IdentityType::TaiwanPermit, "12345678", school);
        assert_eq!(
            permit,
            hash(IdentityType::TaiwanPermit, " 12345678", Uuid::now_v7())
        );
        assert_ne!(permit, hash(IdentityType::Passport, "12345678", school));
        let none = hash(IdentityType::None, "", school);
        assert_eq!(none, hash(IdentityType::None, "", school));
        assert_ne!(none, hash(IdentityType::None, "", Uuid::now_v7()));
    }
}
