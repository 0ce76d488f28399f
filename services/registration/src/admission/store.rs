//! Every SQL statement about admission plans and their lists.

use std::collections::{HashMap, HashSet};

use junheng_kernel::error::KernelError;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use junheng_proto::registration::v1::admission_entry::Outcome;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::workflow::State;
use crate::entity::{admission_entry as entry, admission_plan as plan};

/// Adds a plan, unless the school has one of the same year and stage.
pub async fn insert_plan(
    database: &impl ConnectionTrait,
    row: plan::Model,
) -> Result<HashSet<Uuid>, DbErr> {
    use plan::Column;
    let unique = [Column::School, Column::SchoolYear, Column::Stage];
    store::insert_missing::<plan::Entity, _>(database, vec![row], unique, |row| {
        (row.school, row.school_year, row.stage)
    })
    .await
}

/// Holds a plan until the transaction ends: two who enter, mark or decide at once come one after the other.
pub async fn hold_plan(database: &impl ConnectionTrait, id: Uuid) -> Result<(), DbErr> {
    let judged = Scope::everything("the plan was read within the caller's scope");
    plan::Entity::visible_to(&judged)
        .select_only()
        .column(plan::Column::Id)
        .filter(plan::Column::Id.eq(id))
        .lock_exclusive()
        .into_tuple::<Uuid>()
        .one(database)
        .await?;
    Ok(())
}

/// The plan of a school, year and stage.
pub async fn plan_of(
    database: &impl ConnectionTrait,
    school: Uuid,
    school_year: i32,
    stage: i32,
) -> Result<Option<plan::Model>, DbErr> {
    let judged = Scope::everything("the caller was found to cover the school");
    plan::Entity::visible_to(&judged)
        .filter(plan::Column::School.eq(school))
        .filter(plan::Column::SchoolYear.eq(school_year))
        .filter(plan::Column::Stage.eq(stage))
        .one(database)
        .await
}

/// Adds the entries whose child stands on no list of the year, and gives the ids of those it added.
pub async fn insert_entries(
    database: &impl ConnectionTrait,
    rows: Vec<entry::Model>,
) -> Result<HashSet<Uuid>, DbErr> {
    use entry::Column;
    let unique = [Column::SchoolYear, Column::Claim];
    store::insert_missing::<entry::Entity, _>(database, rows, unique, |row| {
        (row.school_year, row.claim.clone())
    })
    .await
}

/// The entries of a year that hold these claims, wherever they are.
pub async fn with_claims(
    database: &impl ConnectionTrait,
    school_year: i32,
    claims: Vec<Vec<u8>>,
) -> Result<Vec<entry::Model>, DbErr> {
    let everywhere = Scope::everything("a child stands on one list in the whole province");
    entry::Entity::visible_to(&everywhere)
        .filter(entry::Column::SchoolYear.eq(school_year))
        .filter(entry::Column::Claim.is_in(claims))
        .all(database)
        .await
}

