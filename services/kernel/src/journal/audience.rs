//! Whom, besides officers and services, a change is told, and what of it. The contract declares it on the fields of the
//! record: one names the partner (`audience`), others are what that partner sees (`shared`). No room says it again.
//!
//! Of other records a partner learns what it may ask for as well: those that a method which partners may call gives below class
//! `PERSONAL`. Of the rest it learns nothing: that a child's record changed, and when, is a thing to know about the child, and what
//! officers report to each other is theirs.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use junheng_proto::POOL;
use junheng_proto::options::v1::DataClass;
use prost::{Message, Name};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

use crate::admission::{Access, AccessTable};
use crate::post::Duty;

/// What the contract says of the records of one kind.
struct Declared {
    message: MessageDescriptor,
    audience: FieldDescriptor,
    shared: Vec<FieldDescriptor>,
}

/// Whom a change is told.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Told {
    /// Whether no partner but the audience is told.
    pub(super) restricted: bool,
    /// The partner's account; empty for none.
    pub(super) audience: String,
    /// What it sees.
    pub(super) shared: Option<prost_types::Any>,
}

static DECLARED: LazyLock<HashMap<String, Declared>> = LazyLock::new(|| {
    let declared = POOL.all_messages().filter_map(declared);
    declared
        .map(|found| (found.message.full_name().to_owned(), found))
        .collect()
});

/// The kinds of records that some method which partners may call gives as no more than internal data, by itself or in a list.
static OPEN_TO_PARTNERS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let contract = AccessTable::of_contract();
    let partners_may = |access: &&Access| {
        access.anyone || access.roles.iter().any(|role| role.duty == Duty::Partner)
    };
    let open = contract
        .iter()
        .filter(partners_may)
        .filter(|access| (access.data_class as i32) < DataClass::Personal as i32);
    open.flat_map(|access| {
        let answer = access.method.output();
        let listed: Vec<String> = answer
            .fields()
            .filter_map(|field| match field.kind() {
                Kind::Message(message) => Some(message.full_name().to_owned()),
                _ => None,
            })
            .collect();
        listed
            .into_iter()
            .chain(std::iter::once(answer.full_name().to_owned()))
    })
    .collect()
});

fn declared(message: MessageDescriptor) -> Option<Declared> {
    let is_marked = |field: &FieldDescriptor, option: &str| {
        let extension = POOL.get_extension_by_name(option);
        extension.is_some_and(|extension| {
            let options = field.options();
            options.get_extension(&extension).as_bool() == Some(true)
        })
    };
    let with = |option| -> Vec<FieldDescriptor> {
        let fields = message.fields();
        fields.filter(|field| is_marked(field, option)).collect()
    };
    let audience = with("junheng.options.v1.audience").pop()?;
    let shared = with("junheng.options.v1.shared");
    Some(Declared {
        message,
        audience,
        shared,
    })
}

/// Whom the change of a record is told. A change of nothing that is shared is told nobody.
pub(super) fn told<T: Message + Name>(before: Option<&T>, after: &T) -> Told {
    let restricted = Told {
        restricted: true,
        ..Told::default()
    };
    let Some(declared) = DECLARED.get(&T::full_name()) else {
        return match OPEN_TO_PARTNERS.contains(&T::full_name()) {
            true => Told::default(),
            false => restricted,
        };
    };
    let read = |message: &T| {
        let bytes = message.encode_to_vec();
        DynamicMessage::decode(declared.message.clone(), bytes.as_slice()).ok()
    };
    let Some(after) = read(after) else {
        return restricted;
    };
    let audience = after.get_field(&declared.audience);
    let audience = audience.as_str().unwrap_or_default().to_owned();
    let shared = shared_of(declared, &after);
    let is_unchanged = before
        .and_then(read)
        .is_some_and(|before| shared_of(declared, &before) == shared);
    if audience.is_empty() || is_unchanged {
        return restricted;
    }
    Told {
        restricted: true,
        audience,
        shared: Some(prost_types::Any {
            type_url: T::type_url(),
            value: shared,
        }),
    }
}

/// The record with nothing but what is shared, encoded.
fn shared_of(declared: &Declared, record: &DynamicMessage) -> Vec<u8> {
    let mut kept = DynamicMessage::new(declared.message.clone());
    for field in declared
        .shared
        .iter()
        .filter(|field| record.has_field(field))
    {
        let value: Value = record.get_field(field).into_owned();
        kept.set_field(field, value);
    }
    kept.encode_to_vec()
}

#[cfg(test)]
mod tests {
    use junheng_proto::registration::v1::{
        AccessGrant, Comparison, DropoutReport, Export, School, SchoolClass, StatusChange, Student,
        StudentChange, Transfer,
    };
    use junheng_proto::staffing::v1::Teacher;

    use super::*;

    fn comparison() -> Comparison {
        Comparison {
            name: "comparisons/1".into(),
            sender: "accounts/police".into(),
            compared_count: 3,
            suspected_count: 1,
            ..Comparison::default()
        }
    }

    #[test]
    fn the_audience_sees_what_is_shared_and_nothing_else() {
        let told = told(None, &comparison());
        assert_eq!(told.audience, "accounts/police");
        let shared = told.shared.expect("something is shared");
        let shared = Comparison::decode(shared.value.as_slice()).unwrap();
        assert_eq!(shared.compared_count, 3);
        assert_eq!(shared.suspected_count, 0, "is no partner's business");
        assert_eq!(shared.sender, "");
    }

    #[test]
    fn a_change_of_nothing_shared_is_told_nobody() {
        let before = comparison();
        let hidden = Comparison {
            suspected_count: 2,
            ..comparison()
        };
        let unseen = told(Some(&before), &hidden);
        assert_eq!((unseen.restricted, unseen.shared), (true, None));
        let seen = Comparison {
            compared_count: 4,
            ..comparison()
        };
        assert!(told(Some(&before), &seen).shared.is_some());
    }

    #[test]
    fn what_is_of_a_person_is_told_no_partner_and_schools_are_told_all() {
        fn restricted<T: Message + Name>(record: &T) -> bool {
            told(None, record).restricted
        }
        assert!(restricted(&Student::default()));
        assert!(restricted(&StudentChange::default()));
        assert!(restricted(&StatusChange::default()));
        assert!(restricted(&Transfer::default()));
        assert!(restricted(&Teacher::default()));
        assert!(!restricted(&School::default()));
    }

    #[test]
    fn what_no_partner_may_ask_for_no_partner_is_told() {
        fn restricted<T: Message + Name>(record: &T) -> bool {
            told(None, record).restricted
        }
        assert!(restricted(&DropoutReport::default()));
        assert!(restricted(&AccessGrant::default()));
        assert!(restricted(&Export::default()));
        assert!(restricted(&SchoolClass::default()));
    }

    #[test]
    fn a_record_of_nobody_is_told_no_partner() {
        let nobodys = Comparison {
            sender: String::new(),
            ..comparison()
        };
        let told_of = told(None, &nobodys);
        assert_eq!((told_of.restricted, told_of.shared), (true, None));
    }
}
