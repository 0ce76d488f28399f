//! Identity documents 身份证件: how each kind of number is written, how systems exchange it, and what makes it one of a kind.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::identity_number;
use junheng_kernel::label;
use junheng_kernel::privacy::{BlindIndex, Keyring};
use junheng_kernel::region::{AreaCode, RegionTable};
use junheng_proto::registration::v1::Warning;
use junheng_proto::registration::v1::student::IdentityType;
use uuid::Uuid;

use super::number;
use super::rules::Draft;

/// A kind of document.
struct Document {
    kind: IdentityType,
    /// The code by which systems exchange it (身份证件类型码, V); what it depends on is the number.
    code: fn(&str) -> &'static str,
    has_shape: fn(&str) -> bool,
    shape: &'static str,
    shape_zh: &'static str,
    unique: Unique,
}

/// What tells the holder of a document from everybody else.
enum Unique {
    /// The number, within the documents of one domain.
    Number(&'static str),
    /// The number is a family's, or there is none: name, sex and date of birth count, within a domain.
    Person(&'static str),
}

/// The domain of all numbers that have the shape of GB 11643, shared with every register of persons: whatever card shows
/// such a number, it is one person's.
const RESIDENT_DOMAIN: &str = "person.resident";

/// Shapes as in use (R+ for the permits and the foreigner's card, R for the rest).
#[rustfmt::skip]
const DOCUMENTS: &[Document] = &[
    Document { kind: IdentityType::ResidentCard,        code: |_| "1",     has_shape: is_eighteen,       shape: "18 characters (GB 11643-1999)",   shape_zh: "18位(GB 11643-1999)",     unique: Unique::Number(RESIDENT_DOMAIN) },
    Document { kind: IdentityType::ResidencePermit,     code: of_region,   has_shape: is_permit,         shape: "18 characters that begin with 810000, 820000 or 830000", shape_zh: "以810000、820000或830000开头的18位号码", unique: Unique::Number(RESIDENT_DOMAIN) },
    Document { kind: IdentityType::ForeignerCard,       code: |_| "9",     has_shape: is_foreigner_card, shape: "18 characters that begin with 9, or 3 letters and 12 digits", shape_zh: "以9开头的18位号码,或3位字母加12位数字", unique: Unique::Number("person.foreigner_card") },
    Document { kind: IdentityType::Passport,            code: |_| "A",     has_shape: is_passport,       shape: "5 to 20 letters and digits",      shape_zh: "5至20位字母和数字",       unique: Unique::Number("person.passport") },
    Document { kind: IdentityType::HongKongPassport,    code: |_| "6",     has_shape: is_passport,       shape: "5 to 20 letters and digits",      shape_zh: "5至20位字母和数字",       unique: Unique::Number("person.hong_kong_passport") },
    Document { kind: IdentityType::MacaoPassport,       code: |_| "7",     has_shape: is_passport,       shape: "5 to 20 letters and digits",      shape_zh: "5至20位字母和数字",       unique: Unique::Number("person.macao_passport") },
    Document { kind: IdentityType::HongKongMacaoPermit, code: of_region,   has_shape: is_home_return,    shape: "H or M and 8 digits",             shape_zh: "H或M加8位数字",           unique: Unique::Number("person.home_return") },
    Document { kind: IdentityType::TaiwanPermit,        code: |_| "8",     has_shape: is_taiwan_permit,  shape: "8 digits",                        shape_zh: "8位数字",                 unique: Unique::Number("person.taiwan_permit") },
    Document { kind: IdentityType::HouseholdBooklet,    code: |_| "B",     has_shape: is_passport,       shape: "5 to 20 letters and digits",      shape_zh: "5至20位字母和数字",       unique: Unique::Person("student.household_booklet") },
    Document { kind: IdentityType::Other,               code: |_| "Z",     has_shape: is_other,          shape: "4 to 20 letters and digits",      shape_zh: "4至20位字母和数字",       unique: Unique::Number("person.other_document") },
    Document { kind: IdentityType::None,                code: |_| "Z",     has_shape: str::is_empty,     shape: "empty: there is no document",     shape_zh: "空(无有效证件)",          unique: Unique::Person("student.without_document") },
    Document { kind: IdentityType::OfficerCard,         code: |_| "2",     has_shape: is_nobodys,        shape: "another document: pupils hold none of the forces", shape_zh: "其他证件:学生不持有军队证件", unique: Unique::Number("person.forces") },
    Document { kind: IdentityType::SoldierCard,         code: |_| "3",     has_shape: is_nobodys,        shape: "another document: pupils hold none of the forces", shape_zh: "其他证件:学生不持有军队证件", unique: Unique::Number("person.forces") },
    Document { kind: IdentityType::CivilCadreCard,      code: |_| "4",     has_shape: is_nobodys,        shape: "another document: pupils hold none of the forces", shape_zh: "其他证件:学生不持有军队证件", unique: Unique::Number("person.forces") },
    Document { kind: IdentityType::RetiredCard,         code: |_| "5",     has_shape: is_nobodys,        shape: "another document: pupils hold none of the forces", shape_zh: "其他证件:学生不持有军队证件", unique: Unique::Number("person.forces") },
];

/// The areas of the residence permits, with the codes of exchange and of 港澳台侨外.
#[rustfmt::skip]
const REGIONS: &[(&str, &str, &str)] = &[
    ("810000", "6", "01"),
    ("820000", "7", "03"),
    ("830000", "8", "05"),
    ("H",      "6", "01"),
    ("M",      "7", "03"),
];

const FIELD: &str = "identity_number";
const KIND: &str = "junheng.registration.v1.Student.IdentityType";

fn document_of(kind: i32) -> Option<&'static Document> {
    DOCUMENTS
        .iter()
        .find(|document| document.kind as i32 == kind)
}

/// The number as it is compared and stored.
pub(crate) fn normalize(written: &str) -> String {
    identity_number::normalize(written).to_uppercase()
}

/// The code by which systems exchange the kind of a document; empty for a number that is no kind.
pub(super) fn exchange_code(kind: i32, number: &str) -> &'static str {
    document_of(kind).map_or("", |document| (document.code)(number))
}