/// The entries of these ids, wherever they are.
pub(super) async fn with_ids(
    database: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<entry::Model>, DbErr> {
    let judged = Scope::everything("the cases of these children were found in scope");
    entry::Entity::visible_to(&judged)
        .filter(entry::Column::Id.is_in(ids))
        .all(database)
        .await
}

/// The plans of these ids.
pub(super) async fn plans_with_ids(
    database: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, plan::Model>, DbErr> {
    let judged = Scope::everything("the plans of entries that were judged");
    let rows = plan::Entity::visible_to(&judged)
        .filter(plan::Column::Id.is_in(ids))
        .all(database)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The schools of some entries.
pub(crate) async fn schools_of(
    database: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Uuid>, DbErr> {
    let everywhere = Scope::everything("one case for a child, whoever finds it");
    entry::Entity::visible_to(&everywhere)
        .select_only()
        .column(entry::Column::School)
        .filter(entry::Column::Id.is_in(ids))
        .distinct()
        .into_tuple()
        .all(database)
        .await
}

/// The entries of a plan in the order of their ids that are not withdrawn.
pub async fn of_plan(
    database: &impl ConnectionTrait,
    plan: Uuid,
) -> Result<Vec<entry::Model>, DbErr> {
    let own = Scope::everything("the plan was read within the caller's scope");
    entry::Entity::visible_to(&own)
        .filter(entry::Column::Plan.eq(plan))
        .filter(entry::Column::Outcome.ne(Outcome::Withdrawn as i32))
        .order_by_asc(entry::Column::Id)
        .all(database)
        .await
}

/// Sets the outcome of the entries of a plan that are not withdrawn and have another.
pub async fn decide_all(
    database: &impl ConnectionTrait,
    plan: Uuid,
    outcome: Outcome,
) -> Result<(), DbErr> {
    entry::Entity::update_many()
        .col_expr(entry::Column::Outcome, (outcome as i32).into())
        .col_expr(
            entry::Column::Version,
            entry::Column::Version.into_expr().add(1),
        )
        .filter(entry::Column::Plan.eq(plan))
        .filter(entry::Column::Outcome.is_not_in([Outcome::Withdrawn as i32, outcome as i32]))
        .exec(database)
        .await?;
    Ok(())
}

/// Sets the outcome of some entries.
pub async fn decide(
    database: &impl ConnectionTrait,
    ids: &[Uuid],
    outcome: Outcome,
) -> Result<(), DbErr> {
    for some in ids.chunks(500) {
        entry::Entity::update_many()
            .col_expr(entry::Column::Outcome, (outcome as i32).into())
            .filter(entry::Column::Id.is_in(some.iter().copied()))
            .exec(database)
            .await?;
    }
    Ok(())
}

/// The entry without its claim on the child: another list of the year can take it.
pub(super) fn let_go(entry: entry::Model) -> entry::Model {
    entry::Model {
        claim: entry.id.as_bytes().to_vec(),
        version: entry.version + 1,
        ..entry
    }
}

/// Lets go of those of a list who were not drawn.
pub(super) async fn let_go_undrawn(
    database: &impl ConnectionTrait,
    listed: &[entry::Model],
) -> Result<(), KernelError> {
    let undrawn = listed
        .iter()
        .filter(|entry| entry.outcome == Outcome::NotDrawn as i32);
    let undrawn = undrawn.cloned().map(let_go).collect();
    store::replace_all::<entry::Entity>(database, undrawn).await
}

/// Marks entries as arrived, and gives what they are now.
pub(super) async fn arrive(
    database: &impl ConnectionTrait,
    come: &[&entry::Model],
) -> Result<Vec<entry::Model>, KernelError> {
    let arrived = come.iter().map(|entry| entry::Model {
        arrived: true,
        version: entry.version + 1,
        ..(*entry).clone()
    });
    let arrived: Vec<entry::Model> = arrived.collect();
    store::replace_all::<entry::Entity>(database, arrived.clone()).await?;
    Ok(arrived)
}

/// Only the entries of a plan.
pub fn only_plan(plan: Option<Uuid>) -> Condition {
    Condition::all().add_option(plan.map(|id| entry::Column::Plan.eq(id)))
}

/// Only the plans of a year; of all years for 0.
pub fn only_year(school_year: i32) -> Condition {
    let year = (school_year != 0).then(|| plan::Column::SchoolYear.eq(school_year));
    Condition::all().add_option(year)
}

/// Only who was admitted by a confirmed list of a year and has not arrived.
pub fn only_not_arrived(school_year: i32) -> Condition {
    confirmed(school_year).add(waited_for())
}

/// The same with those who were not drawn, or whose place was given up, and whom no list has taken since.
pub(crate) fn only_not_in_school(school_year: i32) -> Condition {
    let without = [Outcome::NotDrawn as i32, Outcome::Released as i32];
    let nowhere = Expr::cust(
        "NOT EXISTS (SELECT 1 FROM admission_entries AS other \
         WHERE other.school_year = admission_entries.school_year \
         AND other.claim = admission_entries.identity_hash)",
    );
    let let_go = Condition::all()
        .add(entry::Column::Outcome.is_in(without))
        .add(nowhere);
    confirmed(school_year).add(Condition::any().add(waited_for()).add(let_go))
}

fn waited_for() -> Condition {
    Condition::all()
        .add(entry::Column::Outcome.eq(Outcome::Admitted as i32))
        .add(entry::Column::Arrived.eq(false))
}

/// Only the lists of a year that are confirmed.
fn confirmed(school_year: i32) -> Condition {
    let confirmed = [State::Confirmed as i32, State::Enrolled as i32];
    let plans = Query::select()
        .column(plan::Column::Id)
        .from(plan::Entity)
        .and_where(plan::Column::State.is_in(confirmed))
        .and_where(plan::Column::SchoolYear.eq(school_year))
        .to_owned();
    Condition::all()
        .add(entry::Column::SchoolYear.eq(school_year))
        .add(entry::Column::Plan.in_subquery(plans))
}
