//! The two queries that every room has: one record by id, and one page of a list. Both carry the scope.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use sea_orm::sea_query::{Expr, ExprTrait as _, ValueType};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait, Condition, ConnectionTrait, IntoActiveModel,
    ModelTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::error::KernelError;
use crate::name::Parent;
use crate::page::Page;
use crate::scope::{Scope, Scoped};

/// A table whose rows are resources, `{collection}/{id}`.
pub trait Resource: Scoped {
    /// The column of the id, a UUIDv7: its order is the order of creation.
    const ID: Self::Column;
    /// The collection, for example `schools`.
    const COLLECTION: &'static str;
}

/// A resource whose every write counts its version up: the etag.
pub trait Versioned: Resource {
    /// The column of the version, from 1.
    const VERSION: Self::Column;
}

/// Writes the record whole, if nobody wrote since `version` was read; otherwise fails with `ETAG_MISMATCH`. The caller has
/// counted the version up.
pub async fn replace<E: Versioned>(
    database: &impl ConnectionTrait,
    changed: E::Model,
    version: i64,
) -> Result<(), KernelError>
where
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    let id = changed.get(E::ID);
    let written = E::update_many()
        .set(changed.into_active_model().reset_all())
        .filter(E::ID.eq(id.clone()))
        .filter(E::VERSION.eq(version))
        .exec(database)
        .await?;
    if written.rows_affected == 0 {
        let id = <Uuid as ValueType>::try_from(id).unwrap_or_default();
        return Err(KernelError::EtagMismatch {
            name: format!("{}/{id}", E::COLLECTION),
        });
    }
    Ok(())
}

/// The record, if the caller may see it; missing and invisible are one answer, `NOT_FOUND`.
pub async fn get<E: Resource>(
    database: &impl ConnectionTrait,
    scope: &Scope,
    id: Uuid,
) -> Result<E::Model, KernelError> {
    E::visible_to(scope)
        .filter(E::ID.eq(id))
        .one(database)
        .await?
        .ok_or_else(|| KernelError::not_found(format!("{}/{id}", E::COLLECTION)))
}

/// One page of the records below `parent` that the caller may see, with the token of the next page, empty on the last.
///
/// A region's records come in the order of their places, those of one place oldest first; a school's, and those of a table
/// whose records belong to several sides, oldest first. Either way a page is a piece of an index, whatever the size of the
/// table. Fails with `PAGE_TOKEN_INVALID` for a token that no page of this list ended with.
pub async fn list<E: Resource>(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    page: &Page,
) -> Result<(Vec<E::Model>, String), KernelError> {
    list_only::<E>(database, scope, parent, Condition::all(), page).await
}

/// The same of the records that meet `only`.
pub async fn list_only<E: Resource>(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    only: Condition,
    page: &Page,
) -> Result<(Vec<E::Model>, String), KernelError> {
    if !E::OTHER_SIDES.is_empty() {
        return list_of_sides::<E>(database, scope, parent, only, page).await;
    }
    if !is_by_place::<E>(parent) {
        let only = Condition::all().add(parent.condition::<E>()).add(only);
        return list_by_id::<E>(database, scope, only, page).await;
    }
    let after = page.after::<Position>()?;
    let rows = next::<E>(database, scope, parent, only, after, page.limit()).await?;
    Ok(page.cut(rows, |row| Position::of::<E>(row).to_string()))
}

fn is_by_place<E: Resource>(parent: &Parent) -> bool {
    matches!(parent, Parent::Region { .. }) && E::OTHER_SIDES.is_empty()
}

/// The next records of the list of [`list_only`] behind a position, at most `limit`: for who reads a list to its end.
pub async fn next<E: Resource>(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    only: Condition,
    after: Option<Position>,
    limit: u64,
) -> Result<Vec<E::Model>, KernelError> {
    let query = || E::visible_to(scope).filter(only.clone());
    let ranges = match parent {
        Parent::Region { ranges, .. } if is_by_place::<E>(parent) => ranges,
        _ => {
            let rest = after.map(|after| E::ID.gt(after.id));
            let found = query()
                .filter(parent.condition::<E>())
                .filter(Condition::all().add_option(rest))
                .order_by_asc(E::ID)
                .limit(limit)
                .all(database)
                .await?;
            return Ok(found);
        }
    };
    let mut rows = Vec::new();
    for range in ranges {
        let wanted = limit.saturating_sub(rows.len() as u64);
        if wanted == 0 {
            break;
        }
        let rest = match after {
            Some(after) if after.place > *range.end() => continue,
            Some(after) if after.place >= *range.start() => Some(after.behind::<E>()),
            _ => None,
        };
        let found = query()
            .filter(E::PLACE.between(*range.start(), *range.end()))
            .filter(Condition::all().add_option(rest))
            .order_by_asc(E::PLACE)
            .order_by_asc(E::ID)
            .limit(wanted)
            .all(database)
            .await?;
        rows.extend(found);
    }
    Ok(rows)
}

