//! What has happened to cases, as lists and counts ask for it: one condition for both, on rows that stay as they were. Of a case to
//! which the same happened several times the last one counts; of a pupil who dropped out several times the last time, in whatever
//! case.

use chrono::NaiveDate;
use junheng_kernel::name::Parent;
use junheng_kernel::post::Level;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::registration::v1::LedgerKind;
use junheng_proto::registration::v1::dropout_case::{Ground, State};
use junheng_proto::registration::v1::list_ledger_request::Event;
use junheng_proto::registration::v1::student_change::Kind;
use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, Query, SelectStatement};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, PaginatorTrait as _, QueryFilter as _,
    QuerySelect as _, QueryTrait as _,
};

use super::cases::{self, Count};
use super::groups::bit;
use super::rules::Asked;
use crate::entity::dropout_case;
use crate::entity::dropout_case_event::{Column, Entity};

/// The name under which a later happening is looked for.
const LATER: &str = "later";
/// The name under which a graduation is looked for.
const FINISHED: &str = "finished";

/// The happenings that move a case, and the ledger of open cases into which each does; None out of them.
const MOVES: [(Event, Option<LedgerKind>); 7] = [
    (Event::Found, Some(LedgerKind::Suspected)),
    (Event::Cleared, None),
    (Event::Confirmed, Some(LedgerKind::Dropout)),
    (Event::Relapsed, Some(LedgerKind::Dropout)),
    (Event::Returned, Some(LedgerKind::Dropout)),
    (Event::Settled, Some(LedgerKind::Dropout)),
    (Event::Closed, None),
];

/// The happenings that a list below a parent holds: of each case one, of each pupil who dropped out one.
pub(super) fn condition(parent: &Parent, asked: &Asked) -> Condition {
    let same = match asked.event {
        Event::DroppedOut => Column::Student,
        _ => Column::DropoutCase,
    };
    let later = Query::select()
        .expr(Expr::val(1))
        .from_as("dropout_case_events", Alias::new(LATER))
        .cond_where(within(LATER, parent, asked))
        .and_where(column(LATER, same).equals(("dropout_case_events", same)))
        .and_where(column(LATER, Column::Id).gt(column("dropout_case_events", Column::Id)))
        .to_owned();
    Condition::all()
        .add(within("dropout_case_events", parent, asked))
        .add(Expr::exists(later).not())
}

/// The cases to which it happened, wherever.
pub(super) fn cases_of(asked: &Asked) -> SelectStatement {
    Entity::visible_to(&judged())
        .filter(told("dropout_case_events", asked))
        .select_only()
        .column(Column::DropoutCase)
        .into_query()
}

/// The cases that stood in a ledger of open cases at a moment: by the last happening entered by then that moves a case.
pub(super) fn stood(kind: LedgerKind, moment: i64) -> SelectStatement {
    let table = "dropout_case_events";
    let by_then = |table: &str| {
        let moves = MOVES.iter().map(|(event, _)| *event as i32);
        Condition::all()
            .add(column(table, Column::EntryMicros).lte(moment))
            .add(column(table, Column::Event).is_in(moves))
    };
    let later = Query::select()
        .expr(Expr::val(1))
        .from_as(table, Alias::new(LATER))
        .cond_where(by_then(LATER))
        .and_where(column(LATER, Column::DropoutCase).equals((table, Column::DropoutCase)))
        .and_where(column(LATER, Column::Id).gt(column(table, Column::Id)))
        .to_owned();
    let into = MOVES.iter().filter(|(_, ledger)| *ledger == Some(kind));
    Entity::visible_to(&judged())
        .filter(column(table, Column::Event).is_in(into.map(|(event, _)| *event as i32)))
        .filter(column(table, Column::EntryMicros).lte(moment))
        .filter(Expr::exists(later).not())
        .select_only()
        .column(Column::DropoutCase)
        .into_query()
}

/// How many cases a list holds, by stage and groups as they were.
pub async fn counts(
    database: &impl ConnectionTrait,
    parent: &Parent,
    asked: &Asked,
) -> Result<Vec<Count>, DbErr> {
    let rows: Vec<(i32, i64, i64)> = Entity::visible_to(&judged())
        .filter(condition(parent, asked))
        .select_only()
        .columns([Column::Stage, Column::Groups])
        .column_as(Column::Id.count(), "event_count")
        .group_by(Column::Stage)
        .group_by(Column::Groups)
        .into_tuple()
        .all(database)
        .await?;
    Ok(rows.into_iter().map(Count::from).collect())
}

