//! Every SQL statement about schools.

use std::collections::{HashMap, HashSet};

use junheng_kernel::error::KernelError;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
};
use uuid::Uuid;

use crate::entity::school::{Column, Entity, Model};
use crate::followers;
use crate::reorganisation::store as reorganisations;
use crate::tally;

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

/// A school of the public directory, whoever asks.
pub(crate) async fn in_directory(
    database: &impl ConnectionTrait,
    id: Uuid,
) -> Result<Option<Model>, DbErr> {
    Entity::visible_to(&Scope::everything("the directory is public"))
        .filter(Column::Id.eq(id))
        .one(database)
        .await
}

/// Adds the schools whose code nobody has or had, and gives the ids of those it added.
pub async fn insert_missing(
    database: &impl ConnectionTrait,
    mut schools: Vec<Model>,
) -> Result<HashSet<Uuid>, DbErr> {
    let codes: Vec<&str> = schools
        .iter()
        .map(|school| school.school_code.as_str())
        .collect();
    let former = reorganisations::former_codes(database, &codes).await?;
    schools.retain(|school| !former.contains(&school.school_code));
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

/// Classes, students, what concerns them and what is counted of them lie where their school lies.
pub(crate) async fn follow_place(
    database: &impl ConnectionTrait,
    school: &Model,
) -> Result<(), KernelError> {
    followers::go_with_school(database, school.id, school.place).await?;
    Ok(tally::store::move_school(database, school.id, school.place).await?)
}

/// The counties of some schools.
pub(crate) async fn regions_of(
    database: &impl ConnectionTrait,
    schools: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, String>, DbErr> {
    let public = Scope::everything("the directory is public");
    let rows = Entity::visible_to(&public)
        .filter(Column::Id.is_in(schools))
        .all(database)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.region)).collect())
}
