//! Every SQL statement of finding.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::scope::{Scope, Scoped, in_ranges};
use junheng_kernel::store;
use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::finding_round::State;
use junheng_proto::registration::v1::status_change::State as LeaveState;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::student_change::Kind as Happened;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait as _,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};
use uuid::Uuid;

use crate::admission::store as admissions;
use crate::attendance::called::WITHOUT_LEAVE;
use crate::dropout_case::opening::Finding;
use crate::dropout_case::workflow::State as CaseState;
use crate::entity::finding_round::{Column, Entity, Model};
use crate::entity::{
    absence, admission_entry, dropout_case, junior_place, school, status_change, student, transfer,
};
use crate::status_change::store as leaves;

const SERVICE: &str = "the service finds in every county, county by county";

/// The place numbers of a county.
pub(super) type Ranges = [RangeInclusive<i64>];

/// Records that a way of finding comes by: their place, where they are paged by it, and id.
pub(super) type Key = (i64, Uuid);

fn all() -> Scope {
    Scope::everything(SERVICE)
}

/// The counties that have schools.
pub(super) async fn counties(database: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    school::Entity::visible_to(&all())
        .select_only()
        .column(school::Column::Region)
        .distinct()
        .order_by_asc(school::Column::Region)
        .into_tuple()
        .all(database)
        .await
}

/// A round.
pub(super) async fn round(database: &impl ConnectionTrait, id: Uuid) -> Result<Model, KernelError> {
    junheng_kernel::resource::get::<Entity>(database, &all(), id).await
}

/// The round of a county that runs.
pub(super) async fn running(
    database: &impl ConnectionTrait,
    region: &str,
) -> Result<Option<Model>, DbErr> {
    Entity::visible_to(&all())
        .filter(Column::OpenKey.eq(region))
        .one(database)
        .await
}

/// The rounds that run, but that nobody has been driving since `now_micros`.
pub(super) async fn left(
    database: &impl ConnectionTrait,
    now_micros: i64,
) -> Result<Vec<Uuid>, DbErr> {
    Entity::visible_to(&all())
        .select_only()
        .column(Column::Id)
        // In the words of the index of what runs.
        .filter(Expr::cust(format!("state = {}", State::Running as i32)))
        .filter(Column::HolderMicros.lt(now_micros))
        .into_tuple()
        .all(database)
        .await
}

/// Whether the round of a county and day has been begun.
pub(super) async fn is_begun(
    database: &impl ConnectionTrait,
    day_key: &str,
) -> Result<bool, DbErr> {
    let found = Entity::visible_to(&all())
        .filter(Column::DayKey.eq(day_key))
        .count(database)
        .await?;
    Ok(found > 0)
}

/// Adds the day's round of a county; whether nobody had.
pub(super) async fn begin_day(
    database: &impl ConnectionTrait,
    round: Model,
) -> Result<bool, DbErr> {
    let added =
        store::insert_missing::<Entity, _>(database, vec![round], [Column::DayKey], |one| {
            one.day_key.clone()
        })
        .await?;
    Ok(!added.is_empty())
}

/// Takes a round that nobody drives; whether it is ours now.
pub(super) async fn take(
    database: &impl ConnectionTrait,
    id: Uuid,
    holder: &str,
    now_micros: i64,
    until_micros: i64,
) -> Result<bool, DbErr> {
    let taken = Entity::update_many()
        .col_expr(Column::Holder, holder.into())
        .col_expr(Column::HolderMicros, until_micros.into())
        .col_expr(Column::Version, Column::Version.into_expr().add(1))
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(State::Running as i32))
        .filter(
            Condition::any()
                .add(Column::Holder.eq(holder))
                .add(Column::HolderMicros.lt(now_micros)),
        )
        .exec(database)
        .await?;
    Ok(taken.rows_affected > 0)
}

