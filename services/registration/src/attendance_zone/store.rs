//! Every SQL statement about zone plans.

use std::collections::HashSet;

use junheng_kernel::error::KernelError;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use junheng_proto::registration::v1::{AttendanceZone, ZonePlan};
use prost::Message as _;
use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, QueryFilter as _};
use uuid::Uuid;

use super::workflow::State;
use crate::entity::zone_plan::{Column, Entity, Model};

/// Adds a plan, unless the county has one of the same year and stage.
pub async fn insert_missing(
    database: &impl ConnectionTrait,
    plan: Model,
) -> Result<HashSet<Uuid>, DbErr> {
    let unique = [Column::Region, Column::SchoolYear, Column::Stage];
    store::insert_missing::<Entity, _>(database, vec![plan], unique, |plan| {
        (plan.region.clone(), plan.school_year, plan.stage)
    })
    .await
}

/// The plan of a county, year and stage. Zones are public, so it is read without a scope.
pub async fn of_county(
    database: &impl ConnectionTrait,
    region: &str,
    school_year: i32,
    stage: i32,
) -> Result<Option<Model>, DbErr> {
    let public = Scope::everything("published zones are open to everybody");
    Entity::visible_to(&public)
        .filter(Column::Region.eq(region))
        .filter(Column::SchoolYear.eq(school_year))
        .filter(Column::Stage.eq(stage))
        .one(database)
        .await
}

/// The published plan of a county, year and stage.
pub async fn published(
    database: &impl ConnectionTrait,
    region: &str,
    school_year: i32,
    stage: i32,
) -> Result<Option<Model>, DbErr> {
    let plan = of_county(database, region, school_year, stage).await?;
    Ok(plan.filter(|plan| plan.state == State::Published as i32))
}

/// Zones as the row keeps them.
pub fn pack(zones: Vec<AttendanceZone>) -> Vec<u8> {
    ZonePlan {
        zones,
        ..ZonePlan::default()
    }
    .encode_to_vec()
}

/// The zones of a row.
pub fn zones_of(plan: &Model) -> Result<Vec<AttendanceZone>, KernelError> {
    ZonePlan::decode(plan.zones.as_slice())
        .map(|plan| plan.zones)
        .map_err(|error| KernelError::Stored(error.to_string()))
}
