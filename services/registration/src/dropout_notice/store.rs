//! Every SQL statement about notices.

use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::registration::v1::dropout_notice::State;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _,
};
use uuid::Uuid;

use crate::entity::dropout_notice::{Column, Entity, Model};

/// Adds a notice.
pub(super) async fn insert(database: &impl ConnectionTrait, notice: Model) -> Result<(), DbErr> {
    Entity::insert(notice.into_active_model())
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// Only this kind and state, 0 for all.
pub(super) fn only(kind: i32, state: i32) -> Condition {
    Condition::all()
        .add_option((kind != 0).then(|| Column::Kind.eq(kind)))
        .add_option((state != 0).then(|| Column::State.eq(state)))
}

/// Only those of a case.
pub(super) fn of_case(case: Uuid) -> Condition {
    Condition::all().add(Column::DropoutCase.eq(case))
}

/// The notices of a case that were not revoked, oldest first.
pub(crate) async fn holding(
    database: &impl ConnectionTrait,
    case: Uuid,
) -> Result<Vec<Model>, DbErr> {
    let judged = Scope::everything("the notices of a case that the caller covers");
    Entity::visible_to(&judged)
        .filter(Column::DropoutCase.eq(case))
        .filter(Column::State.ne(State::Revoked as i32))
        .order_by_asc(Column::Id)
        .all(database)
        .await
}
