//! Every SQL statement about items.

use junheng_kernel::error::KernelError;
use junheng_kernel::resource;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::journal::v1::Record;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _,
    IntoActiveModel as _, QueryFilter as _, QueryOrder as _,
};
use uuid::Uuid;

use super::encode::record_of;
use super::workflow::State;
use crate::entity::campaign;
use crate::entity::evidence_item::{Column, Entity, Model};
use crate::framework::item::{Item, ItemKind};

/// Only those of a campaign, where one is named.
pub fn in_campaign(campaign: Option<Uuid>) -> Condition {
    Condition::all().add_option(campaign.map(|id| Column::Campaign.eq(id)))
}

/// Every item of a campaign in the framework's order.
pub async fn of_campaign(
    database: &impl ConnectionTrait,
    campaign: Uuid,
) -> Result<Vec<Model>, DbErr> {
    let all = Scope::everything("the items of a campaign that is in scope");
    Entity::visible_to(&all)
        .filter(Column::Campaign.eq(campaign))
        .order_by_asc(Column::Id)
        .all(database)
        .await
}

/// Opens an item for each of the framework's.
pub async fn open(
    database: &impl ConnectionTrait,
    campaign: &campaign::Model,
    definitions: &[Item],
) -> Result<Vec<Record>, DbErr> {
    let items: Vec<Model> = definitions.iter().map(|one| fresh(campaign, one)).collect();
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let rows = items.iter().cloned().map(|row| row.into_active_model());
    Entity::insert_many(rows)
        .exec_without_returning(database)
        .await?;
    Ok(items.iter().map(|item| record_of(None, item)).collect())
}

fn fresh(campaign: &campaign::Model, definition: &Item) -> Model {
    Model {
        id: Uuid::now_v7(),
        campaign: campaign.id,
        place: campaign.place,
        code: definition.code.clone(),
        display_name_zh: definition.zh.clone(),
        veto: definition.kind == ItemKind::Veto,
        state: State::Open as i32,
        met: false,
        value: String::new(),
        statement: String::new(),
        evidence: String::new(),
        return_reason: String::new(),
        version: 1,
    }
}

/// Locks every answered item of a campaign.
pub async fn sign(
    database: &impl ConnectionTrait,
    campaign: Uuid,
) -> Result<Vec<Record>, KernelError> {
    let mut records = Vec::new();
    for before in of_campaign(database, campaign).await? {
        if before.state == State::Answered as i32 {
            let after = moved(&before, State::Signed, "");
            update(database, &after, before.version).await?;
            records.push(record_of(Some(&before), &after));
        }
    }
    Ok(records)
}

/// Gives a signed item of the campaign back; `None` when it is not signed.
pub async fn give_back(
    database: &impl ConnectionTrait,
    campaign: Uuid,
    id: Uuid,
    reason: &str,
) -> Result<Option<Record>, KernelError> {
    let all = Scope::everything("the item of a campaign that is in scope");
    let before = resource::get::<Entity>(database, &all, id).await?;
    if before.campaign != campaign {
        return Err(KernelError::not_found(format!("evidenceItems/{id}")));
    }
    if before.state != State::Signed as i32 {
        return Ok(None);
    }
    let after = moved(&before, State::Returned, reason);
    update(database, &after, before.version).await?;
    Ok(Some(record_of(Some(&before), &after)))
}

/// The item in another state.
pub fn moved(item: &Model, state: State, reason: &str) -> Model {
    Model {
        state: state as i32,
        return_reason: reason.trim().to_owned(),
        version: item.version + 1,
        ..item.clone()
    }
}

/// Writes what a step changed, if nobody wrote since `version` was read.
pub async fn update(
    database: &impl ConnectionTrait,
    item: &Model,
    version: i64,
) -> Result<(), KernelError> {
    let written = Entity::update_many()
        .col_expr(Column::State, item.state.into())
        .col_expr(Column::Met, item.met.into())
        .col_expr(Column::Value, item.value.clone().into())
        .col_expr(Column::Statement, item.statement.clone().into())
        .col_expr(Column::Evidence, item.evidence.clone().into())
        .col_expr(Column::ReturnReason, item.return_reason.clone().into())
        .col_expr(Column::Version, Column::Version.into_expr().add(1))
        .filter(Column::Id.eq(item.id))
        .filter(Column::Version.eq(version))
        .exec(database)
        .await?;
    if written.rows_affected == 0 {
        return Err(KernelError::EtagMismatch {
            name: format!("evidenceItems/{}", item.id),
        });
    }
    Ok(())
}
