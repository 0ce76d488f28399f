//! Every SQL statement about accounts and their posts.

use junheng_kernel::error::KernelError;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::identity::v1::Post;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _,
    ExprTrait as _, IntoActiveModel as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, SqlErr, UpdateMany,
};
use uuid::Uuid;

use super::error::AccountError;
use crate::entity::account::{Column, Entity, Model};
use crate::entity::account_post;

/// The account that signs in with `name`.
pub async fn by_sign_in_name(
    database: &impl ConnectionTrait,
    name: &str,
) -> Result<Option<Model>, DbErr> {
    let every = Scope::everything("whoever signs in has no scope yet");
    Entity::visible_to(&every)
        .filter(Column::SignInName.eq(name))
        .one(database)
        .await
}

/// The account, whose holder asks.
pub async fn with_id(database: &impl ConnectionTrait, id: Uuid) -> Result<Option<Model>, DbErr> {
    let own = Scope::everything("an account is its holder's own");
    Entity::visible_to(&own)
        .filter(Column::Id.eq(id))
        .one(database)
        .await
}

/// Holds the account's row until the transaction ends, so that giving and taking its posts and signing in go one after
/// the other. SQLite has one writer at a time anyway.
pub async fn lock(database: &impl ConnectionTrait, id: Uuid) -> Result<(), DbErr> {
    let every = Scope::everything("only the lock is taken; nothing is read");
    Entity::visible_to(&every)
        .filter(Column::Id.eq(id))
        .lock_exclusive()
        .one(database)
        .await
        .map(drop)
}

/// How many accounts there are.
pub async fn count(database: &impl ConnectionTrait) -> Result<u64, DbErr> {
    let every = Scope::everything("only whether there is any account at all is asked");
    Entity::visible_to(&every).count(database).await
}

/// The posts of accounts that were found in scope, oldest first.
pub async fn posts_of(
    database: &impl ConnectionTrait,
    accounts: &[Uuid],
) -> Result<Vec<account_post::Model>, DbErr> {
    let every = Scope::everything("the accounts of these posts were in scope");
    account_post::Entity::visible_to(&every)
        .filter(account_post::Column::Account.is_in(accounts.iter().copied()))
        .order_by_asc(account_post::Column::Id)
        .all(database)
        .await
}

/// Adds an account. Fails when its sign-in name is taken.
pub async fn insert(database: &impl ConnectionTrait, account: Model) -> Result<(), AccountError> {
    let sign_in_name = account.sign_in_name.clone();
    let result = account.into_active_model().insert(database).await;
    match result.as_ref().err().and_then(DbErr::sql_err) {
        Some(SqlErr::UniqueConstraintViolation(_)) => {
            Err(AccountError::SignInNameTaken { sign_in_name })
        }
        _ => Ok(result.map(drop)?),
    }
}

/// Moves an account to its next version, if nobody wrote since `version` was read.
pub async fn touch(
    database: &impl ConnectionTrait,
    id: Uuid,
    version: i64,
) -> Result<(), KernelError> {
    write(database, id, version, Entity::update_many()).await
}

/// Gives an account another password, and its next version, if nobody wrote since `version` was read.
pub async fn set_password(
    database: &impl ConnectionTrait,
    id: Uuid,
    version: i64,
    hash: String,
) -> Result<(), KernelError> {
    let set = Entity::update_many().col_expr(Column::PasswordHash, hash.into());
    write(database, id, version, set).await
}

async fn write(
    database: &impl ConnectionTrait,
    id: Uuid,
    version: i64,
    set: UpdateMany<Entity>,
) -> Result<(), KernelError> {
    let written = set
        .col_expr(Column::Version, Column::Version.into_expr().add(1))
        .filter(Column::Id.eq(id))
        .filter(Column::Version.eq(version))
        .exec(database)
        .await?;
    if written.rows_affected == 0 {
        return Err(KernelError::EtagMismatch {
            name: format!("accounts/{id}"),
        });
    }
    Ok(())
}

/// Adds a post.
pub async fn insert_post(
    database: &impl ConnectionTrait,
    post: account_post::Model,
) -> Result<(), DbErr> {
    post.into_active_model().insert(database).await.map(drop)
}

/// Takes a post away.
pub async fn delete_post(
    database: &impl ConnectionTrait,
    account: Uuid,
    post: &Post,
) -> Result<(), DbErr> {
    account_post::Entity::delete_many()
        .filter(account_post::Column::Account.eq(account))
        .filter(account_post::Column::Level.eq(post.level))
        .filter(account_post::Column::Duty.eq(post.duty))
        .filter(account_post::Column::Organisation.eq(&post.organisation))
        .exec(database)
        .await
        .map(drop)
}
