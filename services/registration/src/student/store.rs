//! Every SQL statement about students.

use std::collections::HashSet;

use junheng_kernel::bulk::SET;
use junheng_kernel::error::KernelError;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel, QueryFilter as _,
};
use uuid::Uuid;

use crate::entity::student::{Column, Entity, Model};
use crate::entity::student_change;

/// The students with these hashes, wherever they are.
pub async fn with_hashes(
    database: &impl ConnectionTrait,
    hashes: &[&[u8]],
) -> Result<Vec<Model>, DbErr> {
    let everywhere = Scope::everything("a person has one record in the whole province");
    Entity::visible_to(&everywhere)
        .filter(Column::IdentityHash.is_in(hashes.iter().map(|hash| hash.to_vec())))
        .all(database)
        .await
}

/// Adds the students whose hash nobody has yet, and gives the ids of those it added.
pub async fn insert_missing(
    database: &impl ConnectionTrait,
    students: Vec<Model>,
) -> Result<HashSet<Uuid>, DbErr> {
    store::insert_missing::<Entity, _>(database, students, [Column::IdentityHash], |student| {
        student.identity_hash.clone()
    })
    .await
}

/// Adds students of whom it is known that their hashes and numbers are nobody's.
pub(super) async fn insert_new(
    database: &impl ConnectionTrait,
    students: &[Model],
) -> Result<(), DbErr> {
    store::insert_new::<Entity>(database, students).await
}

/// Writes rows whole, whose versions have been counted up, if nobody wrote since they were read. Only the ledger calls this:
/// a change is also counted and told.
pub(super) async fn replace_all(
    database: &impl ConnectionTrait,
    students: Vec<Model>,
) -> Result<(), KernelError> {
    store::replace_all::<Entity>(database, students).await
}

/// Adds entries to the history of students.
pub(super) async fn insert_changes(
    database: &impl ConnectionTrait,
    changes: Vec<student_change::Model>,
) -> Result<(), DbErr> {
    for some in changes.chunks(SET) {
        let rows = some.iter().cloned().map(IntoActiveModel::into_active_model);
        student_change::Entity::insert_many(rows)
            .exec_without_returning(database)
            .await?;
    }
    Ok(())
}
