//! Every SQL statement about students.

use std::collections::HashSet;

use junheng_kernel::error::KernelError;
use junheng_kernel::name::Parent;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::entity::student::{Column, Entity, Model};

/// Stage, grade, how many students, and their class where they are counted by it.
pub type Count = (i32, i32, i64, Option<Uuid>);

/// Only the students of a class, where one is named.
pub fn of_class(class: Option<Uuid>) -> Condition {
    Condition::all().add_option(class.map(|id| Column::SchoolClass.eq(id)))
}

/// The students with these hashes, wherever they are.
pub async fn with_hashes(
    database: &impl ConnectionTrait,
    hashes: &[&[u8]],
) -> Result<Vec<Model>, DbErr> {
    let everywhere = Scope::everything("a person has one record in the whole province");
    Entity::visible_to(&everywhere)
        .filter(Column::IdentityHash.is_in(hashes.iter().map(|hash| hash.to_vec())))
        .all(database)
        .await
}

/// Adds the students whose hash nobody has yet, and gives the ids of those it added.
pub async fn insert_missing(
    database: &impl ConnectionTrait,
    students: Vec<Model>,
) -> Result<HashSet<Uuid>, DbErr> {
    store::insert_missing::<Entity, _>(database, students, [Column::IdentityHash], |student| {
        student.identity_hash.clone()
    })
    .await
}

/// Writes what the school may change, if nobody wrote since `version` was read.
pub async fn update(
    database: &impl ConnectionTrait,
    student: &Model,
    version: i64,
) -> Result<(), KernelError> {
    let written = Entity::update_many()
        .col_expr(Column::SchoolClass, student.school_class.into())
        .col_expr(Column::Stage, student.stage.into())
        .col_expr(Column::Grade, student.grade.into())
        .col_expr(Column::Boarder, student.boarder.into())
        .col_expr(Column::Migrant, student.migrant.into())
        .col_expr(Column::LeftBehind, student.left_behind.into())
        .col_expr(Column::Version, Column::Version.into_expr().add(1))
        .filter(Column::Id.eq(student.id))
        .filter(Column::Version.eq(version))
        .exec(database)
        .await?;
    if written.rows_affected == 0 {
        return Err(KernelError::EtagMismatch {
            name: format!("students/{}", student.id),
        });
    }
    Ok(())
}

/// Counts the students below `parent` by stage and grade, and by class where asked, lowest first.
pub async fn count(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    by_class: bool,
) -> Result<Vec<Count>, DbErr> {
    let query = Entity::visible_to(scope)
        .filter(parent.condition::<Entity>())
        .select_only()
        .columns([Column::Stage, Column::Grade])
        .column_as(Column::Id.count(), "student_count")
        .group_by(Column::Stage)
        .group_by(Column::Grade)
        .order_by_asc(Column::Stage)
        .order_by_asc(Column::Grade);
    if by_class {
        return query
            .column(Column::SchoolClass)
            .group_by(Column::SchoolClass)
            .order_by_asc(Column::SchoolClass)
            .into_tuple()
            .all(database)
            .await;
    }
    let counts: Vec<(i32, i32, i64)> = query.into_tuple().all(database).await?;
    let without_class = |(stage, grade, count)| (stage, grade, count, None);
    Ok(counts.into_iter().map(without_class).collect())
}
