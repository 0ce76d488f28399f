//! Departments' lists of everybody of school age, as far as they tell how many live somewhere.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use junheng_kernel::name::Parent;
use junheng_kernel::region::RegionTable;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::registration::v1::resident_list::{Kind, State};
use junheng_proto::registration::v1::school::State as SchoolState;
use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, QueryFilter as _, QuerySelect as _};
use uuid::Uuid;

use crate::entity::{resident_count, resident_list, school};

/// Children of a county on a list, by month of birth.
pub(super) type Counts = BTreeMap<i32, i64>;

/// The lists that may speak of some counties, with what each has of them.
#[derive(Debug, Default)]
pub(super) struct Known {
    lists: Vec<resident_list::Model>,
    counts: HashMap<(Uuid, String), Counts>,
}

fn judged() -> Scope {
    Scope::everything("the parent was judged against the scope before; only sums are read")
}

/// The counties below a parent that have schools.
pub(super) async fn counties_with_schools(
    database: &impl ConnectionTrait,
    parent: &Parent,
) -> Result<Vec<String>, DbErr> {
    school::Entity::visible_to(&judged())
        .filter(parent.condition::<school::Entity>())
        .filter(school::Column::State.eq(SchoolState::Open as i32))
        .select_only()
        .column(school::Column::Region)
        .distinct()
        .into_tuple()
        .all(database)
        .await
}

/// What complete lists of some counties, or of regions above them, say that show the state of a day or of one before.
pub(super) async fn read(
    database: &impl ConnectionTrait,
    regions: &RegionTable,
    counties: &[String],
    day: NaiveDate,
) -> Result<Known, DbErr> {
    use resident_list::Column;
    if counties.is_empty() {
        return Ok(Known::default());
    }
    let above = counties.iter().flat_map(|county| regions.ancestors(county));
    let mut covering: HashSet<&str> = above.map(|region| region.code.as_str()).collect();
    covering.extend(counties.iter().map(String::as_str));
    let complete = [State::Live as i32, State::Replaced as i32];
    let lists = resident_list::Entity::visible_to(&judged())
        .filter(Column::Kind.eq(Kind::SchoolAge as i32))
        .filter(Column::State.is_in(complete))
        .filter(Column::Region.is_in(covering))
        .filter(Column::AsOf.lte(day.to_string()))
        .all(database)
        .await?;
    let ids: Vec<Uuid> = lists.iter().map(|list| list.id).collect();
    let rows = resident_count::Entity::visible_to(&judged())
        .filter(resident_count::Column::List.is_in(ids))
        .filter(resident_count::Column::Region.is_in(counties.iter().map(String::as_str)))
        .all(database)
        .await?;
    let mut counts: HashMap<(Uuid, String), Counts> = HashMap::new();
    for row in rows {
        let of_county = counts.entry((row.list, row.region)).or_default();
        // Two counties that became one have both.
        *of_county.entry(row.birth_month).or_default() += row.resident_count;
    }
    Ok(Known { lists, counts })
}

// === impl Known ===

impl Known {
    /// The lists that have children of a county and show the state of a day or of one after, newest first; of two of a day the
    /// county's own, then the later. One without children of the county does not speak of it.
    pub(super) fn speaking(
        &self,
        county: &str,
        since: NaiveDate,
    ) -> Vec<(resident_list::Model, Counts)> {
        let since = since.to_string();
        let speaking = self.lists.iter().filter(|list| list.as_of >= since);
        let mut speaking: Vec<_> = speaking
            .filter_map(|list| {
                let counts = self.counts.get(&(list.id, county.to_owned()))?;
                Some((list.clone(), counts.clone()))
            })
            .collect();
        let order =
            |list: &resident_list::Model| (list.as_of.clone(), list.region == county, list.id);
        speaking.sort_by_key(|(list, _)| std::cmp::Reverse(order(list)));
        speaking
    }
}
