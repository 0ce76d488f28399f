//! Every SQL statement about grants and looks.

use junheng_kernel::error::KernelError;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _,
    IntoActiveModel as _, QueryFilter as _,
};
use uuid::Uuid;

use super::workflow::State;
use crate::entity::access_grant::{Column, Entity, Model};
use crate::entity::access_reveal;

/// Only those in a state, where one is named.
pub(crate) fn in_state(state: i32) -> Condition {
    Condition::all().add_option((state != 0).then(|| Column::State.eq(state)))
}

/// Only the looks under a grant, where one is named.
pub(crate) fn of_grant(grant: Option<Uuid>) -> Condition {
    let grant = grant.map(|id| access_reveal::Column::AccessGrant.eq(id));
    Condition::all().add_option(grant)
}

/// Adds a grant.
pub(crate) async fn insert(database: &impl ConnectionTrait, grant: Model) -> Result<(), DbErr> {
    Entity::insert(grant.into_active_model())
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// Writes what a step changes, if no other step was taken since `version` was read. The count of looks is left alone: looks go
/// on while the step is taken.
pub(crate) async fn step(
    database: &impl ConnectionTrait,
    grant: &Model,
    version: i64,
) -> Result<(), KernelError> {
    let written = Entity::update_many()
        .col_expr(Column::State, grant.state.into())
        .col_expr(Column::DueDate, grant.due_date.clone().into())
        .col_expr(Column::DueProvisional, grant.due_provisional.into())
        .col_expr(Column::Version, Column::Version.into_expr().add(1))
        .filter(Column::Id.eq(grant.id))
        .filter(Column::Version.eq(version))
        .exec(database)
        .await?;
    if written.rows_affected == 0 {
        return Err(KernelError::EtagMismatch {
            name: format!("accessGrants/{}", grant.id),
        });
    }
    Ok(())
}

/// Counts one look, if the grant stands and its quota has one left; whether it had. Two at once cannot both take the last.
pub(crate) async fn take_one(database: &impl ConnectionTrait, grant: Uuid) -> Result<bool, DbErr> {
    let written = Entity::update_many()
        .col_expr(Column::UsedCount, Column::UsedCount.into_expr().add(1))
        .filter(Column::Id.eq(grant))
        .filter(Column::State.eq(State::Granted as i32))
        .filter(Column::UsedCount.into_expr().lt(Column::Quota.into_expr()))
        .exec(database)
        .await?;
    Ok(written.rows_affected == 1)
}

/// Keeps a look.
pub(crate) async fn insert_reveal(
    database: &impl ConnectionTrait,
    reveal: access_reveal::Model,
) -> Result<(), DbErr> {
    access_reveal::Entity::insert(reveal.into_active_model())
        .exec_without_returning(database)
        .await?;
    Ok(())
}