/// One page of records that belong to several sides, oldest first: a statement for each side, because of either an index
/// knows the first rows and of both together none does.
async fn list_of_sides<E: Resource>(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    only: Condition,
    page: &Page,
) -> Result<(Vec<E::Model>, String), KernelError> {
    let after = page.after::<Uuid>()?.map(|after| E::ID.gt(after));
    let own = E::SCHOOL.map(|school| (E::PLACE, Some(school)));
    let own = own.unwrap_or((E::PLACE, None));
    let others = E::OTHER_SIDES
        .iter()
        .map(|(place, school)| (*place, Some(*school)));
    let mut found = BTreeMap::new();
    for (place, school) in std::iter::once(own).chain(others) {
        let side = match (parent, school) {
            (Parent::School(id), Some(school)) => Condition::all().add(school.eq(*id)),
            (Parent::School(_), None) => continue,
            (Parent::Region { ranges, .. }, _) => {
                ranges.iter().fold(Condition::any(), |any, range| {
                    any.add(place.between(*range.start(), *range.end()))
                })
            }
        };
        let rows = E::visible_to(scope)
            .filter(side)
            .filter(only.clone())
            .filter(Condition::all().add_option(after.clone()))
            .order_by_asc(E::ID)
            .limit(page.limit())
            .all(database)
            .await?;
        found.extend(
            rows.into_iter()
                .map(|row| (Position::of::<E>(&row).id, row)),
        );
    }
    let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
    let rows: Vec<E::Model> = found.into_values().take(limit).collect();
    Ok(page.cut(rows, |row| Position::of::<E>(row).id.to_string()))
}

/// One page of the records that meet `only`, oldest first, wherever the caller may see them. `only` must come to an index.
pub async fn list_by_id<E: Resource>(
    database: &impl ConnectionTrait,
    scope: &Scope,
    only: Condition,
    page: &Page,
) -> Result<(Vec<E::Model>, String), KernelError> {
    let after = page.after::<Uuid>()?.map(|after| E::ID.gt(after));
    let rows = E::visible_to(scope)
        .filter(only)
        .filter(Condition::all().add_option(after))
        .order_by_asc(E::ID)
        .limit(page.limit())
        .all(database)
        .await?;
    Ok(page.cut(rows, |row| Position::of::<E>(row).id.to_string()))
}

/// Only what was due before a day, `YYYY-MM-DD`, by its column of due dates; what has none is never late.
pub fn overdue(due_date: impl ColumnTrait, day: &str) -> Condition {
    Condition::all().add(due_date.ne("")).add(due_date.lt(day))
}

/// Where a record stands in a list by place, written `{place}/{id}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    place: i64,
    id: Uuid,
}

// === impl Position ===

impl Position {
    /// A place, and a record of it.
    pub const fn new(place: i64, id: Uuid) -> Self {
        Self { place, id }
    }

    /// Where a record stands.
    pub fn of<E: Resource>(record: &E::Model) -> Self {
        Self {
            place: <i64 as ValueType>::try_from(record.get(E::PLACE)).unwrap_or_default(),
            id: <Uuid as ValueType>::try_from(record.get(E::ID)).unwrap_or_default(),
        }
    }