/// The next pupils of a county, each with a place, who were away without leave on at least `least` days since a day.
pub(super) async fn often_away(
    database: &impl ConnectionTrait,
    county: &Ranges,
    since: NaiveDate,
    least: u32,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<(Uuid, i64)>, DbErr> {
    use absence::Column;
    absence::Entity::visible_to(&all())
        .select_only()
        .column(Column::Student)
        .column_as(Column::Place.max(), "place")
        .filter(in_ranges::<absence::Entity>(county))
        // In the words of the index: a bound value would hide it from the planner, here and below.
        .filter(Expr::cust(format!(
            "kind IN ({})",
            WITHOUT_LEAVE
                .map(|kind| (kind as i32).to_string())
                .join(", ")
        )))
        .filter(Column::Date.gte(since.to_string()))
        .filter(Condition::all().add_option(after.map(|after| Column::Student.gt(after))))
        .group_by(Column::Student)
        .having(Column::Date.count().gte(i64::from(least)))
        .order_by_asc(Column::Student)
        .limit(limit)
        .into_tuple()
        .all(database)
        .await
}

/// Behind a key, in the order of place and id.
fn behind<E: EntityTrait>(
    query: Select<E>,
    (place, id): (E::Column, E::Column),
    after: Option<Key>,
    limit: u64,
) -> Select<E> {
    let key = Expr::tuple([place.into_expr(), id.into_expr()]);
    let behind = after.map(|after| key.gt(Expr::tuple([Expr::val(after.0), Expr::val(after.1)])));
    query
        .filter(Condition::all().add_option(behind))
        .order_by_asc(place)
        .order_by_asc(id)
        .limit(limit)
}

/// The next pupils of a county who finished primary school before a school year and have no junior record.
pub(super) async fn graduates(
    database: &impl ConnectionTrait,
    county: &Ranges,
    school_year: i32,
    after: Option<Key>,
    limit: u64,
) -> Result<Vec<student::Model>, DbErr> {
    use student::Column;
    let query = student::Entity::visible_to(&all())
        .filter(in_ranges::<student::Entity>(county))
        // The index of who does not attend holds few rows.
        .filter(Expr::cust(format!(
            "state <> {}",
            StudentState::Enrolled as i32
        )))
        .filter(Column::State.eq(StudentState::Graduated as i32))
        .filter(Column::Stage.eq(Stage::Primary as i32))
        // Graduation closes the school year before.
        .filter(Expr::cust(format!(
            "EXISTS (SELECT 1 FROM student_changes c WHERE c.student = students.id \
             AND c.kind = {} AND c.school_year = {})",
            Happened::Graduated as i32,
            school_year - 1
        )));
    behind(query, (Column::Place, Column::Id), after, limit)
        .all(database)
        .await
}

/// The places in junior schools that some pupils have for a school year.
pub(super) async fn junior_places(
    database: &impl ConnectionTrait,
    students: &[Uuid],
    school_year: i32,
) -> Result<HashMap<Uuid, Uuid>, DbErr> {
    use junior_place::Column;
    let rows: Vec<(Uuid, Uuid)> = junior_place::Entity::visible_to(&all())
        .select_only()
        .columns([Column::Student, Column::Id])
        .filter(Column::Student.is_in(students.iter().copied()))
        .filter(Column::SchoolYear.eq(school_year))
        .into_tuple()
        .all(database)
        .await?;
    Ok(rows.into_iter().collect())
}

/// The next children of a county who were on a confirmed list for a school year and are in no school by it: who has not arrived,
/// and who was let go and stands on no other list.
pub(super) async fn not_arrived(
    database: &impl ConnectionTrait,
    county: &Ranges,
    school_year: i32,
    after: Option<Key>,
    limit: u64,
) -> Result<Vec<admission_entry::Model>, DbErr> {
    use admission_entry::Column;
    let query = admission_entry::Entity::visible_to(&all())
        .filter(in_ranges::<admission_entry::Entity>(county))
        .filter(admissions::only_not_in_school(school_year));
    behind(query, (Column::Place, Column::Id), after, limit)
        .all(database)
        .await
}

/// The students with these hashes of their documents.
pub(super) async fn students_with_hashes(
    database: &impl ConnectionTrait,
    hashes: Vec<Vec<u8>>,
) -> Result<HashMap<Vec<u8>, student::Model>, DbErr> {
    let found = student::Entity::visible_to(&all())
        .filter(student::Column::IdentityHash.is_in(hashes))
        .all(database)
        .await?;
    Ok(found
        .into_iter()
        .map(|one| (one.identity_hash.clone(), one))
        .collect())
}

/// The next transfers out of schools of a county that fell due by a day and are not decided, each with the pupil and that day.
pub(super) async fn hanging_transfers(
    database: &impl ConnectionTrait,
    county: &Ranges,
    by: NaiveDate,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<(Uuid, Option<Uuid>, String)>, DbErr> {
    use transfer::Column;
    let sending = county.iter().fold(Condition::any(), |any, range| {
        any.add(Column::SendingPlace.between(*range.start(), *range.end()))
    });
    transfer::Entity::visible_to(&all())
        .select_only()
        .columns([Column::Id, Column::Student, Column::DueDate])
        .filter(sending)
        .filter(Expr::cust("open_key IS NOT NULL"))
        .filter(Column::DueDate.gt(""))
        .filter(Column::DueDate.lte(by.to_string()))
        .filter(Column::Student.is_not_null())
        .filter(Condition::all().add_option(after.map(|after| Column::Id.gt(after))))
        .order_by_asc(Column::Id)
        .limit(limit)
        .into_tuple()
        .all(database)
        .await
}

/// The next leaves, deferrals and stays abroad of a county that ended by a day and run on.
pub(super) async fn hanging_leaves(
    database: &impl ConnectionTrait,
    county: &Ranges,
    by: NaiveDate,
    after: Option<Key>,
    limit: u64,
) -> Result<Vec<status_change::Model>, DbErr> {
    use status_change::Column;
    let query = status_change::Entity::visible_to(&all())
        .filter(in_ranges::<status_change::Entity>(county))
        .filter(Expr::cust(format!(
            "state = {}",
            LeaveState::Effective as i32
        )))
        .filter(leaves::ending_by(by));
    behind(query, (Column::Place, Column::Id), after, limit)
        .all(database)
        .await
}

/// The next cases of a county whose child is back.
pub(super) async fn returned(
    database: &impl ConnectionTrait,
    county: &Ranges,
    after: Option<Key>,
    limit: u64,
) -> Result<Vec<dropout_case::Model>, DbErr> {
    use dropout_case::Column;
    let query = dropout_case::Entity::visible_to(&all())
        .filter(in_ranges::<dropout_case::Entity>(county))
        .filter(Column::State.eq(CaseState::Returned as i32))
        .filter(Column::Student.is_not_null());
    behind(query, (Column::Place, Column::Id), after, limit)
        .all(database)
        .await
}

/// Of some children, students or not: which have a case open, and when a case of this finding was last found with a source, open
/// or ended.
pub(super) async fn known(
    database: &impl ConnectionTrait,
    finding: Finding,
    children: &[Uuid],
) -> Result<(HashSet<Uuid>, HashMap<(Uuid, String), NaiveDate>), DbErr> {
    use dropout_case::Column;
    type Row = (
        Option<Uuid>,
        Option<Uuid>,
        Option<Uuid>,
        i32,
        String,
        NaiveDate,
    );
    let own = |column: Column| column.is_in(children.iter().copied());
    let rows: Vec<Row> = dropout_case::Entity::visible_to(&all())
        .select_only()
        .columns([
            Column::Student,
            Column::Resident,
            Column::OpenSubject,
            Column::Finding,
            Column::Source,
            Column::FoundDate,
        ])
        .filter(own(Column::Student).or(own(Column::Resident)))
        .order_by_asc(Column::FoundDate)
        .into_tuple()
        .all(database)
        .await?;
    let open = rows.iter().filter_map(|(_, _, open, ..)| *open).collect();
    let raised = rows
        .into_iter()
        .filter_map(|(student, resident, _, by, source, found)| {
            (by == finding as i32).then_some(((student.or(resident)?, source), found))
        });
    Ok((open, raised.collect()))
}
