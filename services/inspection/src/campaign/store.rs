//! Every SQL statement about campaigns and their snapshots.

use std::collections::HashMap;

use junheng_kernel::error::KernelError;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::inspection::v1::{EvaluateMeasuresResponse, evidence_item, school_report};
use prost::Message as _;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _,
    ExprTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::workflow::State;
use crate::entity::campaign::{Column, Entity, Model};
use crate::entity::{evidence_item as item, school_report as report, snapshot};

/// The same, held until the transaction ends: of two who take a step at once the second sees what the first did.
pub async fn get_for_step(
    database: &impl ConnectionTrait,
    scope: &Scope,
    id: Uuid,
) -> Result<Model, KernelError> {
    one(database, Entity::visible_to(scope).lock_exclusive(), id).await
}

/// The campaign of a report or item, held so that it cannot be signed while one of its parts changes.
pub async fn get_for_part(database: &impl ConnectionTrait, id: Uuid) -> Result<Model, KernelError> {
    let all = Scope::everything("a part's campaign decides whether the part is open");
    one(database, Entity::visible_to(&all).lock_shared(), id).await
}

async fn one(
    database: &impl ConnectionTrait,
    query: sea_orm::Select<Entity>,
    id: Uuid,
) -> Result<Model, KernelError> {
    query
        .filter(Column::Id.eq(id))
        .one(database)
        .await?
        .ok_or_else(|| KernelError::not_found(format!("campaigns/{id}")))
}

/// The campaign of a county and framework that has not ended.
pub async fn under_way(
    database: &impl ConnectionTrait,
    region: &str,
    framework: &str,
) -> Result<Option<Model>, DbErr> {
    let all = Scope::everything("one campaign at a time, whoever sees it");
    Entity::visible_to(&all)
        .filter(Column::Region.eq(region))
        .filter(Column::Framework.eq(framework))
        .filter(Column::State.ne(State::Published as i32))
        .one(database)
        .await
}

/// Adds a campaign. Fails with `WRITE_CONFLICT` when another of the county was drafted in the same moment.
pub async fn insert(database: &impl ConnectionTrait, campaign: Model) -> Result<(), KernelError> {
    campaign.into_active_model().insert(database).await?;
    Ok(())
}

/// Writes what a step changed, if nobody wrote since `version` was read.
pub async fn update(
    database: &impl ConnectionTrait,
    campaign: &Model,
    version: i64,
) -> Result<(), KernelError> {
    let written = Entity::update_many()
        .col_expr(Column::State, campaign.state.into())
        .col_expr(Column::DueDate, campaign.due_date.clone().into())
        .col_expr(Column::DueProvisional, campaign.due_provisional.into())
        .col_expr(
            Column::PublicityEndDate,
            campaign.publicity_end_date.clone().into(),
        )
        .col_expr(
            Column::MeasuresDigest,
            campaign.measures_digest.clone().into(),
        )
        .col_expr(Column::UpdateMicros, campaign.update_micros.into())
        .col_expr(Column::Version, Column::Version.into_expr().add(1))
        .filter(Column::Id.eq(campaign.id))
        .filter(Column::Version.eq(version))
        .exec(database)
        .await?;
    if written.rows_affected == 0 {
        return Err(KernelError::EtagMismatch {
            name: format!("campaigns/{}", campaign.id),
        });
    }
    Ok(())
}

/// How many parts campaigns have, and how many of them are done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Reports of schools.
    pub reports: i32,
    /// Of these confirmed or signed.
    pub confirmed: i32,
    /// Evidence items.
    pub items: i32,
    /// Of these answered or signed.
    pub answered: i32,
}

/// The counts of several campaigns in two queries.
pub async fn counts(
    database: &impl ConnectionTrait,
    campaigns: &[Uuid],
) -> Result<HashMap<Uuid, Counts>, DbErr> {
    let all = Scope::everything("the parts of campaigns that are in scope");
    let reports: Vec<(Uuid, i32, i64)> = report::Entity::visible_to(&all)
        .select_only()
        .columns([report::Column::Campaign, report::Column::State])
        .column_as(report::Column::Id.count(), "parts")
        .filter(report::Column::Campaign.is_in(campaigns.iter().copied()))
        .group_by(report::Column::Campaign)
        .group_by(report::Column::State)
        .into_tuple()
        .all(database)
        .await?;
    let items: Vec<(Uuid, i32, i64)> = item::Entity::visible_to(&all)
        .select_only()
        .columns([item::Column::Campaign, item::Column::State])
        .column_as(item::Column::Id.count(), "parts")
        .filter(item::Column::Campaign.is_in(campaigns.iter().copied()))
        .group_by(item::Column::Campaign)
        .group_by(item::Column::State)
        .into_tuple()
        .all(database)
        .await?;
    let mut counts: HashMap<Uuid, Counts> = HashMap::new();
    let whole = |parts: i64| i32::try_from(parts).unwrap_or(i32::MAX);
    for (campaign, state, parts) in reports {
        use school_report::State::{Confirmed, Signed};
        let of = counts.entry(campaign).or_default();
        of.reports += whole(parts);
        if [Confirmed as i32, Signed as i32].contains(&state) {
            of.confirmed += whole(parts);
        }
    }
    for (campaign, state, parts) in items {
        use evidence_item::State::{Answered, Signed};
        let of = counts.entry(campaign).or_default();
        of.items += whole(parts);
        if [Answered as i32, Signed as i32].contains(&state) {
            of.answered += whole(parts);
        }
    }
    Ok(counts)
}

/// Keeps what a submission froze.
pub async fn insert_snapshot(
    database: &impl ConnectionTrait,
    snapshot: snapshot::Model,
) -> Result<(), DbErr> {
    let snapshot = snapshot.into_active_model();
    snapshot.insert(database).await.map(drop)
}

/// The verdict and figures of the last submission, as they were answered then.
pub async fn last_judged(
    database: &impl ConnectionTrait,
    campaign: Uuid,
) -> Result<EvaluateMeasuresResponse, KernelError> {
    let all = Scope::everything("the snapshot of a campaign that is in scope or public");
    let newest = snapshot::Entity::visible_to(&all)
        .filter(snapshot::Column::Campaign.eq(campaign))
        .order_by_desc(snapshot::Column::Id)
        .one(database)
        .await?;
    let newest = newest.ok_or_else(|| KernelError::not_found(format!("campaigns/{campaign}")))?;
    EvaluateMeasuresResponse::decode(newest.judged.as_slice())
        .map_err(|error| KernelError::Stored(error.to_string()))
}
