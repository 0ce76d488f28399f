//! What the lists know of children, for the rooms that deal with a child who has no student record.

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
