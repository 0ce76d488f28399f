//! Every SQL statement about exports.

use junheng_kernel::error::KernelError;
use junheng_kernel::resource;
use junheng_kernel::scope::{Scope, Scoped as _};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel as _,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::entity::export::{Column, Entity, Model};
use crate::entity::{export_download as download, school, school_class, student};

/// Only those in a state, where one is named.
pub(crate) fn in_state(state: i32) -> Condition {
    Condition::all().add_option((state != 0).then(|| Column::State.eq(state)))
}

/// Adds an export.
pub(crate) async fn insert(database: &impl ConnectionTrait, export: Model) -> Result<(), DbErr> {
    Entity::insert(export.into_active_model())
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// Writes the export whole, if nobody wrote since `version` was read.
pub(crate) async fn replace(
    database: &impl ConnectionTrait,
    export: &Model,
    version: i64,
) -> Result<(), KernelError> {
    resource::replace::<Entity>(database, export.clone(), version).await
}

/// The downloads of an export, oldest first.
pub(crate) async fn downloads(
    database: &impl ConnectionTrait,
    export: Uuid,
) -> Result<Vec<download::Model>, DbErr> {
    let all = Scope::everything("the downloads of an export that is in scope");
    download::Entity::visible_to(&all)
        .filter(download::Column::Export.eq(export))
        .order_by_asc(download::Column::Id)
        .all(database)
        .await
}

/// Holds the export until the transaction ends. Whether the caller may see it is judged by who asks.
pub(crate) async fn hold(database: &impl ConnectionTrait, id: Uuid) -> Result<(), DbErr> {
    let all = Scope::everything("the export is read within the caller's scope next");
    Entity::visible_to(&all)
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.eq(id))
        .lock_exclusive()
        .into_tuple::<Uuid>()
        .one(database)
        .await?;
    Ok(())
}

/// How many downloads an export has had.
pub(crate) async fn count_downloads(
    database: &impl ConnectionTrait,
    export: Uuid,
) -> Result<u64, DbErr> {
    let all = Scope::everything("the downloads of an export that is in scope");
    download::Entity::visible_to(&all)
        .filter(download::Column::Export.eq(export))
        .count(database)
        .await
}

/// Keeps that a download begins.
pub(crate) async fn begin(
    database: &impl ConnectionTrait,
    begun: download::Model,
) -> Result<(), DbErr> {
    download::Entity::insert(begun.into_active_model())
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// Keeps that a download ended, with what it gave.
pub(crate) async fn end(
    database: &impl ConnectionTrait,
    ended: &download::Model,
) -> Result<(), DbErr> {
    download::Entity::update_many()
        .col_expr(download::Column::EndMicros, ended.end_micros.into())
        .col_expr(download::Column::RowCount, ended.row_count.into())
        .col_expr(download::Column::Digest, ended.digest.clone().into())
        .filter(download::Column::Id.eq(ended.id))
        .exec(database)
        .await?;
    Ok(())
}

/// Which students an export holds, its parent aside.
pub(crate) fn wanted(export: &Model) -> Condition {
    use student::Column as C;
    let only = [
        (C::Stage, export.stage),
        (C::Grade, export.grade),
        (C::State, export.student_state),
    ];
    let only = only.into_iter().filter(|(_, wanted)| *wanted != 0);
    only.fold(Condition::all(), |all, (column, wanted)| {
        all.add(column.eq(wanted))
    })
}

/// The schools and the classes that some students name.
pub(crate) async fn named(
    database: &impl ConnectionTrait,
    students: &[student::Model],
) -> Result<(Vec<school::Model>, Vec<school_class::Model>), DbErr> {
    let all = Scope::everything("the schools and classes of students that are in scope");
    let mut schools: Vec<Uuid> = students.iter().map(|student| student.school).collect();
    let mut classes: Vec<Uuid> = students
        .iter()
        .filter_map(|student| student.school_class)
        .collect();
    for ids in [&mut schools, &mut classes] {
        ids.sort_unstable();
        ids.dedup();
    }
    let schools = school::Entity::visible_to(&all)
        .filter(school::Column::Id.is_in(schools))
        .all(database)
        .await?;
    let classes = school_class::Entity::visible_to(&all)
        .filter(school_class::Column::Id.is_in(classes))
        .all(database)
        .await?;
    Ok((schools, classes))
}
