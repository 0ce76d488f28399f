//! Every SQL statement about promotions and junior places.

use std::collections::{HashMap, HashSet};

use junheng_kernel::error::KernelError;
use junheng_kernel::name::Parent;
use junheng_kernel::scope::{Scope, Scoped as _, of_school};
use junheng_kernel::store;
use junheng_proto::registration::v1::junior_place::State as PlaceState;
use junheng_proto::registration::v1::student::State;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::entity::{junior_place, promotion, school, school_class, student};
use crate::student::standing::LIVE;

const JUDGED: &str = "the school or county was found to be in the caller's scope";

/// The schools below `parent` that the caller may see, oldest first.
pub(super) async fn schools(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
) -> Result<Vec<school::Model>, DbErr> {
    school::Entity::visible_to(scope)
        .filter(parent.condition::<school::Entity>())
        .order_by_asc(school::Column::Id)
        .all(database)
        .await
}

/// The students of a school whom a promotion looks at, by id.
pub(super) async fn students(
    database: &impl ConnectionTrait,
    school: Uuid,
) -> Result<Vec<student::Model>, DbErr> {
    let judged = Scope::everything(JUDGED);
    student::Entity::visible_to(&judged)
        .filter(student::Column::School.eq(school))
        .filter(student::Column::State.is_in(LIVE.map(|state| state as i32)))
        .order_by_asc(student::Column::Id)
        .all(database)
        .await
}

/// The schools among these that have been promoted into a school year.
pub(super) async fn done(
    database: &impl ConnectionTrait,
    schools: &[Uuid],
    school_year: i32,
) -> Result<HashMap<Uuid, promotion::Model>, DbErr> {
    let judged = Scope::everything(JUDGED);
    let found = promotion::Entity::visible_to(&judged)
        .filter(promotion::Column::School.is_in(schools.iter().copied()))
        .filter(promotion::Column::SchoolYear.eq(school_year))
        .all(database)
        .await?;
    Ok(found.into_iter().map(|one| (one.school, one)).collect())
}

/// Claims the promotion of a school into a school year; waits for another that does the same. Gives whether it is ours.
pub(super) async fn claim(
    database: &impl ConnectionTrait,
    promotion: promotion::Model,
) -> Result<bool, DbErr> {
    let unique = [promotion::Column::School, promotion::Column::SchoolYear];
    let added =
        store::insert_missing::<promotion::Entity, _>(database, vec![promotion], unique, |one| {
            (one.school, one.school_year)
        })
        .await?;
    Ok(!added.is_empty())
}

/// Whether a school that was promoted into a school year has classes, or somebody who attends, that were not: they came since,
/// from a school that had not been.
pub(super) async fn is_behind(
    database: &impl ConnectionTrait,
    school: Uuid,
    school_year: i32,
) -> Result<bool, DbErr> {
    let judged = Scope::everything(JUDGED);
    let class = school_class::Entity::visible_to(&judged)
        .select_only()
        .column(school_class::Column::Id)
        .filter(school_class::Column::School.eq(school))
        .filter(school_class::Column::GradeYear.lt(school_year))
        .into_tuple::<Uuid>()
        .one(database)
        .await?;
    let student = student::Entity::visible_to(&judged)
        .select_only()
        .column(student::Column::Id)
        .filter(student::Column::School.eq(school))
        .filter(student::Column::State.eq(State::Enrolled as i32))
        .filter(student::Column::GradeYear.lt(school_year))
        .into_tuple::<Uuid>()
        .one(database)
        .await?;
    Ok(class.is_some() || student.is_some())
}

/// Adds to the promotion of a school what was promoted later. The school is held.
pub(super) async fn add(
    database: &impl ConnectionTrait,
    more: promotion::Model,
) -> Result<(), DbErr> {
    use promotion::Column;
    let sum = |column: Column, more: i64| column.into_expr().add(more);
    promotion::Entity::update_many()
        .col_expr(Column::Promoted, sum(Column::Promoted, more.promoted))
        .col_expr(Column::Advanced, sum(Column::Advanced, more.advanced))
        .col_expr(Column::Graduated, sum(Column::Graduated, more.graduated))
        .col_expr(Column::Staying, Expr::value(more.staying))
        .filter(Column::School.eq(more.school))
        .filter(Column::SchoolYear.eq(more.school_year))
        .exec(database)
        .await?;
    Ok(())
}

/// Keeps of those who are on leave, away or out that they were judged for a school year: who comes back in it has had the
/// promotion, and does not get another.
pub(super) async fn judged(
    database: &impl ConnectionTrait,
    school: Uuid,
    school_year: i32,
) -> Result<(), DbErr> {
    use student::Column;
    let away = LIVE.into_iter().filter(|state| *state != State::Enrolled);
    student::Entity::update_many()
        .col_expr(Column::GradeYear, Expr::value(school_year))
        .col_expr(Column::Version, Column::Version.into_expr().add(1))
        .filter(Column::School.eq(school))
        .filter(Column::State.is_in(away.map(|state| state as i32)))
        .filter(Column::GradeYear.lt(school_year))
        .exec(database)
        .await?;
    Ok(())
}

