//! Every SQL statement about teachers.

use std::collections::HashSet;

use junheng_kernel::error::KernelError;
use junheng_kernel::name::Parent;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use junheng_proto::staffing::v1::teacher::Position;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, FromQueryResult,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::entity::teacher::{Column, Entity, Model};

/// What the figures need of a full-time teacher.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Counted {
    /// The row's id.
    pub id: Uuid,
    /// The school.
    pub school: Uuid,
    /// The stage actually taught.
    pub stage: i32,
    /// The subject taught most.
    pub subject: i32,
    /// The highest education.
    pub education: i32,
    /// The professional title.
    pub title: i32,
    /// The backbone level.
    pub backbone: i32,
    /// The row's version.
    pub version: i64,
}

/// The records of these persons, whoever may see them: a person is registered once in the whole province.
pub async fn with_hashes(
    database: &impl ConnectionTrait,
    hashes: impl IntoIterator<Item = Vec<u8>>,
) -> Result<Vec<Model>, DbErr> {
    let everywhere = Scope::everything("a person is registered once in the whole province");
    Entity::visible_to(&everywhere)
        .filter(Column::IdentityHash.is_in(hashes))
        .all(database)
        .await
}

/// The full-time teachers below `parent` that the caller may see, by school, stage and id.
pub async fn full_time(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
) -> Result<Vec<Counted>, DbErr> {
    Entity::visible_to(scope)
        .select_only()
        .columns([
            Column::Id,
            Column::School,
            Column::Stage,
            Column::Subject,
            Column::Education,
            Column::Title,
            Column::Backbone,
            Column::Version,
        ])
        .filter(parent.condition::<Entity>())
        .filter(Column::Position.eq(Position::FullTime as i32))
        .order_by_asc(Column::School)
        .order_by_asc(Column::Stage)
        .order_by_asc(Column::Id)
        .into_model()
        .all(database)
        .await
}

/// Adds the persons whom nobody has registered yet, and gives the ids of those it added.
pub async fn insert_missing(
    database: &impl ConnectionTrait,
    teachers: Vec<Model>,
) -> Result<HashSet<Uuid>, DbErr> {
    store::insert_missing::<Entity, _>(database, teachers, [Column::IdentityHash], |teacher| {
        teacher.identity_hash.clone()
    })
    .await
}

/// Writes what may change, if nobody wrote since `version` was read.
pub async fn update(
    database: &impl ConnectionTrait,
    teacher: &Model,
    version: i64,
) -> Result<(), KernelError> {
    let written = Entity::update_many()
        .col_expr(Column::Stage, teacher.stage.into())
        .col_expr(Column::Position, teacher.position.into())
        .col_expr(Column::Subject, teacher.subject.into())
        .col_expr(Column::Education, teacher.education.into())
        .col_expr(Column::Title, teacher.title.into())
        .col_expr(Column::Backbone, teacher.backbone.into())
        .col_expr(Column::Certified, teacher.certified.into())
        .col_expr(Column::Version, Column::Version.into_expr().add(1))
        .filter(Column::Id.eq(teacher.id))
        .filter(Column::Version.eq(version))
        .exec(database)
        .await?;
    if written.rows_affected == 0 {
        return Err(KernelError::EtagMismatch {
            name: format!("teachers/{}", teacher.id),
        });
    }
    Ok(())
}

/// Moves a teacher to another school, which the transaction holds, if nobody wrote since `version` was read.
pub async fn move_to(
    database: &impl ConnectionTrait,
    teacher: &Model,
    version: i64,
) -> Result<(), KernelError> {
    let written = Entity::update_many()
        .col_expr(Column::School, teacher.school.into())
        .col_expr(Column::Place, teacher.place.into())
        .col_expr(Column::Stage, teacher.stage.into())
        .col_expr(Column::Version, Column::Version.into_expr().add(1))
        .filter(Column::Id.eq(teacher.id))
        .filter(Column::Version.eq(version))
        .exec(database)
        .await?;
    if written.rows_affected == 0 {
        return Err(KernelError::EtagMismatch {
            name: format!("teachers/{}", teacher.id),
        });
    }
    Ok(())
}

/// How many people stand on a school's staff.
pub async fn count_of(database: &impl ConnectionTrait, school: Uuid) -> Result<u64, DbErr> {
    let judged = Scope::everything("the school was judged against the scope before");
    Entity::visible_to(&judged)
        .filter(Column::School.eq(school))
        .count(database)
        .await
}
