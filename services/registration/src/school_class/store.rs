//! Every SQL statement about classes.

use std::collections::{HashMap, HashSet};

use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, QueryFilter as _, QuerySelect as _};
use uuid::Uuid;

use crate::entity::school_class::{Column, Entity, Model};

/// The class, if it is one of the school's.
pub async fn find_in(
    database: &impl ConnectionTrait,
    school: Uuid,
    id: Uuid,
) -> Result<Option<Model>, DbErr> {
    let own = Scope::everything("the school is the scope, and the caller was found to cover it");
    Entity::visible_to(&own)
        .filter(Column::Id.eq(id))
        .filter(Column::School.eq(school))
        .one(database)
        .await
}

/// The classes with these ids, in whatever school they are by now.
pub(crate) async fn with_ids(
    database: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Model>, DbErr> {
    let everywhere = Scope::everything("the classes were judged by their schools before");
    Entity::visible_to(&everywhere)
        .filter(Column::Id.is_in(ids))
        .all(database)
        .await
}

/// Holds the class until the transaction ends, so that two who count who attends it count one after the other.
pub(crate) async fn hold(database: &impl ConnectionTrait, id: Uuid) -> Result<(), DbErr> {
    let judged = Scope::everything("the class was judged by its school before");
    Entity::visible_to(&judged)
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.eq(id))
        .lock_exclusive()
        .into_tuple::<Uuid>()
        .one(database)
        .await?;
    Ok(())
}

/// Every class of these schools.
pub async fn of_schools(
    database: &impl ConnectionTrait,
    schools: &[Uuid],
) -> Result<Vec<Model>, DbErr> {
    let everywhere =
        Scope::everything("the rows of an import are judged against their schools' classes");
    Entity::visible_to(&everywhere)
        .filter(Column::School.is_in(schools.iter().copied()))
        .all(database)
        .await
}

/// The last school year in which the grades of each school's classes hold.
pub(super) async fn grade_years(
    database: &impl ConnectionTrait,
    schools: &[Uuid],
) -> Result<HashMap<Uuid, i32>, DbErr> {
    let judged = Scope::everything("the schools were found to be in the caller's scope");
    let years: Vec<(Uuid, i32)> = Entity::visible_to(&judged)
        .select_only()
        .column(Column::School)
        .column_as(Column::GradeYear.max(), "grade_year")
        .filter(Column::School.is_in(schools.iter().copied()))
        .group_by(Column::School)
        .into_tuple()
        .all(database)
        .await?;
    Ok(years.into_iter().collect())
}

/// Adds the classes that are not there yet, and gives the ids of those it added.
pub async fn insert_missing(
    database: &impl ConnectionTrait,
    classes: Vec<Model>,
) -> Result<HashSet<Uuid>, DbErr> {
    let unique = [Column::School, Column::Stage, Column::Grade, Column::Number];
    store::insert_missing::<Entity, _>(database, classes, unique, |class| {
        (class.school, class.stage, class.grade, class.number)
    })
    .await
}
