//! Every SQL statement about changes of key fields.

use junheng_kernel::scope::{Scope, Scoped as _};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _,
};
use uuid::Uuid;

use super::workflow::State;
use crate::entity::key_change::{Column, Entity, Model};

/// The states in which a change is under way, as the unique index has them.
const OPEN: [i32; 2] = [State::Filed as i32, State::Endorsed as i32];

/// Only the changes that stand here, where a state is named.
pub(super) fn in_state(state: State) -> Condition {
    let named = (state != State::Unspecified).then(|| Column::State.eq(state as i32));
    Condition::all().add_option(named)
}

/// The student's change that is under way, whoever filed it.
pub(crate) async fn open_of(
    database: &impl ConnectionTrait,
    student: Uuid,
) -> Result<Option<Model>, DbErr> {
    let everywhere = Scope::everything("a student has one change under way in the whole province");
    Entity::visible_to(&everywhere)
        .filter(Column::Student.eq(student))
        .filter(Column::State.is_in(OPEN))
        .one(database)
        .await
}

/// Adds a change.
pub(super) async fn insert(database: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    Entity::insert(row.into_active_model())
        .exec_without_returning(database)
        .await?;
    Ok(())
}