/// The code of 港澳台侨外 as far as the document tells; otherwise empty.
pub(super) fn overseas_code(kind: i32, number: &str) -> &'static str {
    match IdentityType::try_from(kind) {
        Ok(IdentityType::ResidencePermit | IdentityType::HongKongMacaoPermit) => {
            region_of(number).map_or("", |(_, _, code)| *code)
        }
        Ok(IdentityType::HongKongPassport) => "01",
        Ok(IdentityType::MacaoPassport) => "03",
        Ok(IdentityType::TaiwanPermit) => "05",
        _ => "",
    }
}

/// The kind of the document that shows this number, when it is a true one of the shape of GB 11643.
pub(super) fn kind_by_number(number: &str, today: NaiveDate) -> Option<IdentityType> {
    identity_number::read(FIELD, number, today).ok()?;
    Some(match number.as_bytes().first() {
        Some(b'9') => IdentityType::ForeignerCard,
        _ if is_permit(number) => IdentityType::ResidencePermit,
        _ => IdentityType::ResidentCard,
    })
}

/// Whether a student number can be made of the document's: it has 18 characters of the shape of GB 11643.
pub(super) fn is_usable(kind: i32, number: &str) -> bool {
    let numbered = [
        IdentityType::ResidentCard,
        IdentityType::ResidencePermit,
        IdentityType::ForeignerCard,
    ];
    numbered.iter().any(|one| *one as i32 == kind) && is_eighteen(number)
}

/// Everything that is wrong with the document; what a number contradicts is named too.
pub(super) fn check(draft: &Draft, today: NaiveDate) -> Vec<Violation> {
    let number = draft.identity_number.as_str();
    if let Some(wrong) = label::check("identity_type", KIND, draft.identity_type) {
        return vec![wrong];
    }
    let Some(document) = document_of(draft.identity_type) else {
        return Vec::new();
    };
    if number.is_empty() && document.kind != IdentityType::None {
        return vec![Violation::required(FIELD)];
    }
    if let Some(right) = kind_by_number(number, today).filter(|right| *right != document.kind) {
        let (term, code) = (label::by_number(KIND, right as i32), right as i32);
        return vec![Violation::invalid(
            "identity_type",
            format!("does not agree with the number, which is that of {code} {term}"),
            format!("与证件号不符,该号码属于{code} {term}"),
        )];
    }
    if document.kind == IdentityType::ResidentCard
        || (is_usable(draft.identity_type, number) && (document.has_shape)(number))
    {
        return identity_number::check(FIELD, number, draft.sex, &draft.birth_date, today);
    }
    if (document.has_shape)(number) {
        return Vec::new();
    }
    vec![Violation::invalid(
        FIELD,
        format!("must be {}", document.shape),
        format!("应为{}", document.shape_zh),
    )]
}

/// What is unusual about a draft that has passed its rules: an area code that is in force no more, or that nobody knows
/// (numbers keep the code of their day), and a formal student number that is not made of the identity number.
pub(super) fn warnings(regions: &RegionTable, draft: &Draft) -> Vec<Warning> {
    let mut found = Vec::new();
    let mut warn = |field: &str, message: String, message_zh: String| {
        found.push(Warning {
            field: field.to_owned(),
            message,
            message_zh,
        });
    };
    let number = draft.identity_number.as_str();
    let area = number.get(..6).unwrap_or_default();
    if draft.identity_type == IdentityType::ResidentCard as i32 {
        match regions.area_code_status(area) {
            AreaCode::InForce => {}
            AreaCode::Retired { name, year, .. } => {
                let name = name.unwrap_or_default();
                let year = year.map_or_else(String::new, |year| year.to_string());
                warn(
                    FIELD,
                    format!("area code {area} {name} is out of force {year}; check the document"),
                    format!("地区码{area}{name}已停用{year},请核对证件原件"),
                );
            }
            AreaCode::Unknown => warn(
                FIELD,
                format!("area code {area} is in no table of area codes; check the document"),
                format!("地区码{area}不在现行和历史区划表中,请核对证件原件"),
            ),
        }
    }
    let given = number::normalize(&draft.student_number);
    let formal = number::formal(number);
    if given.starts_with('G') && is_usable(draft.identity_type, number) && given != formal {
        warn(
            "student_number",
            "is not G and the identity number; right only if the identity number was changed since"
                .into(),
            "与G加身份证件号不一致,仅在身份证件号变更过的情况下正确,请核对".into(),
        );
    }
    found
}

