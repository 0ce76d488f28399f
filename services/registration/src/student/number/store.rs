//! Every SQL statement about student numbers beyond the present one, and about those whom the national check could not match.

use std::collections::{HashMap, HashSet};

use junheng_kernel::scope::{Scope, Scoped as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::entity::{number_mismatch, student, student_number};

fn everywhere() -> Scope {
    Scope::everything("a number is one student's in the whole province")
}

/// Whose these numbers are or were, by their hashes, wherever the students are.
pub(crate) async fn holders(
    database: &impl ConnectionTrait,
    hashes: &[Vec<u8>],
) -> Result<HashMap<Vec<u8>, Uuid>, DbErr> {
    let given = || hashes.iter().cloned();
    let present: Vec<(Vec<u8>, Uuid)> = student::Entity::visible_to(&everywhere())
        .select_only()
        .columns([student::Column::NumberHash, student::Column::Id])
        .filter(student::Column::NumberHash.is_in(given()))
        .into_tuple()
        .all(database)
        .await?;
    let past: Vec<(Vec<u8>, Uuid)> = student_number::Entity::visible_to(&everywhere())
        .select_only()
        .columns([
            student_number::Column::NumberHash,
            student_number::Column::Student,
        ])
        .filter(student_number::Column::NumberHash.is_in(given()))
        .into_tuple()
        .all(database)
        .await?;
    Ok(past.into_iter().chain(present).collect())
}

/// Whether a number is, or was, that of another student than `own`.
pub(crate) async fn is_taken(
    database: &impl ConnectionTrait,
    hash: &[u8],
    own: Option<Uuid>,
) -> Result<bool, DbErr> {
    let holders = holders(database, &[hash.to_vec()]).await?;
    Ok(holders.values().any(|holder| Some(*holder) != own))
}

/// The numbers that a student had, oldest first. The student's own row has been judged against the scope.
pub(super) async fn past_of(
    database: &impl ConnectionTrait,
    student: Uuid,
) -> Result<Vec<student_number::Model>, DbErr> {
    student_number::Entity::visible_to(&everywhere())
        .filter(student_number::Column::Student.eq(student))
        .order_by_asc(student_number::Column::Id)
        .all(database)
        .await
}

/// Keeps numbers of the past.
pub(crate) async fn insert_past(
    database: &impl ConnectionTrait,
    past: Vec<student_number::Model>,
) -> Result<(), DbErr> {
    if past.is_empty() {
        return Ok(());
    }
    let rows = past.into_iter().map(IntoActiveModel::into_active_model);
    student_number::Entity::insert_many(rows)
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// The students of these ids whom the scope covers.
pub(super) async fn students(
    database: &impl ConnectionTrait,
    scope: &Scope,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<student::Model>, DbErr> {
    student::Entity::visible_to(scope)
        .filter(student::Column::Id.is_in(ids))
        .all(database)
        .await
}

/// Puts students on the list of mismatches, in place of what stood there for them.
pub(super) async fn list_mismatches(
    database: &impl ConnectionTrait,
    found: Vec<number_mismatch::Model>,
) -> Result<(), DbErr> {
    clear_mismatches(database, found.iter().map(|one| one.student)).await?;
    if found.is_empty() {
        return Ok(());
    }
    let rows = found.into_iter().map(IntoActiveModel::into_active_model);
    number_mismatch::Entity::insert_many(rows)
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// Takes students off the list of mismatches.
pub(crate) async fn clear_mismatches(
    database: &impl ConnectionTrait,
    students: impl IntoIterator<Item = Uuid>,
) -> Result<(), DbErr> {
    let students: HashSet<Uuid> = students.into_iter().collect();
    if students.is_empty() {
        return Ok(());
    }
    number_mismatch::Entity::delete_many()
        .filter(number_mismatch::Column::Student.is_in(students))
        .exec(database)
        .await?;
    Ok(())
}
