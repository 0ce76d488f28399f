//! The two queries that every room has: one record by id, and one page of a list. Both carry the scope.

use sea_orm::{ColumnTrait as _, Condition, ConnectionTrait, DbErr, QueryFilter as _};
use sea_orm::{QueryOrder as _, QuerySelect as _};
use uuid::Uuid;

use crate::error::KernelError;
use crate::name::Parent;
use crate::page::Page;
use crate::scope::{Scope, Scoped};

/// A table whose rows are resources, `{collection}/{id}`.
pub trait Resource: Scoped {
    /// The column of the id, a UUIDv7: its order is the order of creation.
    const ID: Self::Column;
    /// The collection, for example `schools`.
    const COLLECTION: &'static str;
}

/// The record, if the caller may see it; missing and invisible are one answer, `NOT_FOUND`.
pub async fn get<E: Resource>(
    database: &impl ConnectionTrait,
    scope: &Scope,
    id: Uuid,
) -> Result<E::Model, KernelError> {
    E::visible_to(scope)
        .filter(E::ID.eq(id))
        .one(database)
        .await?
        .ok_or_else(|| KernelError::not_found(format!("{}/{id}", E::COLLECTION)))
}

/// One page of the records below `parent` that the caller may see, oldest first, with the one row more by which
/// [`Page::cut`] knows that another page follows.
pub async fn list<E: Resource>(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    page: &Page,
) -> Result<Vec<E::Model>, DbErr> {
    list_only::<E>(database, scope, parent, Condition::all(), page).await
}

/// The same of the records that meet `only`.
pub async fn list_only<E: Resource>(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    only: Condition,
    page: &Page,
) -> Result<Vec<E::Model>, DbErr> {
    let after = page.after::<Uuid>().map(|after| E::ID.gt(after));
    E::visible_to(scope)
        .filter(parent.condition::<E>())
        .filter(only)
        .filter(Condition::all().add_option(after))
        .order_by_asc(E::ID)
        .limit(page.limit())
        .all(database)
        .await
}