    /// The condition that a record comes behind.
    fn behind<E: Resource>(self) -> Expr {
        let columns = [Expr::col(E::PLACE), Expr::col(E::ID)];
        Expr::tuple(columns).gt(Expr::tuple([self.place.into(), self.id.into()]))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.place, self.id)
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (place, id) = text.split_once('/').ok_or(())?;
        Ok(Self {
            place: place.parse().map_err(drop)?,
            id: id.parse().map_err(drop)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::entity::prelude::*;
    use sea_orm::{ActiveValue::Set, Database};

    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "things")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        id: Uuid,
        place: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Scoped for Entity {
        const PLACE: Column = Column::Place;
        const SCHOOL: Option<Column> = None;
    }

    impl Resource for Entity {
        const ID: Column = Column::Id;
        const COLLECTION: &'static str = "things";
    }

    #[tokio::test]
    async fn pages_of_any_size_run_through_all_ranges_of_a_region_by_place_and_age() {
        let database = Database::connect("sqlite::memory:").await.unwrap();
        database
            .execute_unprepared("CREATE TABLE things (id blob PRIMARY KEY, place integer)")
            .await
            .unwrap();
        let places = [12, 45, 11, 30, 12, 41, 12, 45, 19, 10];
        let things = places.map(|place| ActiveModel {
            id: Set(Uuid::now_v7()),
            place: Set(place),
        });
        Entity::insert_many(things)
            .exec_without_returning(&database)
            .await
            .unwrap();
        let region = Parent::Region {
            code: String::new(),
            ranges: vec![10..=19, 40..=49],
        };
        let scope = Scope::everything("a test");
        for size in 1..=9 {
            let (mut token, mut seen) = (String::new(), Vec::new());
            loop {
                let page = Page::of("/things", size, &token, &[]).unwrap();
                let listed = list::<Entity>(&database, &scope, &region, &page).await;
                let (rows, next) = listed.unwrap();
                assert!(rows.len() <= size as usize);
                seen.extend(rows.into_iter().map(|row| (row.place, row.id)));
                token = next;
                if token.is_empty() {
                    break;
                }
            }
            let mut expected = seen.clone();
            expected.sort();
            assert_eq!(seen, expected, "pages of {size}");
            assert_eq!(seen.len(), 9, "pages of {size}");
        }
    }

    mod two_sided {
        use super::*;

        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
        #[sea_orm(table_name = "moves")]
        pub struct Model {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: Uuid,
            pub place: i64,
            pub school: Uuid,
            pub other_place: Option<i64>,
            pub other_school: Option<Uuid>,
        }

        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}

        impl Scoped for Entity {
            const PLACE: Column = Column::Place;
            const SCHOOL: Option<Column> = Some(Column::School);
            const OTHER_SIDES: &'static [(Column, Column)] =
                &[(Column::OtherPlace, Column::OtherSchool)];
        }

        impl Resource for Entity {
            const ID: Column = Column::Id;
            const COLLECTION: &'static str = "moves";
        }
    }

    #[tokio::test]
    async fn records_of_two_sides_come_once_and_oldest_first_whichever_side_asks() {
        use two_sided::{ActiveModel, Entity};
        let database = Database::connect("sqlite::memory:").await.unwrap();
        let table = "CREATE TABLE moves (id blob PRIMARY KEY, place integer, school blob, \
                     other_place integer, other_school blob)";
        database.execute_unprepared(table).await.unwrap();
        let schools = [11, 12, 21].map(|place| (place, Uuid::now_v7()));
        let mut all = Vec::new();
        for (from, to) in [(0, 1), (1, 0), (2, 1), (1, 2), (0, 2), (2, 2), (0, 1)] {
            let ((place, school), (other, second)) = (schools[from], schools[to]);
            let one = two_sided::Model {
                id: Uuid::now_v7(),
                place,
                school,
                other_place: Some(other),
                other_school: Some(second),
            };
            all.push(one.clone());
            let row: ActiveModel = one.into();
            Entity::insert(row)
                .exec_without_returning(&database)
                .await
                .unwrap();
        }
        let region = |first, last| Parent::Region {
            code: String::new(),
            ranges: vec![first..=last],
        };
        let scope = Scope::everything("a test");
        for parent in [
            region(10, 19),
            region(20, 29),
            region(10, 29),
            Parent::School(schools[1].1),
            Parent::School(schools[2].1),
        ] {
            let is_in = |row: &&two_sided::Model| {
                parent.contains(row.place, Some(row.school))
                    || parent.contains(row.other_place.unwrap(), row.other_school)
            };
            let expected: Vec<Uuid> = all.iter().filter(is_in).map(|row| row.id).collect();
            for size in 1..=4 {
                let (mut token, mut seen) = (String::new(), Vec::new());
                loop {
                    let page = Page::of("/moves", size, &token, &[]).unwrap();
                    let listed = list::<Entity>(&database, &scope, &parent, &page).await;
                    let (rows, next) = listed.unwrap();
                    seen.extend(rows.into_iter().map(|row| row.id));
                    token = next;
                    if token.is_empty() {
                        break;
                    }
                }
                assert_eq!(seen, expected, "{parent:?} by {size}");
            }
        }
    }

    #[test]
    fn a_position_is_read_as_it_was_written() {
        let position = Position {
            place: 630_103_000_000,
            id: Uuid::now_v7(),
        };
        assert_eq!(position.to_string().parse(), Ok(position));
        assert!(position.id.to_string().parse::<Position>().is_err());
    }
}
