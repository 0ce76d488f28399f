//! The organisation that a request names, with the place that its rows and journal entries carry.

use std::collections::{BTreeSet, HashMap};

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::label;
use junheng_kernel::name::Parent;
use junheng_kernel::region::RegionTable;
use junheng_kernel::resource::{self, Resource};
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::registration::v1::school::State;
use sea_orm::sea_query::ValueType;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, ModelTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use uuid::Uuid;

use super::error::SchoolError;
use crate::entity::school::{self, Model};

/// A parent that the caller may act in, and where it lies.
#[derive(Clone, Debug)]
pub(crate) struct PlacedParent {
    /// The region or school.
    pub(crate) parent: Parent,
    /// Its place number.
    pub(crate) place: i64,
}

/// Schools that are held until the transaction ends.
#[derive(Debug)]
pub(crate) struct OpenPlaces {
    held: HashMap<Uuid, Model>,
}

// === impl OpenPlaces ===

impl OpenPlaces {
    /// Where a school that takes somebody lies. Fails with `SCHOOL_NOT_OPEN` as [`check_open`] does.
    pub(crate) fn taking(&self, school: Uuid) -> Result<i64, KernelError> {
        let held = self.held.get(&school);
        let held = held.ok_or_else(|| KernelError::not_found(format!("schools/{school}")))?;
        check_open(held)?;
        Ok(held.place)
    }

    /// Where a school lies, or what is wrong with a row that names it.
    pub(crate) fn of(&self, school: Uuid) -> Result<i64, Violation> {
        let Some(held) = self.held.get(&school) else {
            let gone = KernelError::not_found(format!("schools/{school}"));
            return Err(Violation::of("school_code", &gone));
        };
        match not_open(held) {
            None => Ok(held.place),
            Some(closed) => Err(Violation::of("school_code", &closed)),
        }
    }
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
        Some(id) => {
            let school = covered(database, caller, id).await?;
            check_open(&school)?;
            Ok(school)
        }
        None => Err(not_a_school(field)),
    }
}

/// Fails with `SCHOOL_NOT_OPEN` for a school that takes nobody: closed, or not opened yet.
pub(crate) fn check_open(school: &Model) -> Result<(), KernelError> {
    match not_open(school) {
        None => Ok(()),
        Some(error) => Err(KernelError::Rule(Box::new(error))),
    }
}

/// Fails with `SCHOOL_CLOSES` for a school whose closing is approved.
pub(crate) fn check_stays(school: &Model) -> Result<(), KernelError> {
    if school.closing.is_none() {
        return Ok(());
    }
    let school = school.display_name.clone();
    Err(KernelError::Rule(Box::new(SchoolError::Closes { school })))
}

/// What keeps a school from taking anybody, where something does.
pub(crate) fn not_open(school: &Model) -> Option<SchoolError> {
    let state = State::try_from(school.state).unwrap_or_default();
    (state != State::Open).then(|| SchoolError::NotOpen {
        school: school.display_name.clone(),
        state: label::of(state),
    })
}

/// The field names no school.
pub(crate) fn not_a_school(field: &str) -> KernelError {
    KernelError::Fields(vec![Violation::invalid(
        field,
        "must be schools/{id}: the record belongs to one school",
        "应为 schools/{学校标识}",
    )])
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

/// The place of an organisation, which was read before: that of a school as it stands now, held likewise.
pub(crate) async fn hold_place(
    database: &impl ConnectionTrait,
    school: Option<Uuid>,
    place: i64,
) -> Result<i64, DbErr> {
    let Some(school) = school else {
        return Ok(place);
    };
    let places = hold_places(database, [school]).await?;
    Ok(places.get(&school).copied().unwrap_or(place))
}

/// Like [`hold_places`], for what comes new into schools: a school that closed since the rows were judged takes nobody.
pub(crate) async fn hold_open(
    database: &impl ConnectionTrait,
    schools: impl IntoIterator<Item = Uuid>,
) -> Result<OpenPlaces, DbErr> {
    let judged = Scope::everything("the schools were judged against the scope before");
    let schools: BTreeSet<Uuid> = schools.into_iter().collect();
    let held = school::Entity::visible_to(&judged)
        .filter(school::Column::Id.is_in(schools))
        .order_by_asc(school::Column::SchoolCode)
        .lock_shared()
        .all(database)
        .await?;
    Ok(OpenPlaces {
        held: held.into_iter().map(|school| (school.id, school)).collect(),
    })
}

/// A school as it stands now, held likewise: for a record that is new in it. Fails with `NOT_FOUND`.
pub(crate) async fn hold_school(
    database: &impl ConnectionTrait,
    id: Uuid,
) -> Result<Model, KernelError> {
    let mut places = hold_open(database, [id]).await?;
    let gone = || KernelError::not_found(format!("schools/{id}"));
    places.held.remove(&id).ok_or_else(gone)
}

/// A record that is to change, read after the schools of all its sides were held: it lies where they lie, and so does what is
/// added beside it. Ask before anything else is held. Fails as [`resource::get`] does, and with `WRITE_CONFLICT` when it went to
/// another school in the same moment.
///
/// Who takes records along counts their versions, so that a record without a school, or one that nobody held, is not written
/// back where it was either.
pub(crate) async fn held<E: Resource>(
    database: &impl ConnectionTrait,
    scope: &Scope,
    id: Uuid,
) -> Result<E::Model, KernelError> {
    let seen = resource::get::<E>(database, scope, id).await?;
    let schools = schools_of::<E>(&seen);
    if schools.is_empty() {
        return Ok(seen);
    }
    hold_places(database, schools.iter().copied()).await?;
    let record = resource::get::<E>(database, scope, id).await?;
    if schools_of::<E>(&record) != schools {
        return Err(KernelError::WriteConflict);
    }
    Ok(record)
}

/// The schools of all sides of a record.
fn schools_of<E: Resource>(record: &E::Model) -> Vec<Uuid> {
    let others = E::OTHER_SIDES.iter().map(|(_, school)| *school);
    let columns = E::SCHOOL.into_iter().chain(others);
    let schools = columns.map(|column| <Option<Uuid> as ValueType>::try_from(record.get(column)));
    schools.filter_map(|school| school.ok().flatten()).collect()
}

/// Holds schools until the transaction ends, so that nobody else changes them meanwhile.
pub(crate) async fn hold_for_change(
    database: &impl ConnectionTrait,
    schools: &[Uuid],
) -> Result<(), DbErr> {
    let judged = Scope::everything("the schools were judged against the scope before");
    school::Entity::visible_to(&judged)
        .select_only()
        .column(school::Column::Id)
        .filter(school::Column::Id.is_in(schools.iter().copied()))
        .order_by_asc(school::Column::SchoolCode)
        .lock_exclusive()
        .into_tuple::<Uuid>()
        .all(database)
        .await?;
    Ok(())
}

/// The school, which the caller's post must cover. Fails with `NOT_FOUND` or `OUT_OF_SCOPE`.
pub(crate) async fn covered(
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
