//! Every SQL statement about students.

use std::collections::HashSet;

use junheng_kernel::bulk::SET;
use junheng_kernel::error::KernelError;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel,
    QueryFilter as _,
};
use uuid::Uuid;

use crate::entity::student::{Column, Entity, Model};
use crate::entity::student_change;
use crate::tally::counted::COUNTED;

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

/// Whom a list shows by state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    /// Those of a row of [`COUNTED`].
    Counted(usize),
    /// Records that are open, whether the student attends or is away (在籍); the others are gone.
    Open,
    /// Those of a state in which nobody attends.
    Away(i32),
}

/// Only these, of a class, stage and grade where each is asked for; with constants where an index holds some rows only.
pub(super) fn wanted(rows: Rows, class: Option<Uuid>, stage: i32, grade: i32) -> Condition {
    let state = match rows {
        Rows::Counted(counted) => COUNTED[counted].rows.to_owned(),
        Rows::Open => "state <= 4".to_owned(),
        Rows::Away(state) => format!("state <> 1 AND state = {state}"),
    };
    Condition::all()
        .add(Expr::cust(state))
        .add_option(class.map(|id| Column::SchoolClass.eq(id)))
        .add_option((stage != 0).then(|| Column::Stage.eq(stage)))
        .add_option((grade != 0).then(|| Column::Grade.eq(grade)))
}
