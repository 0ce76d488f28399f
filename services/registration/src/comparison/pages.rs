//! Every SQL statement that reads results page by page.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use junheng_kernel::scope::{Scope, Scoped as _};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};
use uuid::Uuid;

use crate::entity::comparison_result::{Column, Entity, Model};
use crate::entity::student;

/// Where a result stands in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) verdict: i32,
    pub(super) place: i64,
    pub(super) person: Uuid,
}

/// What is asked for.
pub(super) struct Wanted<'a> {
    pub(super) run: Uuid,
    pub(super) scope: &'a Scope,
    pub(super) ranges: &'a [RangeInclusive<i64>],
    pub(super) verdicts: Vec<i32>,
    /// The least change, 0 for any.
    pub(super) change: i32,
    pub(super) after: Option<Position>,
    pub(super) limit: u64,
}

/// By result, then by place: pieces of an index.
pub(super) async fn by_verdict(
    database: &impl ConnectionTrait,
    wanted: &Wanted<'_>,
) -> Result<Vec<Model>, DbErr> {
    let mut rows = Vec::new();
    let from = wanted.after.map_or(0, |after| after.verdict);
    for verdict in wanted.verdicts.iter().filter(|verdict| **verdict >= from) {
        let after = wanted.after.filter(|after| after.verdict == *verdict);
        for range in wanted.ranges {
            let rest = wanted.limit.saturating_sub(rows.len() as u64);
            if rest == 0 {
                return Ok(rows);
            }
            let found = of(wanted)
                .filter(Column::Verdict.eq(*verdict))
                .filter(Column::Place.between(*range.start(), *range.end()))
                .filter(Condition::all().add_option(after.map(|after| {
                    let columns = [Expr::col(Column::Place), Expr::col(Column::Person)];
                    Expr::tuple(columns).gt(Expr::tuple([after.place.into(), after.person.into()]))
                })))
                .order_by_asc(Column::Place)
                .order_by_asc(Column::Person)
                .limit(rest)
                .all(database)
                .await?;
            rows.extend(found);
        }
    }
    Ok(rows)
}

/// In the order of the children's ids, which says nothing.
pub(super) async fn by_person(
    database: &impl ConnectionTrait,
    wanted: &Wanted<'_>,
) -> Result<Vec<Model>, DbErr> {
    let mut below = Condition::any();
    for range in wanted.ranges {
        below = below.add(Column::Place.between(*range.start(), *range.end()));
    }
    let after = wanted.after.map(|after| Column::Person.gt(after.person));
    of(wanted)
        .filter(Column::Verdict.is_in(wanted.verdicts.iter().copied()))
        .filter(below)
        .filter(Condition::all().add_option(after))
        .order_by_asc(Column::Person)
        .limit(wanted.limit)
        .all(database)
        .await
}

fn of(wanted: &Wanted<'_>) -> Select<Entity> {
    let changed = match wanted.change {
        0 => None,
        // Written so that the index of the changed is known to hold them.
        least => Some(
            Condition::all()
                .add(Column::Change.ne(0))
                .add(Column::Change.gte(least)),
        ),
    };
    Entity::visible_to(wanted.scope)
        .filter(Column::Run.eq(wanted.run))
        .filter(Condition::all().add_option(changed))
}

/// The students of the results that lie in the scope.
pub(super) async fn visible(
    database: &impl ConnectionTrait,
    scope: &Scope,
    rows: &[Model],
) -> Result<Vec<Uuid>, DbErr> {
    let students = rows.iter().filter_map(|row| row.student);
    student::Entity::visible_to(scope)
        .select_only()
        .column(student::Column::Id)
        .filter(student::Column::Id.is_in(students))
        .into_tuple()
        .all(database)
        .await
}

// === impl Position ===

impl Position {
    pub(super) fn of(row: &Model) -> Self {
        Self {
            verdict: row.verdict,
            place: row.place,
            person: row.person,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.verdict, self.place, self.person)
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, '/');
        let mut next = || parts.next().ok_or(());
        Ok(Self {
            verdict: next()?.parse().map_err(drop)?,
            place: next()?.parse().map_err(drop)?,
            person: next()?.parse().map_err(drop)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_was_written() {
        let position = Position {
            verdict: 3,
            place: 630_103_000_000,
            person: Uuid::now_v7(),
        };
        assert_eq!(position.to_string().parse(), Ok(position));
        assert!("3/4".parse::<Position>().is_err());
    }
}
