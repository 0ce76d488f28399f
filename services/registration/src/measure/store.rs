//! The scans that measures are counted from: one each of schools, classes and students for a whole parent.

use junheng_kernel::name::Parent;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::registration::v1::student::State;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    StreamTrait,
};
use tokio_stream::StreamExt as _;
use uuid::Uuid;

use super::rules::Counted;
use crate::entity::{school, school_class, student};

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

/// Counts every class and student below `parent` that the caller may see.
pub(super) async fn count(
    database: &(impl ConnectionTrait + StreamTrait),
    scope: &Scope,
    parent: &Parent,
) -> Result<Counted, DbErr> {
    let mut counted = Counted::default();
    let mut classes = school_class::Entity::visible_to(scope)
        .filter(parent.condition::<school_class::Entity>())
        .select_only()
        .columns([
            school_class::Column::School,
            school_class::Column::Stage,
            school_class::Column::Id,
            school_class::Column::Version,
        ])
        .order_by_asc(school_class::Column::Id)
        .into_tuple::<(Uuid, i32, Uuid, i64)>()
        .stream(database)
        .await?;
    while let Some((school, stage, id, version)) = classes.next().await.transpose()? {
        counted.class(school, stage, id, version);
    }
    drop(classes);
    let mut pupils = student::Entity::visible_to(scope)
        .filter(parent.condition::<student::Entity>())
        .filter(student::Column::State.eq(State::Enrolled as i32))
        .select_only()
        .columns([
            student::Column::School,
            student::Column::Stage,
            student::Column::SchoolClass,
            student::Column::Id,
            student::Column::Version,
        ])
        .order_by_asc(student::Column::Id)
        .into_tuple::<(Uuid, i32, Option<Uuid>, Uuid, i64)>()
        .stream(database)
        .await?;
    while let Some((school, stage, class, id, version)) = pupils.next().await.transpose()? {
        counted.pupil(school, stage, class, id, version);
    }
    drop(pupils);
    Ok(counted)
}
