//! A child of a list: what is sealed of it, and what makes it the same child in every list.

use std::fmt;

use junheng_kernel::error::KernelError;
use junheng_kernel::privacy::{BlindIndex, FieldAddress, Keyring, mask};
use junheng_proto::registration::v1::Resident;
use junheng_proto::registration::v1::student::IdentityType;
use uuid::Uuid;

use crate::entity::resident::Model;
use crate::student::document;
use crate::student::name_key;
use crate::student::rules::Draft;

/// The sealed part of a row.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub(crate) struct ResidentPerson {
    /// The name.
    #[prost(string, tag = "1")]
    pub(crate) display_name: String,
    /// The number of the document, normalised; empty without one.
    #[prost(string, tag = "2")]
    pub(crate) identity_number: String,
    /// The date of birth, `YYYY-MM-DD`.
    #[prost(string, tag = "3")]
    pub(crate) birth_date: String,
    /// The guardian's name, or empty.
    #[prost(string, tag = "4")]
    pub(crate) guardian_display_name: String,
}

// === impl ResidentPerson ===

impl fmt::Debug for ResidentPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResidentPerson")
    }
}

impl ResidentPerson {
    /// Opens the sealed part of a row.
    pub(crate) fn of(keys: &Keyring, row: &Model) -> Result<Self, KernelError> {
        keys.open_message(address(&row.id.to_string()), &row.personal)
    }

    /// Seals it for the row.
    pub(super) fn seal(&self, keys: &Keyring, id: Uuid) -> Result<Vec<u8>, KernelError> {
        keys.seal_message(address(&id.to_string()), self)
    }
}

/// The hash by which the child meets its student record; `None` without a document that tells one child from another.
pub(super) fn identity_hash(index: &BlindIndex, draft: &Draft) -> Option<Vec<u8>> {
    let has_document = draft.identity_type != IdentityType::None as i32;
    has_document.then(|| document::hash(index, draft, Uuid::nil()))
}

/// The child, by the hash of its document: the same in the lists of all departments.
pub(crate) fn of_document(index: &BlindIndex, identity_hash: &[u8]) -> Uuid {
    id_of(index.index("resident.document", &hex::encode(identity_hash)))
}

/// The child without a document: the same in the lists of one source for one region, whoever sends them, and in no other,
/// since nobody has decided that.
pub(super) fn without_document(
    index: &BlindIndex,
    source: i32,
    draft: &Draft,
    guardian: &str,
    region: &str,
) -> Uuid {
    let Draft {
        display_name,
        sex,
        birth_date,
        ..
    } = draft;
    let (name, guardian) = (
        name_key::normalize(display_name),
        name_key::normalize(guardian),
    );
    let whole = format!("{source}/{region}/{sex}/{birth_date}/{name}/{guardian}");
    id_of(index.index("resident.without_document", &whole))
}

fn id_of(hash: [u8; 32]) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The child as callers see it, the number masked.
pub(super) fn encode(keys: &Keyring, row: &Model) -> Result<Resident, KernelError> {
    let person = ResidentPerson::of(keys, row)?;
    Ok(Resident {
        name: format!("residents/{}", row.person),
        resident_list: format!("residentLists/{}", row.list),
        display_name: person.display_name,
        identity_type: row.identity_type,
        identity_number: mask::identity_number(&person.identity_number),
        birth_date: person.birth_date,
        sex: row.sex,
        region: format!("regions/{}", row.region),
        guardian_display_name: person.guardian_display_name,
    })
}

fn address(row: &str) -> FieldAddress<'_> {
    FieldAddress {
        table: "residents",
        field: "personal",
        row,
    }
}

#[cfg(test)]
mod tests {
    use junheng_proto::registration::v1::resident_list::Source;

    use super::*;

    fn draft(kind: IdentityType, number: &str) -> Draft {
        Draft {
            display_name: "买买提·艾力".into(),
            identity_type: kind.into(),
            identity_number: number.into(),
            sex: 1,
            birth_date: "2014-03-15".into(),
            ethnicity: String::new(),
            student_number: String::new(),
        }
    }

    #[test]
    fn a_child_of_a_list_and_a_student_with_one_document_have_one_hash() {
        let keys = Keyring::generate().unwrap();
        let index = keys.blind_index().unwrap();
        let child = draft(IdentityType::ResidentCard, "620422201403150019");
        let student = document::hash(index, &child, Uuid::now_v7());
        assert_eq!(identity_hash(index, &child), Some(student.clone()));
        assert_eq!(of_document(index, &student), of_document(index, &student));
    }

    #[test]
    fn a_child_without_a_document_is_the_same_for_one_source_however_the_name_is_typed() {
        let keys = Keyring::generate().unwrap();
        let index = keys.blind_index().unwrap();
        let child = draft(IdentityType::None, "");
        assert_eq!(identity_hash(index, &child), None);
        let typed = Draft {
            display_name: "买买提•艾力".into(),
            ..child.clone()
        };
        let (police, welfare) = (Source::PublicSecurity as i32, Source::CivilAffairs as i32);
        let of = |draft: &Draft, source: i32, guardian: &str| {
            without_document(index, source, draft, guardian, "630103")
        };
        let first = of(&child, police, "艾力");
        assert_eq!(first, of(&typed, police, "艾力"));
        assert_ne!(first, of(&child, welfare, "艾力"));
        assert_ne!(first, of(&child, police, "吐尔逊"));
    }
}
