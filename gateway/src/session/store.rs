//! Every SQL statement about sessions and failed sign-ins.

use junheng_kernel::error::KernelError;
use junheng_kernel::scope::{Scope, Scoped as _};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _,
    IntoActiveModel as _, PaginatorTrait as _, QueryFilter as _,
};
use uuid::Uuid;

use super::rules::Failures;
use crate::entity::{session, sign_in_attempt};
use junheng_proto::identity::v1::Post;

fn own() -> Scope {
    Scope::everything("a session is its holder's own")
}

/// Whether a session lasts: neither over nor ended.
pub async fn is_alive(
    database: &impl ConnectionTrait,
    id: Uuid,
    now_micros: i64,
) -> Result<bool, KernelError> {
    let found = session::Entity::visible_to(&own())
        .filter(session::Column::Id.eq(id))
        .filter(session::Column::EndedMicros.eq(0))
        .filter(session::Column::ExpiresMicros.gt(now_micros))
        .count(database)
        .await?;
    Ok(found == 1)
}

/// The session, if there is one.
pub async fn get(
    database: &impl ConnectionTrait,
    id: Uuid,
) -> Result<Option<session::Model>, DbErr> {
    session::Entity::visible_to(&own())
        .filter(session::Column::Id.eq(id))
        .one(database)
        .await
}

/// Adds a session.
pub async fn insert(database: &impl ConnectionTrait, session: session::Model) -> Result<(), DbErr> {
    session.into_active_model().insert(database).await.map(drop)
}

/// Ends a session that lasts.
pub async fn end(database: &impl ConnectionTrait, id: Uuid, now_micros: i64) -> Result<(), DbErr> {
    session::Entity::update_many()
        .col_expr(session::Column::EndedMicros, now_micros.into())
        .filter(session::Column::Id.eq(id))
        .filter(session::Column::EndedMicros.eq(0))
        .exec(database)
        .await
        .map(drop)
}

/// Ends every session of an account in a post.
pub async fn end_in_post(
    database: &impl ConnectionTrait,
    account: Uuid,
    post: &Post,
    now_micros: i64,
) -> Result<(), DbErr> {
    session::Entity::update_many()
        .col_expr(session::Column::EndedMicros, now_micros.into())
        .filter(session::Column::Account.eq(account))
        .filter(session::Column::Level.eq(post.level))
        .filter(session::Column::Duty.eq(post.duty))
        .filter(session::Column::Organisation.eq(&post.organisation))
        .filter(session::Column::EndedMicros.eq(0))
        .exec(database)
        .await
        .map(drop)
}

/// Ends every session of an account but one.
pub async fn end_others(
    database: &impl ConnectionTrait,
    account: Uuid,
    but: Uuid,
    now_micros: i64,
) -> Result<(), DbErr> {
    session::Entity::update_many()
        .col_expr(session::Column::EndedMicros, now_micros.into())
        .filter(session::Column::Account.eq(account))
        .filter(session::Column::Id.ne(but))
        .filter(session::Column::EndedMicros.eq(0))
        .exec(database)
        .await
        .map(drop)
}

/// The failures of a name.
pub async fn failures(database: &impl ConnectionTrait, name: &str) -> Result<Failures, DbErr> {
    let every = Scope::everything("whoever signs in has no scope yet");
    let found = sign_in_attempt::Entity::visible_to(&every)
        .filter(sign_in_attempt::Column::SignInName.eq(name))
        .one(database)
        .await?;
    Ok(found.map_or_else(Failures::default, |row| Failures {
        count: row.failures,
        locked_until_micros: row.locked_until_micros,
        last_micros: row.last_micros,
    }))
}

/// Writes the failures of a name.
pub async fn save_failures(
    database: &impl ConnectionTrait,
    name: &str,
    failures: Failures,
) -> Result<(), DbErr> {
    use sign_in_attempt::Column;
    let row = sign_in_attempt::Model {
        sign_in_name: name.to_owned(),
        place: 0,
        failures: failures.count,
        locked_until_micros: failures.locked_until_micros,
        last_micros: failures.last_micros,
    };
    let update = OnConflict::column(Column::SignInName)
        .update_columns([
            Column::Failures,
            Column::LockedUntilMicros,
            Column::LastMicros,
        ])
        .to_owned();
    sign_in_attempt::Entity::insert(row.into_active_model())
        .on_conflict(update)
        .exec_without_returning(database)
        .await
        .map(drop)
}

/// Forgets the failures of a name.
pub async fn forget_failures(database: &impl ConnectionTrait, name: &str) -> Result<(), DbErr> {
    sign_in_attempt::Entity::delete_many()
        .filter(sign_in_attempt::Column::SignInName.eq(name))
        .exec(database)
        .await
        .map(drop)
}

/// Forgets failures before `micros`, so that invented names do not fill the table.
pub async fn forget_failures_before(
    database: &impl ConnectionTrait,
    micros: i64,
) -> Result<(), DbErr> {
    sign_in_attempt::Entity::delete_many()
        .filter(sign_in_attempt::Column::LastMicros.lt(micros))
        .exec(database)
        .await
        .map(drop)
}
