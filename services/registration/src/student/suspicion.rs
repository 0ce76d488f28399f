//! Children who may have two records (名册疑似重复): name, sex and date of birth agree, and at least one of the two records
//! shows no number of the shape of GB 11643. Two such numbers are two persons to the police, so that two records which show
//! one each are no suspicion of ours; a child registered by a passport once and by a resident card later is. A machine
//! never merges them: the suspicion is a claim in a case that people decide.

use std::collections::{HashMap, HashSet};

use junheng_kernel::error::KernelError;
use junheng_kernel::privacy::{BlindIndex, Keyring};
use junheng_kernel::store::Against;
use junheng_proto::registration::v1::student::IdentityType;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::person::{self, Person};
use super::rules::Draft;
use super::{name_key, store};
use crate::entity::student::{Column, Entity, Model};

/// The kinds of document that show a resident number. The index `students_without_resident_number` says the same.
const NUMBERED: [IdentityType; 3] = [
    IdentityType::ResidentCard,
    IdentityType::ResidencePermit,
    IdentityType::ForeignerCard,
];

/// A child who gets a record.
#[derive(Clone, Debug)]
pub(crate) struct Child {
    /// The record's id; of one that is not written yet, any.
    pub(crate) id: Uuid,
    name_key: i64,
    sex: i32,
    identity_type: i32,
    birth_date: String,
}

// === impl Child ===

impl Child {
    /// The child of a draft that has passed its rules.
    pub(crate) fn of(index: &BlindIndex, id: Uuid, draft: &Draft) -> Self {
        Self {
            id,
            name_key: name_key::of(index, &draft.display_name),
            sex: draft.sex,
            identity_type: draft.identity_type,
            birth_date: draft.birth_date.clone(),
        }
    }

    /// A record that may be this child's. It says so of more than [`pairs`] finds: the day of birth is sealed.
    pub(super) fn against(&self) -> Against {
        let born = person::birth_month(&self.birth_date);
        Against::any::<Entity>([
            (Column::NameKey, self.name_key.into()),
            (Column::Sex, self.sex.into()),
            (Column::BirthMonth, born.into()),
        ])
        .among(is_numbered(self.identity_type).then_some(store::UNNUMBERED))
    }

    /// What the other's row says without being opened.
    fn may_be(&self, other: &Model) -> bool {
        let born = person::birth_month(&self.birth_date);
        (self.name_key, self.sex, born) == (other.name_key, other.sex, other.birth_month)
            && self.id != other.id
            && !(is_numbered(self.identity_type) && is_numbered(other.identity_type))
    }
}

/// The records that may be those of these new children: for each who has one the older record, with the child's place in
/// `new`. Two statements at most for all; the records of `new` may have been written or not.
pub(crate) async fn pairs(
    database: &impl ConnectionTrait,
    keys: &Keyring,
    new: &[Child],
) -> Result<Vec<(usize, Model)>, KernelError> {
    let names = |numbered: bool| -> Vec<i64> {
        let of_kind = new
            .iter()
            .filter(|one| is_numbered(one.identity_type) == numbered);
        of_kind.map(|one| one.name_key).collect()
    };
    // Who shows a number is looked for among the few who do not; who shows none, among all.
    let (numbered, others) = (names(true), names(false));
    let mut found = Vec::new();
    if !numbered.is_empty() {
        found.extend(store::with_names(database, numbered, true).await?);
    }
    if !others.is_empty() {
        found.extend(store::with_names(database, others, false).await?);
    }
    let mut by_name: HashMap<i64, Vec<&Model>> = HashMap::new();
    for one in &found {
        by_name.entry(one.name_key).or_default().push(one);
    }
    let ids: HashSet<Uuid> = new.iter().map(|child| child.id).collect();
    let mut pairs = Vec::new();
    for (position, child) in new.iter().enumerate() {
        let namesakes = by_name.get(&child.name_key).into_iter().flatten();
        for standing in namesakes.filter(|one| child.may_be(one)) {
            // Of two that are new, the older one stands.
            let is_younger = ids.contains(&standing.id) && standing.id > child.id;
            if !is_younger && Person::of(keys, standing)?.birth_date == child.birth_date {
                pairs.push((position, (*standing).clone()));
                break;
            }
        }
    }
    Ok(pairs)
}

/// All records that may be this child's, the oldest first.
pub(super) async fn others_of(
    database: &impl ConnectionTrait,
    keys: &Keyring,
    child: &Child,
) -> Result<Vec<Model>, KernelError> {
    let few = is_numbered(child.identity_type);
    let found = store::with_names(database, [child.name_key], few).await?;
    let mut others = Vec::new();
    for one in found.into_iter().filter(|one| child.may_be(one)) {
        if Person::of(keys, &one)?.birth_date == child.birth_date {
            others.push(one);
        }
    }
    Ok(others)
}

pub(super) fn is_numbered(identity_type: i32) -> bool {
    NUMBERED.iter().any(|kind| *kind as i32 == identity_type)
}