/// How often it happened: a case visited twice counts twice.
pub async fn times(
    database: &impl ConnectionTrait,
    parent: &Parent,
    asked: &Asked,
) -> Result<u64, DbErr> {
    Entity::visible_to(&judged())
        .filter(within("dropout_case_events", parent, asked))
        .count(database)
        .await
}

fn judged() -> Scope {
    Scope::everything("the parent was judged against the scope before")
}

fn column(table: &str, column: Column) -> Expr {
    Expr::col((Alias::new(table), column))
}

fn within(table: &str, parent: &Parent, asked: &Asked) -> Condition {
    let there = match parent {
        Parent::School(id) => Condition::all()
            .add(column(table, Column::School).eq(*id))
            // What the county serves on a guardian is in the county's report.
            .add_option(
                (asked.event == Event::Noticed)
                    .then(|| column(table, Column::Level).eq(Level::School as i32)),
            ),
        Parent::Region { ranges, .. } => ranges.iter().fold(Condition::any(), |any, range| {
            any.add(column(table, Column::Place).between(*range.start(), *range.end()))
        }),
    };
    Condition::all().add(there).add(told(table, asked))
}

/// What is asked of a happening, its place aside.
fn told(table: &str, asked: &Asked) -> Condition {
    let col = |name: Column| column(table, name);
    let ((from, to), (after, until)) = (asked.days, asked.entered);
    let equal = |name: Column, value: i32| (value != 0).then(|| col(name).eq(value));
    let in_group = |bits: i64| col(Column::Groups).bit_and(bits).ne(0_i64);
    let about_cases = cases::standing(asked);
    let of_cases = (!about_cases.is_empty())
        .then(|| col(Column::DropoutCase).in_subquery(cases::ids(about_cases)));
    let dropped_out = (asked.event == Event::DroppedOut).then(|| {
        Condition::all()
            .add(col(Column::Student).is_not_null())
            .add(col(Column::DropoutCase).not_in_subquery(cases::ids(without_fault())))
            .add(Expr::exists(finished(table)).not())
    });
    Condition::all()
        .add(col(Column::Event).is_in(kinds(asked.event).iter().map(|one| *one as i32)))
        .add_option((from != NaiveDate::MIN).then(|| col(Column::Date).gte(from)))
        .add_option((to != NaiveDate::MAX).then(|| col(Column::Date).lte(to)))
        .add_option((after != i64::MIN).then(|| col(Column::EntryMicros).gt(after)))
        .add_option((until != i64::MAX).then(|| col(Column::EntryMicros).lte(until)))
        .add_option(equal(Column::Stage, asked.stage))
        .add_option(equal(Column::Finding, asked.finding))
        .add_option((asked.group != 0).then(|| in_group(bit(asked.group))))
        .add_option(of_cases)
        .add_option(dropped_out)
}

/// The happenings that are meant: who is away again is confirmed anew.
fn kinds(event: Event) -> &'static [Event] {
    match event {
        Event::Unspecified => &[],
        Event::Found => &[Event::Found],
        Event::Cleared => &[Event::Cleared],
        Event::Confirmed | Event::DroppedOut => &[Event::Confirmed, Event::Relapsed],
        Event::Returned => &[Event::Returned],
        Event::Closed => &[Event::Closed],
        Event::Visited => &[Event::Visited],
        Event::Noticed => &[Event::Noticed],
        Event::Settled => &[Event::Settled],
        Event::Relapsed => &[Event::Relapsed],
    }
}

/// The graduation from the stage of a happening, before it: who has finished primary school and came to no junior school attends
/// neither, and is missing among those who went on.
fn finished(table: &str) -> SelectStatement {
    use crate::entity::student_change::Column as Change;
    let change = |name: Change| Expr::col((Alias::new(FINISHED), name));
    Query::select()
        .expr(Expr::val(1))
        .from_as("student_changes", Alias::new(FINISHED))
        .and_where(change(Change::Student).equals((Alias::new(table), Column::Student)))
        .and_where(change(Change::Stage).equals((Alias::new(table), Column::Stage)))
        .and_where(change(Change::Kind).eq(Kind::Graduated as i32))
        .and_where(change(Change::Id).lt(column(table, Column::Id)))
        .to_owned()
}

/// Closed because nothing was wrong (查无错误): nobody dropped out.
fn without_fault() -> Condition {
    Condition::all()
        .add(dropout_case::Column::State.eq(State::Closed as i32))
        .add(dropout_case::Column::Ground.eq(Ground::NoFault as i32))
}
