//! Every SQL statement about schools.

use std::collections::HashSet;

use junheng_kernel::error::KernelError;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
};
use uuid::Uuid;

use crate::entity::school::{Column, Entity, Model};
use crate::entity::{school_class, student};

/// The schools with these codes that the caller may see.
pub async fn with_codes(
    database: &impl ConnectionTrait,
    scope: &Scope,
    codes: &[&str],
) -> Result<Vec<Model>, DbErr> {
    Entity::visible_to(scope)
        .filter(Column::SchoolCode.is_in(codes.iter().copied()))
        .all(database)
        .await
}

/// The schools with these ids that the caller may see.
pub async fn with_ids(
    database: &impl ConnectionTrait,
    scope: &Scope,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Model>, DbErr> {
    Entity::visible_to(scope)
        .filter(Column::Id.is_in(ids))
        .all(database)
        .await
}

/// Adds the schools whose code nobody has yet, and gives the ids of those it added.
pub async fn insert_missing(
    database: &impl ConnectionTrait,
    schools: Vec<Model>,
) -> Result<HashSet<Uuid>, DbErr> {
    store::insert_missing::<Entity, _>(database, schools, [Column::SchoolCode], |school| {
        school.school_code.clone()
    })
    .await
}

/// Writes what may change, if nobody wrote since `version` was read.
pub async fn update(
    database: &impl ConnectionTrait,
    school: &Model,
    version: i64,
) -> Result<(), KernelError> {
    let written = Entity::update_many()
        .col_expr(Column::DisplayName, school.display_name.clone().into())
        .col_expr(Column::UrbanRural, school.urban_rural.into())
        .col_expr(Column::Sponsor, school.sponsor.into())
        .col_expr(Column::Town, school.town.clone().into())
        .col_expr(Column::Place, school.place.into())
        .col_expr(Column::Version, Column::Version.into_expr().add(1))
        .filter(Column::Id.eq(school.id))
        .filter(Column::Version.eq(version))
        .exec(database)
        .await?;
    if written.rows_affected == 0 {
        return Err(KernelError::EtagMismatch {
            name: format!("schools/{}", school.id),
        });
    }
    follow_place(database, school).await
}

/// Classes and students lie where their school lies.
async fn follow_place(database: &impl ConnectionTrait, school: &Model) -> Result<(), KernelError> {
    school_class::Entity::update_many()
        .col_expr(school_class::Column::Place, school.place.into())
        .filter(school_class::Column::School.eq(school.id))
        .filter(school_class::Column::Place.ne(school.place))
        .exec(database)
        .await?;
    student::Entity::update_many()
        .col_expr(student::Column::Place, school.place.into())
        .filter(student::Column::School.eq(school.id))
        .filter(student::Column::Place.ne(school.place))
        .exec(database)
        .await?;
    Ok(())
}
