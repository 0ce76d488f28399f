//! Every SQL statement about transfers.

use junheng_kernel::resource;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use junheng_proto::registration::v1::student::State as StudentState;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, QueryFilter as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::entity::student;
use crate::entity::transfer::{Column, Entity, Model};

/// Adds the transfer, unless one of the same pupil is open.
pub(super) async fn insert(
    database: &impl ConnectionTrait,
    transfer: &Model,
) -> Result<bool, DbErr> {
    let added = store::insert_missing::<Entity, _>(
        database,
        vec![transfer.clone()],
        [Column::OpenKey],
        |row| row.open_key.clone(),
    )
    .await?;
    Ok(!added.is_empty())
}

/// Only those in a state, and only those whose day has passed before `today`, where asked.
pub(super) fn only(state: Option<i32>, overdue_before: Option<&str>) -> Condition {
    Condition::all()
        .add_option(state.map(|state| Column::State.eq(state)))
        .add_option(overdue_before.map(|today| resource::overdue(Column::DueDate, today)))
}

/// The student with this hash of number or document, wherever the record is.
pub(super) async fn student_by(
    database: &impl ConnectionTrait,
    column: student::Column,
    hash: &[u8],
) -> Result<Option<student::Model>, DbErr> {
    let everywhere = Scope::everything(
        "the receiving school cannot see the record; number, name and date of birth must agree",
    );
    student::Entity::visible_to(&everywhere)
        .filter(column.eq(hash.to_vec()))
        .one(database)
        .await
}

/// How many attend a class, and the last school year in which the grade of one of them holds.
pub(super) async fn attendance(
    database: &impl ConnectionTrait,
    class: Uuid,
) -> Result<(i64, Option<i32>), DbErr> {
    let everywhere = Scope::everything("the caller was found to be a party of the transfer");
    let counted: Option<(i64, Option<i32>)> = student::Entity::visible_to(&everywhere)
        .select_only()
        .column_as(student::Column::Id.count(), "students")
        .column_as(student::Column::GradeYear.max(), "newest")
        .filter(student::Column::SchoolClass.eq(class))
        .filter(student::Column::State.eq(StudentState::Enrolled as i32))
        .into_tuple()
        .one(database)
        .await?;
    Ok(counted.unwrap_or_default())
}
