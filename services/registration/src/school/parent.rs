//! The organisation that a request names, with the place that its rows and journal entries carry.

use std::collections::{BTreeSet, HashMap};

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::name::Parent;
use junheng_kernel::region::RegionTable;
use junheng_kernel::resource;
use junheng_kernel::scope::{Scope, Scoped as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::entity::school::{self, Model};

/// A parent that the caller may act in, and where it lies.
#[derive(Clone, Debug)]
pub(crate) struct PlacedParent {
    /// The region or school.
    pub(crate) parent: Parent,
    /// Its place number.
    pub(crate) place: i64,
}

/// Reads a parent. Fails as [`Parent::of`] does, and for a school with `NOT_FOUND` or `OUT_OF_SCOPE`.
pub(crate) async fn placed(
    database: &impl ConnectionTrait,
    caller: &Caller,
    regions: &RegionTable,
    field: &str,
    value: &str,
) -> Result<PlacedParent, KernelError> {
    let parent = Parent::of(caller, regions, field, value)?;
    let place = match parent.school() {
        Some(id) => covered(database, caller, id).await?.place,
        None => parent.place().unwrap_or_default(),
    };
    Ok(PlacedParent { parent, place })
}

/// The school that a request names as the parent of one record. Fails with `FIELD_INVALID` for a region, otherwise as
/// [`placed`] does.
pub(crate) async fn school_of(
    database: &impl ConnectionTrait,
    caller: &Caller,
    regions: &RegionTable,
    field: &str,
    value: &str,
) -> Result<Model, KernelError> {
    match Parent::of(caller, regions, field, value)?.school() {
        Some(id) => covered(database, caller, id).await,
        None => Err(KernelError::Fields(vec![Violation::invalid(
            field,
            "must be schools/{id}: the record belongs to one school",
            "应为 schools/{学校标识}",
        )])),
    }
}

/// The places of schools as they stand now, held until the transaction ends, so that rows written in it lie where their
/// school lies: a move of the school comes before, or finds the rows. Ask before anything else is read or written.
pub(crate) async fn hold_places(
    database: &impl ConnectionTrait,
    schools: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, i64>, DbErr> {
    let judged = Scope::everything("the schools were judged against the scope before");
    let schools: BTreeSet<Uuid> = schools.into_iter().collect();
    let places: Vec<(Uuid, i64)> = school::Entity::visible_to(&judged)
        .select_only()
        .columns([school::Column::Id, school::Column::Place])
        .filter(school::Column::Id.is_in(schools))
        // Always in one order, so that two writes wait for each other instead of locking up.
        .order_by_asc(school::Column::SchoolCode)
        .lock_shared()
        .into_tuple()
        .all(database)
        .await?;
    Ok(places.into_iter().collect())
}

async fn covered(
    database: &impl ConnectionTrait,
    caller: &Caller,
    id: Uuid,
) -> Result<Model, KernelError> {
    let public = Scope::everything(
        "the directory is public; whether the caller may act in it is judged below",
    );
    let school = resource::get::<school::Entity>(database, &public, id).await?;
    if caller.scope.covers(school.place, Some(school.id)) {
        return Ok(school);
    }
    Err(KernelError::OutOfScope {
        organisation: format!("schools/{id}"),
        own: caller.organisation.clone(),
    })
}