/// Keeps of classes of the new first grade that they are that of a school year.
pub(super) async fn entering(
    database: &impl ConnectionTrait,
    classes: Vec<Uuid>,
    school_year: i32,
) -> Result<(), DbErr> {
    use school_class::Column;
    school_class::Entity::update_many()
        .col_expr(Column::GradeYear, Expr::value(school_year))
        .col_expr(Column::Version, Column::Version.into_expr().add(1))
        .filter(Column::Id.is_in(classes))
        .exec(database)
        .await?;
    Ok(())
}

/// Ends a class, if nobody wrote since `version` was read.
pub(super) async fn end_class(
    database: &impl ConnectionTrait,
    class: Uuid,
    version: i64,
) -> Result<(), KernelError> {
    let ended = school_class::Entity::delete_many()
        .filter(school_class::Column::Id.eq(class))
        .filter(school_class::Column::Version.eq(version))
        .exec(database)
        .await?;
    if ended.rows_affected == 0 {
        return Err(KernelError::EtagMismatch {
            name: format!("classes/{class}"),
        });
    }
    Ok(())
}

/// Students by their ids, wherever they are.
pub(super) async fn students_with(
    database: &impl ConnectionTrait,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, student::Model>, DbErr> {
    let judged = Scope::everything(
        "each student is judged against the caller's scope, or by the place given",
    );
    let found = student::Entity::visible_to(&judged)
        .filter(student::Column::Id.is_in(ids.iter().copied()))
        .all(database)
        .await?;
    Ok(found.into_iter().map(|one| (one.id, one)).collect())
}

/// The places that wait for students, of a school on either side.
pub(crate) async fn places_waiting(
    database: &impl ConnectionTrait,
    school: Uuid,
) -> Result<Vec<junior_place::Model>, DbErr> {
    let judged = Scope::everything(JUDGED);
    junior_place::Entity::visible_to(&judged)
        .filter(of_school::<junior_place::Entity>(school))
        .filter(junior_place::Column::State.eq(PlaceState::Assigned as i32))
        .order_by_asc(junior_place::Column::Id)
        .all(database)
        .await
}

/// The places of these students in a school year.
pub(crate) async fn places_of(
    database: &impl ConnectionTrait,
    students: &[Uuid],
    school_year: i32,
) -> Result<HashMap<Uuid, junior_place::Model>, DbErr> {
    let judged = Scope::everything(JUDGED);
    let found = junior_place::Entity::visible_to(&judged)
        .filter(junior_place::Column::Student.is_in(students.iter().copied()))
        .filter(junior_place::Column::SchoolYear.eq(school_year))
        .all(database)
        .await?;
    Ok(found.into_iter().map(|one| (one.student, one)).collect())
}

/// Places of a school by their ids.
pub(super) async fn places_in(
    database: &impl ConnectionTrait,
    school: Uuid,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, junior_place::Model>, DbErr> {
    let judged = Scope::everything(JUDGED);
    let found = junior_place::Entity::visible_to(&judged)
        .filter(junior_place::Column::Id.is_in(ids.iter().copied()))
        .filter(junior_place::Column::School.eq(school))
        .all(database)
        .await?;
    Ok(found.into_iter().map(|one| (one.id, one)).collect())
}

/// Adds places of students who have none in the school year, and gives the ids of those it added.
pub(super) async fn insert_places(
    database: &impl ConnectionTrait,
    places: Vec<junior_place::Model>,
) -> Result<HashSet<Uuid>, DbErr> {
    let unique = [
        junior_place::Column::Student,
        junior_place::Column::SchoolYear,
    ];
    store::insert_missing::<junior_place::Entity, _>(database, places, unique, |one| {
        (one.student, one.school_year)
    })
    .await
}

/// Only those of pupils whom the primary schools of a parent sent, wherever they go.
pub(crate) fn sent_by(parent: &Parent) -> Condition {
    use junior_place::Column;
    match parent {
        Parent::School(id) => Condition::all().add(Column::PrimarySchool.eq(*id)),
        Parent::Region { ranges, .. } => ranges.iter().fold(Condition::any(), |any, range| {
            any.add(Column::PrimaryPlace.between(*range.start(), *range.end()))
        }),
    }
}

/// Only this school year and state, 0 for all.
pub(crate) fn of(school_year: i32, state: i32) -> Condition {
    use junior_place::Column;
    Condition::all()
        .add_option((school_year != 0).then(|| Column::SchoolYear.eq(school_year)))
        .add_option((state != 0).then(|| Column::State.eq(state)))
}
