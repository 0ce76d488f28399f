//! Every SQL statement about sites.

use std::collections::{BTreeSet, HashSet};

use junheng_kernel::error::KernelError;
use junheng_kernel::name::Parent;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
};
use uuid::Uuid;

use crate::entity::site::{Column, Entity, Model};

/// Every site below `parent` that the caller may see, oldest first.
pub async fn all(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
) -> Result<Vec<Model>, DbErr> {
    Entity::visible_to(scope)
        .filter(parent.condition::<Entity>())
        .order_by_asc(Column::Id)
        .all(database)
        .await
}

/// The sites of these schools. The schools have been judged against the caller's scope before.
pub async fn of_schools(
    database: &impl ConnectionTrait,
    schools: BTreeSet<Uuid>,
) -> Result<Vec<Model>, DbErr> {
    let judged = Scope::everything("the schools were judged against the scope before");
    Entity::visible_to(&judged)
        .filter(Column::School.is_in(schools))
        .all(database)
        .await
}

/// Adds the sites whose names are free in their schools, and gives the ids of those it added.
pub async fn insert_missing(
    database: &impl ConnectionTrait,
    sites: Vec<Model>,
) -> Result<HashSet<Uuid>, DbErr> {
    let unique = [Column::School, Column::DisplayName];
    store::insert_missing::<Entity, _>(database, sites, unique, |site| {
        (site.school, site.display_name.clone())
    })
    .await
}

/// Writes what may change, if nobody wrote since `version` was read.
pub async fn update(
    database: &impl ConnectionTrait,
    site: &Model,
    version: i64,
) -> Result<(), KernelError> {
    #[rustfmt::skip]
    let figures = [
        (Column::Stage, site.stage.into()),
        (Column::TeachingAuxiliaryAreaCentiSquareMeters, site.teaching_auxiliary_area_centi_square_meters.into()),
        (Column::IndoorSportsAreaCentiSquareMeters, site.indoor_sports_area_centi_square_meters.into()),
        (Column::SportsGroundAreaCentiSquareMeters, site.sports_ground_area_centi_square_meters.into()),
        (Column::EquipmentValueFen, site.equipment_value_fen.into()),
        (Column::ComputerCount, site.computer_count.into()),
        (Column::BookCount, site.book_count.into()),
        (Column::NetworkMultimediaRoomCount, site.network_multimedia_room_count.into()),
    ];
    let update = figures
        .into_iter()
        .fold(Entity::update_many(), |update, (column, value)| {
            update.col_expr(column, value)
        });
    let written = update
        .col_expr(Column::Version, Column::Version.into_expr().add(1))
        .filter(Column::Id.eq(site.id))
        .filter(Column::Version.eq(version))
        .exec(database)
        .await?;
    if written.rows_affected == 0 {
        return Err(KernelError::EtagMismatch {
            name: format!("sites/{}", site.id),
        });
    }
    Ok(())
}

/// Hands a site over to another school, which the transaction holds, if nobody wrote since `version` was read. Gives whether
/// its name was free there.
pub async fn hand_over(
    database: &impl ConnectionTrait,
    site: &Model,
    version: i64,
) -> Result<bool, KernelError> {
    let judged = Scope::everything("the school was judged against the scope before");
    let taken = Entity::visible_to(&judged)
        .filter(Column::School.eq(site.school))
        .filter(Column::DisplayName.eq(&site.display_name))
        .count(database)
        .await?;
    if taken > 0 {
        return Ok(false);
    }
    let written = Entity::update_many()
        .col_expr(Column::School, site.school.into())
        .col_expr(Column::Place, site.place.into())
        .col_expr(Column::Stage, site.stage.into())
        .col_expr(Column::DisplayName, site.display_name.clone().into())
        .col_expr(Column::Version, Column::Version.into_expr().add(1))
        .filter(Column::Id.eq(site.id))
        .filter(Column::Version.eq(version))
        .exec(database)
        .await?;
    if written.rows_affected == 0 {
        return Err(KernelError::EtagMismatch {
            name: format!("sites/{}", site.id),
        });
    }
    Ok(true)
}

/// How many sites a school has.
pub async fn count_of(database: &impl ConnectionTrait, school: Uuid) -> Result<u64, DbErr> {
    let judged = Scope::everything("the school was judged against the scope before");
    Entity::visible_to(&judged)
        .filter(Column::School.eq(school))
        .count(database)
        .await
}
