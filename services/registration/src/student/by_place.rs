//! Students in the order of the index by place, page by page: a county is read without the rest of the province.

use std::fmt;
use std::str::FromStr;

use junheng_kernel::name::Parent;
use junheng_kernel::scope::{Scope, Scoped as _};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::entity::student::{Column, Entity, Model};

/// The last student of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlaceKey {
    /// Where the student is.
    pub(crate) place: i64,
    /// The student.
    pub(crate) id: Uuid,
}

// === impl PlaceKey ===

impl PlaceKey {
    /// The key of a row.
    pub(crate) fn of(row: &Model) -> Self {
        Self {
            place: row.place,
            id: row.id,
        }
    }
}

impl fmt::Display for PlaceKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.place, self.id)
    }
}

impl FromStr for PlaceKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (place, id) = text.split_once('.').ok_or(())?;
        Ok(Self {
            place: place.parse().map_err(|_| ())?,
            id: id.parse().map_err(|_| ())?,
        })
    }
}

/// The next students below `parent` that meet `only`.
pub(crate) async fn next(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    only: Condition,
    after: Option<PlaceKey>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let key = Expr::tuple([Column::Place.into_expr(), Column::Id.into_expr()]);
    let after =
        after.map(|after| key.gt(Expr::tuple([Expr::val(after.place), Expr::val(after.id)])));
    Entity::visible_to(scope)
        .filter(parent.condition::<Entity>())
        .filter(only)
        .filter(Condition::all().add_option(after))
        .order_by_asc(Column::Place)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(database)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back() {
        let key = PlaceKey {
            place: 630_103_001_000,
            id: Uuid::now_v7(),
        };
        assert_eq!(key.to_string().parse(), Ok(key));
        assert_eq!("630103001000".parse::<PlaceKey>(), Err(()));
    }
}