/// What tells a person from everybody else: a value within a domain.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    domain: &'static str,
    value: String,
}

// === impl Identity ===

impl Identity {
    /// A child whose document is the family's, or who has none, is told apart by name, sex and date of birth as well, so that
    /// the same import again finds the child; without a document within the school.
    pub(super) fn of(draft: &Draft, school: Uuid) -> Self {
        let Draft {
            display_name,
            identity_number,
            sex,
            birth_date,
            ..
        } = draft;
        let unique = document_of(draft.identity_type).map(|document| &document.unique);
        let (domain, value) = match unique {
            Some(Unique::Number(_)) if is_usable(draft.identity_type, identity_number) => {
                (RESIDENT_DOMAIN, identity_number.clone())
            }
            Some(Unique::Number(domain)) => (*domain, identity_number.clone()),
            Some(Unique::Person(domain)) if !identity_number.is_empty() => (
                *domain,
                format!("{identity_number}/{sex}/{birth_date}/{display_name}"),
            ),
            _ => (
                "student.without_document",
                format!("{school}/{sex}/{birth_date}/{display_name}"),
            ),
        };
        Self { domain, value }
    }

    /// As it is stored.
    pub(super) fn hash(&self, index: &BlindIndex) -> Vec<u8> {
        index.index(self.domain, &self.value).to_vec()
    }
}

/// The keyed hash that keeps a person from being registered twice: of the [`Identity`].
pub(crate) fn hash(index: &BlindIndex, draft: &Draft, school: Uuid) -> Vec<u8> {
    Identity::of(draft, school).hash(index)
}

/// Whether a kind of document may leave its holder to be told apart within the school: by name, sex and date of birth.
pub(super) fn may_name_school(identity_type: i32) -> bool {
    let unique = document_of(identity_type).map(|document| &document.unique);
    !matches!(unique, Some(Unique::Number(_)))
}

/// The hashes that a number has as one of each kind of document: who looks for a number need not know the kind.
pub(super) fn hashes_of_number(index: &BlindIndex, number: &str) -> Vec<Vec<u8>> {
    let mut domains: Vec<&'static str> = DOCUMENTS
        .iter()
        .filter_map(|document| match document.unique {
            Unique::Number(domain) => Some(domain),
            Unique::Person(_) => None,
        })
        .collect();
    domains.sort_unstable();
    domains.dedup();
    let hash = |domain| index.index(domain, number).to_vec();
    domains.into_iter().map(hash).collect()
}

/// The keyed hash of a student number, by which it is unique and found.
pub(crate) fn number_hash(index: &BlindIndex, student_number: &str) -> Vec<u8> {
    index.index("student.number", student_number).to_vec()
}

/// The index that hashes documents. A keyring always has one; without it nothing is registered.
pub(crate) fn index_of(keys: &Keyring) -> Result<&BlindIndex, KernelError> {
    keys.blind_index()
        .map_err(|error| KernelError::Stored(error.to_string()))
}

/// The student number (学籍号) of a new record: the one that the student comes with; otherwise a temporary L number for who
/// has a usable identity number, and J for who has not.
pub(super) fn student_number(draft: &Draft, id: Uuid) -> String {
    let given = number::normalize(&draft.student_number);
    if !given.is_empty() {
        return given;
    }
    let usable = is_usable(draft.identity_type, &draft.identity_number);
    number::made_up(if usable { 'L' } else { 'J' }, id)
}

// === shapes ===

fn is_eighteen(number: &str) -> bool {
    number
        .get(..17)
        .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        && matches!(number.as_bytes()[17..], [b'0'..=b'9' | b'X'])
}

fn region_of(number: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    REGIONS
        .iter()
        .find(|(prefix, _, _)| number.starts_with(prefix))
}

fn of_region(number: &str) -> &'static str {
    region_of(number).map_or("Z", |(_, code, _)| *code)
}

fn is_permit(number: &str) -> bool {
    is_eighteen(number) && region_of(number).is_some()
}

fn is_foreigner_card(number: &str) -> bool {
    if is_eighteen(number) {
        return number.starts_with('9');
    }
    let (letters, digits) = number.split_at_checked(3).unwrap_or_default();
    digits.len() == 12
        && letters.bytes().all(|byte| byte.is_ascii_alphabetic())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_alphanumeric(number: &str, least: usize) -> bool {
    (least..=20).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_passport(number: &str) -> bool {
    is_alphanumeric(number, 5)
}

fn is_other(number: &str) -> bool {
    is_alphanumeric(number, 4)
}

fn is_nobodys(_: &str) -> bool {
    false
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
mod tests;
