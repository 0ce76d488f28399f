//! What the lists know of children, for the rooms that deal with a child, with a student record or without.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use junheng_kernel::error::KernelError;
use junheng_kernel::privacy::Keyring;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::registration::v1::Resident;
use junheng_proto::registration::v1::dropout_case::Group;
use junheng_proto::registration::v1::resident_list::{Kind, State};
use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, QueryFilter as _};
use uuid::Uuid;

use super::{person, rules, store};
use crate::entity::{resident, resident_list};
use crate::student::document;

/// A child as the last list has it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// The id by which cases name the child.
    pub(crate) person: Uuid,
    /// What officers see of it.
    pub(crate) resident: Resident,
    /// The place of the household.
    pub(crate) place: i64,
    /// The county's 6-digit code.
    pub(crate) region: String,
    /// The groups that live lists say it belongs to.
    pub(crate) groups: BTreeSet<Group>,
}

/// The children of these ids; who is in no list is left out.
pub(crate) async fn known(
    database: &impl ConnectionTrait,
    keys: &Keyring,
    persons: BTreeSet<Uuid>,
) -> Result<Vec<Known>, KernelError> {
    if persons.is_empty() {
        return Ok(Vec::new());
    }
    let rows = store::last_residents(database, persons.into_iter().collect()).await?;
    let groups = groups(database, &rows).await?;
    let mut known: BTreeMap<Uuid, Known> = BTreeMap::new();
    // Oldest first: the last list has the last word.
    for row in rows {
        let mut of_child = known
            .remove(&row.person)
            .map_or_else(BTreeSet::new, |earlier| earlier.groups);
        of_child.extend(groups.get(&row.list).copied());
        let one = Known {
            person: row.person,
            resident: person::encode(keys, &row)?,
            place: row.place,
            region: row.region,
            groups: of_child,
        };
        known.insert(one.person, one);
    }
    Ok(known.into_values().collect())
}

/// The persons by which lists know these students, each given with the hash of its document: who has that document, and whom
/// people decided to be the student. Pairs of student and person.
pub(super) async fn persons_of(
    database: &impl ConnectionTrait,
    keys: &Keyring,
    students: &[(Uuid, Vec<u8>)],
) -> Result<Vec<(Uuid, Uuid)>, KernelError> {
    let index = document::index_of(keys)?;
    let by_document = students
        .iter()
        .map(|(student, hash)| (*student, person::of_document(index, hash)));
    let ids = students.iter().map(|(student, _)| *student).collect();
    let decided = store::decided_same(database, ids).await?;
    Ok(by_document.chain(decided).collect())
}

/// The groups that live lists say these students belong to; who is in none is left out.
pub(crate) async fn groups_of_students(
    database: &impl ConnectionTrait,
    keys: &Keyring,
    students: &[(Uuid, Vec<u8>)],
) -> Result<HashMap<Uuid, BTreeSet<Group>>, KernelError> {
    if students.is_empty() {
        return Ok(HashMap::new());
    }
    let pairs = persons_of(database, keys, students).await?;
    let persons = pairs.iter().map(|(_, person)| *person).collect();
    let mut of_person: HashMap<Uuid, BTreeSet<Group>> = HashMap::new();
    for (person, kind) in store::live_kinds(database, persons).await? {
        let group = rules::group_of(Kind::try_from(kind).unwrap_or_default());
        of_person.entry(person).or_default().extend(group);
    }
    let mut of_student: HashMap<Uuid, BTreeSet<Group>> = HashMap::new();
    for (student, person) in pairs {
        if let Some(groups) = of_person.get(&person) {
            of_student.entry(student).or_default().extend(groups);
        }
    }
    Ok(of_student)
}

/// The group that each live list among those of the rows names.
async fn groups(
    database: &impl ConnectionTrait,
    rows: &[resident::Model],
) -> Result<HashMap<Uuid, Group>, DbErr> {
    let lists: BTreeSet<Uuid> = rows.iter().map(|row| row.list).collect();
    let own = Scope::everything("the lists of children whom the caller deals with");
    let lists = resident_list::Entity::visible_to(&own)
        .filter(resident_list::Column::Id.is_in(lists))
        .filter(resident_list::Column::State.eq(State::Live as i32))
        .all(database)
        .await?;
    let group = |list: resident_list::Model| {
        let kind = Kind::try_from(list.kind).unwrap_or_default();
        Some((list.id, rules::group_of(kind)?))
    };
    Ok(lists.into_iter().filter_map(group).collect())
}
