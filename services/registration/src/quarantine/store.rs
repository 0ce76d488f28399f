//! Every SQL statement about rows that wait.

use std::collections::HashSet;

use junheng_kernel::bulk::SET;
use junheng_kernel::name::Parent;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::entity::quarantined_row::{Column, Entity, Model};

/// Kind, cause, how many rows, the first and the last time.
pub(super) type Cause = (i32, String, i64, i64, i64);

/// The kinds in the statement are those of the contract: 1 a school, 2 a class.
const MENDED: &str = "(kind = 1 AND EXISTS (SELECT 1 FROM schools s \
    WHERE s.school_code = quarantined_rows.school_code)) \
    OR (kind = 2 AND EXISTS (SELECT 1 FROM schools s JOIN school_classes c ON c.school = s.id \
    WHERE s.school_code = quarantined_rows.school_code AND c.stage = quarantined_rows.stage \
    AND c.grade = quarantined_rows.grade AND c.number = quarantined_rows.number))";

/// Adds the rows that do not wait already.
pub(super) async fn insert_missing(
    database: &impl ConnectionTrait,
    rows: Vec<Model>,
) -> Result<HashSet<Uuid>, DbErr> {
    store::insert_missing::<Entity, _>(database, rows, [Column::Fingerprint], |row| {
        row.fingerprint.clone()
    })
    .await
}

/// The oldest rows after `after` whose school or class has been registered.
pub(super) async fn mended(
    database: &impl ConnectionTrait,
    after: Uuid,
    most: u64,
) -> Result<Vec<Model>, DbErr> {
    let all = Scope::everything("rows go in, in the name of who imported them");
    Entity::visible_to(&all)
        .filter(Column::Id.gt(after))
        .filter(Expr::cust(MENDED))
        .order_by_asc(Column::Id)
        .limit(most)
        .all(database)
        .await
}

/// Those of the rows that still wait, held until the transaction ends.
pub(super) async fn hold(
    database: &impl ConnectionTrait,
    ids: Vec<Uuid>,
) -> Result<HashSet<Uuid>, DbErr> {
    let all = Scope::everything("only the rows just read are asked for");
    let held: Vec<Uuid> = Entity::visible_to(&all)
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.is_in(ids))
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .into_tuple()
        .all(database)
        .await?;
    Ok(held.into_iter().collect())
}

/// Takes rows out.
pub(super) async fn delete(database: &impl ConnectionTrait, ids: &[Uuid]) -> Result<u64, DbErr> {
    let mut deleted = 0;
    for some in ids.chunks(SET) {
        let gone = Entity::delete_many()
            .filter(Column::Id.is_in(some.iter().copied()))
            .exec(database)
            .await?;
        deleted += gone.rows_affected;
    }
    Ok(deleted)
}

/// Leaves a row under another cause.
pub(super) async fn set_cause(
    database: &impl ConnectionTrait,
    id: Uuid,
    kind: i32,
    cause: &str,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Kind, kind.into())
        .col_expr(Column::Cause, cause.into())
        .filter(Column::Id.eq(id))
        .exec(database)
        .await?;
    Ok(())
}

/// The causes below `parent` that the caller may see, the most rows first.
pub(super) async fn causes(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    most: u64,
) -> Result<Vec<Cause>, DbErr> {
    Entity::visible_to(scope)
        .filter(parent.condition::<Entity>())
        .select_only()
        .columns([Column::Kind, Column::Cause])
        .column_as(Column::Id.count(), "row_count")
        .column_as(Column::ImportMicros.min(), "first_micros")
        .column_as(Column::ImportMicros.max(), "last_micros")
        .group_by(Column::Kind)
        .group_by(Column::Cause)
        .order_by_desc(Column::Id.count())
        .order_by_asc(Column::Cause)
        .limit(most)
        .into_tuple()
        .all(database)
        .await
}

/// How many rows wait below `parent` for any cause.
pub(super) async fn count(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    only: Condition,
) -> Result<i64, DbErr> {
    let counted: Option<i64> = Entity::visible_to(scope)
        .filter(parent.condition::<Entity>())
        .filter(only)
        .select_only()
        .column_as(Column::Id.count(), "row_count")
        .into_tuple()
        .one(database)
        .await?;
    Ok(counted.unwrap_or(0))
}

/// The ids of the oldest rows that wait for a cause, held until the transaction ends.
pub(super) async fn of_cause(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    cause: &str,
    most: u64,
) -> Result<Vec<Uuid>, DbErr> {
    Entity::visible_to(scope)
        .filter(parent.condition::<Entity>())
        .filter(is_cause(cause))
        .select_only()
        .column(Column::Id)
        .order_by_asc(Column::Id)
        .limit(most)
        .lock_exclusive()
        .into_tuple()
        .all(database)
        .await
}

/// Only the rows of a cause, where one is named.
pub(super) fn is_cause(cause: &str) -> Condition {
    let named = Some(cause).filter(|cause| !cause.is_empty());
    Condition::all().add_option(named.map(|cause| Column::Cause.eq(cause)))
}
