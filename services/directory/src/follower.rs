//! Applies registration's feed to the copy.

use std::sync::Arc;

use junheng_kernel::error::KernelError;
use junheng_kernel::journal::{Feed, follow};
use junheng_kernel::name::id_of;
use junheng_kernel::region::RegionTable;
use junheng_kernel::scope::Scoped;
use junheng_kernel::service::{Context, Link};
use junheng_kernel::store::Tx;
use junheng_proto::journal::v1::ChangeEvent;
use junheng_proto::registration::v1::School;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, Iterable as _, QueryFilter as _,
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::entity::{Column, Entity, Model};

const SCHOOLS: Feed = Feed {
    service: "registration",
    collection: "schools",
};

/// Follows; the rows of `E` go where their school goes.
pub(crate) fn start<E: Scoped>(context: &Context, registration: Link) -> watch::Receiver<u64> {
    let regions = context.regions.clone();
    follow(context, SCHOOLS, registration, move |tx, events| {
        apply::<E>(regions.clone(), tx, events)
    })
}

async fn apply<E: Scoped>(
    regions: Arc<RegionTable>,
    tx: Tx,
    events: Vec<ChangeEvent>,
) -> Result<(), KernelError> {
    let mut copies = Vec::with_capacity(events.len());
    for record in events.into_iter().filter_map(|event| event.record) {
        let school: School = record
            .to_msg()
            .map_err(|error| KernelError::Stored(error.to_string()))?;
        copies.push(copy_of(&regions, &school)?);
    }
    // By school, those of one school in their order: writes hold the places of schools in the same order.
    copies.sort_by_key(|copy| copy.id);
    for copy in copies {
        let columns = Column::iter().filter(|column| !matches!(column, Column::Id));
        let newest_wins = OnConflict::column(Column::Id)
            .update_columns(columns)
            .to_owned();
        let (id, place) = (copy.id, copy.place);
        Entity::insert(copy.into_active_model())
            .on_conflict(newest_wins)
            .exec_without_returning(&*tx)
            .await?;
        move_rows::<E>(&tx, id, place).await?;
    }
    Ok(())
}

/// Moves the rows of a school to its place, those that stand there already aside.
async fn move_rows<E: Scoped>(tx: &Tx, school: Uuid, place: i64) -> Result<(), KernelError> {
    let Some(column) = E::SCHOOL else {
        return Ok(());
    };
    E::update_many()
        .col_expr(E::PLACE, place.into())
        .filter(column.eq(school))
        .filter(E::PLACE.ne(place))
        .exec(&**tx)
        .await?;
    Ok(())
}

fn copy_of(regions: &RegionTable, school: &School) -> Result<Model, KernelError> {
    let region = school.region.trim_start_matches("regions/");
    let code = if school.town.is_empty() {
        region
    } else {
        &school.town
    };
    let place = regions
        .place(code)
        .map_err(|error| KernelError::Stored(error.to_string()))?;
    let stages: Vec<String> = school.stages.iter().map(i32::to_string).collect();
    Ok(Model {
        id: id_of("schools", &school.name)?,
        school_code: school.school_code.clone(),
        display_name: school.display_name.clone(),
        kind: school.kind,
        urban_rural: school.urban_rural,
        sponsor: school.sponsor,
        stages: stages.join(","),
        region: region.to_owned(),
        place,
        state: school.state,
        closing: !school.closing_reorganisation.is_empty(),
    })
}
