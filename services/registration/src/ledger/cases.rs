//! Cases as ledgers, reports and rates count them: one condition for the list and for the count, so that they agree.

use std::collections::HashMap;

use chrono::NaiveDate;
use junheng_kernel::name::Parent;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::LedgerKind;
use junheng_proto::registration::v1::dropout_case::State;
use junheng_proto::registration::v1::list_ledger_request::Event;
use junheng_proto::registration::v1::student::State as StudentState;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, QueryFilter as _, QuerySelect as _,
};
use uuid::Uuid;

use super::events;
use super::groups::bit;
use super::rules::Asked;
use crate::entity::dropout_case::{Column, Entity, Model};
use crate::school_year;

/// The states in which a case is open.
const ENDED: [i32; 2] = [State::Cleared as i32, State::Closed as i32];

/// Cases of one stage that belong to the same groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The stage.
    pub stage: i32,
    /// The groups, as bits.
    pub groups: i64,
    /// Cases.
    pub count: i64,
}

impl From<(i32, i64, i64)> for Count {
    fn from((stage, groups, count): (i32, i64, i64)) -> Self {
        Self {
            stage,
            groups,
            count,
        }
    }
}

/// The cases that a ledger holds.
pub fn condition(asked: &Asked) -> Condition {
    let happened = asked.event != Event::Unspecified;
    let watched = asked.kind == LedgerKind::Watched && asked.group == 0;
    standing(asked)
        .add_option(happened.then(|| Column::Id.in_subquery(events::cases_of(asked))))
        .add_option((asked.stage != 0).then(|| Column::Stage.eq(asked.stage)))
        .add_option((asked.finding != 0).then(|| Column::Finding.eq(asked.finding)))
        .add_option((asked.group != 0).then(|| in_groups(bit(asked.group))))
        .add_option(watched.then(|| in_groups(i64::MAX)))
}

/// What is asked of cases as they stand, whatever has happened to them.
pub(super) fn standing(asked: &Asked) -> Condition {
    if let Some(moment) = asked.moment() {
        return Condition::all()
            .add(Column::MergedInto.is_null())
            .add(Column::Id.in_subquery(events::stood(asked.kind, moment)));
    }
    let state = |state: State| Column::State.eq(state as i32);
    let of_kind = match asked.kind {
        LedgerKind::Suspected => Some(Condition::all().add(state(State::Suspected))),
        LedgerKind::Dropout => {
            let (first, last) = days_of(asked.school_year);
            let open = Column::State.between(State::Confirmed as i32, State::Stable as i32);
            let closed = Condition::all()
                .add(state(State::Closed))
                .add(Column::ConfirmedDate.is_not_null())
                .add(Column::MergedInto.is_null())
                .add(Column::ClosedDate.between(first, last));
            Some(Condition::any().add(open).add(closed))
        }
        // Children without a record, and primary graduates whom no junior school has: no school counts them.
        LedgerKind::SchoolAge | LedgerKind::Watched => Some(
            Condition::all()
                .add(
                    Condition::any()
                        .add(Column::Student.is_null())
                        .add(between_schools()),
                )
                .add(Column::State.is_not_in(ENDED)),
        ),
        _ => None,
    };
    Condition::all()
        .add_option(of_kind)
        .add_option(asked.open_only.then(|| Column::State.is_not_in(ENDED)))
}

/// The ids of the cases that meet a condition.
pub(super) fn ids(only: Condition) -> sea_orm::sea_query::SelectStatement {
    let judged = Scope::everything("what happened to the cases is asked for in scope");
    let cases = Entity::visible_to(&judged).filter(only).select_only();
    sea_orm::QueryTrait::into_query(cases.column(Column::Id))
}

/// The cases of some happenings.
pub(super) async fn with_ids(
    database: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Model>, DbErr> {
    let judged = Scope::everything("what happened to the cases is in scope");
    let rows = Entity::visible_to(&judged)
        .filter(Column::Id.is_in(ids))
        .all(database)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// How many cases a ledger holds, by stage and groups.
pub async fn counts(
    database: &impl ConnectionTrait,
    parent: &Parent,
    asked: &Asked,
) -> Result<Vec<Count>, DbErr> {
    if asked.is_of_events() {
        return events::counts(database, parent, asked).await;
    }
    let judged = Scope::everything("the parent was judged against the scope before");
    let rows: Vec<(i32, i64, i64)> = Entity::visible_to(&judged)
        .filter(parent.condition::<Entity>())
        .filter(condition(asked))
        .select_only()
        .columns([Column::Stage, Column::Groups])
        .column_as(Column::Id.count(), "case_count")
        .group_by(Column::Stage)
        .group_by(Column::Groups)
        .into_tuple()
        .all(database)
        .await?;
    Ok(rows.into_iter().map(Count::from).collect())
}

/// The sum of the cases of a stage and a group, 0 for all.
pub fn sum(counts: &[Count], stage: i32, group: i32) -> i64 {
    let of = |one: &&Count| {
        (stage == 0 || one.stage == stage) && (group == 0 || one.groups & bit(group) != 0)
    };
    counts.iter().filter(of).map(|one| one.count).sum()
}

/// The open cases of some students.
pub async fn open_of(
    database: &impl ConnectionTrait,
    students: Vec<Uuid>,
) -> Result<Vec<Model>, DbErr> {
    let judged = Scope::everything("the cases of students that are in scope");
    Entity::visible_to(&judged)
        .filter(Column::OpenSubject.is_in(students))
        .all(database)
        .await
}

/// The first and last day of a school year.
pub fn days_of(year: i32) -> (NaiveDate, NaiveDate) {
    let next = school_year::first_day(year + 1);
    (
        school_year::first_day(year),
        next.pred_opt().unwrap_or(next),
    )
}

/// The case's child has finished primary school and has come to no junior school.
fn between_schools() -> Expr {
    Expr::cust(format!(
        "EXISTS (SELECT 1 FROM students s WHERE s.id = dropout_cases.student AND s.stage = {} AND s.state = {})",
        Stage::Primary as i32,
        StudentState::Graduated as i32
    ))
}

fn in_groups(bits: i64) -> Expr {
    Expr::cust(format!("(\"groups\" & {bits}) <> 0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_of_two_groups_counts_in_each_and_once_in_all() {
        let counts = [
            Count {
                stage: 1,
                groups: 0b11,
                count: 3,
            },
            Count {
                stage: 2,
                groups: 0b10,
                count: 4,
            },
        ];
        assert_eq!(sum(&counts, 0, 0), 7);
        assert_eq!(sum(&counts, 0, 2), 7);
        assert_eq!(sum(&counts, 0, 1), 3);
        assert_eq!(sum(&counts, 2, 1), 0);
    }

    #[test]
    fn a_school_year_has_all_its_days() {
        let (first, last) = days_of(2026);
        assert_eq!(
            (first.to_string(), last.to_string()),
            ("2026-09-01".into(), "2027-08-31".into())
        );
    }
}
