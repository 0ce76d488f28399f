//! The children of a ledger, in the order of places: those with a record, then those without.

use std::fmt;
use std::str::FromStr;

use junheng_kernel::error::KernelError;
use junheng_kernel::name::Parent;
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::registration::v1::LedgerKind;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, Condition, ConnectionTrait, DbErr, QueryFilter as _};
use uuid::Uuid;

use super::rules::{Asked, birth_months_of};
use super::{cases, events, groups};
use crate::entity::{dropout_case, dropout_case_event, student};
use crate::student::standing::LIVE_ROWS;

/// Children of the compulsory years whose record is open: who attends, is away for a time, or has dropped out.
fn of_school_age() -> String {
    format!("stage <= 2 AND {}", *LIVE_ROWS)
}

/// A child of a ledger.
#[derive(Clone, Debug)]
pub(super) enum Child {
    /// With a record, and with the open case where there is one.
    Student(Box<student::Model>),
    /// By the case.
    Case(Box<dropout_case::Model>),
    /// By what happened to the case.
    Event(Box<dropout_case_event::Model>, Box<dropout_case::Model>),
}

/// Where a child stands in the list: with a record or without, place and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Position {
    without_record: bool,
    place: i64,
    id: Uuid,
}

/// One page of a ledger, and the token of the next.
pub(super) async fn page(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    asked: &Asked,
    page: &Page,
) -> Result<(Vec<Child>, String), KernelError> {
    if asked.is_of_events() {
        return happened(database, scope, parent, asked, page).await;
    }
    if !asked.is_of_students() {
        let only = cases::condition(asked);
        let listed =
            resource::list_only::<dropout_case::Entity>(database, scope, parent, only, page);
        let (rows, token) = listed.await?;
        return Ok((
            rows.into_iter()
                .map(|row| Child::Case(Box::new(row)))
                .collect(),
            token,
        ));
    }
    let after: Option<Position> = page.after()?;
    let mut children = Vec::new();
    if after.is_none_or(|after| !after.without_record) {
        let after = after.map(|after| resource::Position::new(after.place, after.id));
        let only = students_of(asked);
        let limit = page.limit();
        let rows = resource::next::<student::Entity>(database, scope, parent, only, after, limit);
        let rows = rows.await?;
        children.extend(rows.into_iter().map(|row| Child::Student(Box::new(row))));
    }
    let wanted = page.limit().saturating_sub(children.len() as u64);
    if wanted > 0 && asked.ages == (0, 0) && !asked.attending_only {
        let after = after.filter(|after| after.without_record);
        let rows = without_record(database, scope, parent, asked, after, wanted).await?;
        children.extend(rows.into_iter().map(|row| Child::Case(Box::new(row))));
    }
    Ok(page.cut(children, |child| Position::of(child).to_string()))
}

/// A page of what happened, each with its case.
async fn happened(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    asked: &Asked,
    page: &Page,
) -> Result<(Vec<Child>, String), KernelError> {
    let only = events::condition(parent, asked);
    let listed =
        resource::list_only::<dropout_case_event::Entity>(database, scope, parent, only, page);
    let (rows, token) = listed.await?;
    let of_rows = rows.iter().map(|row| row.dropout_case);
    let cases = cases::with_ids(database, of_rows.collect::<Vec<_>>()).await?;
    let child = |row: dropout_case_event::Model| {
        let case = cases.get(&row.dropout_case)?;
        Some(Child::Event(Box::new(row), Box::new(case.clone())))
    };
    Ok((rows.into_iter().filter_map(child).collect(), token))
}

/// The students that a ledger holds, as a condition on their rows.
pub(crate) fn students_of(asked: &Asked) -> Condition {
    let watched = asked.group != 0 || asked.kind == LedgerKind::Watched;
    let months = birth_months_of(asked.ages, asked.school_year);
    Condition::all()
        // Who attends senior school early is past the compulsory years, and counts as one who has come that far.
        .add(Expr::cust(match asked.or_higher {
            true => LIVE_ROWS.clone(),
            false => of_school_age(),
        }))
        .add_option(
            asked
                .or_higher
                .then(|| student::Column::Stage.gte(asked.stage)),
        )
        .add_option(watched.then(|| Expr::cust(groups::students_of(asked.group))))
        .add_option(
            (asked.stage != 0 && !asked.or_higher).then(|| student::Column::Stage.eq(asked.stage)),
        )
        .add_option(asked.attending_only.then(|| Expr::cust("state = 1")))
        .add_option((asked.ages.0 != 0).then(|| student::Column::BirthMonth.is_in(months)))
}

async fn without_record(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    asked: &Asked,
    after: Option<Position>,
    limit: u64,
) -> Result<Vec<dropout_case::Model>, DbErr> {
    use dropout_case::{Column, Entity};
    use sea_orm::{ExprTrait as _, QueryOrder as _, QuerySelect as _};
    let key = Expr::tuple([Expr::col(Column::Place), Expr::col(Column::Id)]);
    let behind =
        after.map(|after| key.gt(Expr::tuple([Expr::val(after.place), Expr::val(after.id)])));
    Entity::visible_to(scope)
        .filter(parent.condition::<Entity>())
        .filter(cases::condition(asked))
        .filter(Condition::all().add_option(behind))
        .order_by_asc(Column::Place)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(database)
        .await
}

// === impl Position ===

impl Position {
    fn of(child: &Child) -> Self {
        match child {
            Child::Student(row) => Self {
                without_record: false,
                place: row.place,
                id: row.id,
            },
            Child::Case(row) | Child::Event(_, row) => Self {
                without_record: true,
                place: row.place,
                id: row.id,
            },
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pool = u8::from(self.without_record);
        write!(f, "{pool}/{}/{}", self.place, self.id)
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('/');
        let mut next = || parts.next().ok_or(());
        Ok(Self {
            without_record: next()? == "1",
            place: next()?.parse().map_err(drop)?,
            id: next()?.parse().map_err(drop)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_was_written() {
        for without_record in [false, true] {
            let position = Position {
                without_record,
                place: 630_103_000_000,
                id: Uuid::now_v7(),
            };
            assert_eq!(position.to_string().parse(), Ok(position));
        }
        assert_eq!("1/x".parse::<Position>(), Err(()));
    }
}
