//! How many children of each kind stand on a list, are admitted and have come: kept with every write to the list, so that a
//! province's figures are sums over its lists, not over its children.

use std::collections::BTreeMap;

use junheng_kernel::name::Parent;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::education::v1::Sponsor;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _,
    IntoActiveModel as _, QueryFilter as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::entity::{admission_count as count, admission_plan as plan, school};

/// What is told of one kind.
#[derive(Clone, Debug, PartialEq, Eq, sea_orm::FromQueryResult)]
pub(super) struct Told {
    /// The kind.
    pub(super) kind: i32,
    /// On a list and not withdrawn.
    pub(super) listed: i64,
    /// Admitted.
    pub(super) admitted: i64,
    /// Admitted and come.
    pub(super) arrived: i64,
    /// Admitted by a school that is not private.
    pub(super) admitted_public: i64,
}

/// How many of each kind.
pub(super) fn by_kind(kinds: impl IntoIterator<Item = i32>) -> BTreeMap<i32, i64> {
    let mut counted = BTreeMap::new();
    for kind in kinds {
        *counted.entry(kind).or_default() += 1;
    }
    counted
}

/// Children came onto a list, or left it.
pub(super) async fn list(
    database: &impl ConnectionTrait,
    plan: Uuid,
    kinds: BTreeMap<i32, i64>,
) -> Result<(), DbErr> {
    if kinds.is_empty() {
        return Ok(());
    }
    let rows = kinds.into_iter().map(|(kind, listed)| {
        count::Model {
            plan,
            kind,
            listed,
            admitted: 0,
            arrived: 0,
        }
        .into_active_model()
    });
    let listed = Expr::col((count::Entity, count::Column::Listed));
    let more = Expr::col(("excluded", count::Column::Listed));
    let unique = OnConflict::columns([count::Column::Plan, count::Column::Kind])
        .value(count::Column::Listed, listed.add(more))
        .to_owned();
    count::Entity::insert_many(rows)
        .on_conflict(unique)
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// All of a list are admitted.
pub(super) async fn admit_all(database: &impl ConnectionTrait, plan: Uuid) -> Result<(), DbErr> {
    count::Entity::update_many()
        .col_expr(count::Column::Admitted, Expr::col(count::Column::Listed))
        .filter(count::Column::Plan.eq(plan))
        .exec(database)
        .await?;
    Ok(())
}

/// These of a list are admitted, and nobody else.
pub(super) async fn admit(
    database: &impl ConnectionTrait,
    plan: Uuid,
    kinds: BTreeMap<i32, i64>,
) -> Result<(), DbErr> {
    count::Entity::update_many()
        .col_expr(count::Column::Admitted, 0_i64.into())
        .filter(count::Column::Plan.eq(plan))
        .exec(database)
        .await?;
    for (kind, admitted) in kinds {
        count::Entity::update_many()
            .col_expr(count::Column::Admitted, admitted.into())
            .filter(count::Column::Plan.eq(plan))
            .filter(count::Column::Kind.eq(kind))
            .exec(database)
            .await?;
    }
    Ok(())
}

/// More of a list have come.
pub(super) async fn arrive(
    database: &impl ConnectionTrait,
    plan: Uuid,
    kinds: BTreeMap<i32, i64>,
) -> Result<(), DbErr> {
    for (kind, arrived) in kinds {
        count::Entity::update_many()
            .col_expr(
                count::Column::Arrived,
                Expr::col(count::Column::Arrived).add(arrived),
            )
            .filter(count::Column::Plan.eq(plan))
            .filter(count::Column::Kind.eq(kind))
            .exec(database)
            .await?;
    }
    Ok(())
}

/// The place of one admitted child was given up.
pub(super) async fn release(
    database: &impl ConnectionTrait,
    plan: Uuid,
    kind: i32,
    arrived: bool,
) -> Result<(), DbErr> {
    let less = |column: count::Column, by: i64| Expr::col(column).sub(by);
    count::Entity::update_many()
        .col_expr(count::Column::Admitted, less(count::Column::Admitted, 1))
        .col_expr(
            count::Column::Arrived,
            less(count::Column::Arrived, i64::from(arrived)),
        )
        .filter(count::Column::Plan.eq(plan))
        .filter(count::Column::Kind.eq(kind))
        .exec(database)
        .await?;
    Ok(())
}

/// The counts of the lists of a year below `parent` that the caller may see, summed by kind. Reads one row a list and kind.
pub(super) async fn below(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    school_year: i32,
) -> Result<Vec<Told>, DbErr> {
    let sum = |column: count::Column| {
        let column = Expr::col((count::Entity, column));
        column.sum().cast_as("bigint")
    };
    let public = Expr::case(
        Expr::col((school::Entity, school::Column::Sponsor)).ne(Sponsor::Private as i32),
        Expr::col((count::Entity, count::Column::Admitted)),
    )
    .finally(0_i64);
    let mut lists = plan::Entity::visible_to(scope)
        .filter(parent.condition::<plan::Entity>())
        .filter(plan::Column::SchoolYear.eq(school_year))
        .select_only()
        .expr_as(Expr::col((count::Entity, count::Column::Kind)), "kind")
        .expr_as(sum(count::Column::Listed), "listed")
        .expr_as(sum(count::Column::Admitted), "admitted")
        .expr_as(sum(count::Column::Arrived), "arrived")
        .expr_as(
            Expr::expr(public).sum().cast_as("bigint"),
            "admitted_public",
        );
    let query = sea_orm::QueryTrait::query(&mut lists);
    query
        .inner_join(
            count::Entity,
            Expr::col((count::Entity, count::Column::Plan))
                .equals((plan::Entity, plan::Column::Id)),
        )
        .inner_join(
            school::Entity,
            Expr::col((school::Entity, school::Column::Id))
                .equals((plan::Entity, plan::Column::School)),
        )
        .add_group_by([Expr::col((count::Entity, count::Column::Kind))])
        .order_by((count::Entity, count::Column::Kind), sea_orm::Order::Asc);
    lists.into_model().all(database).await
}
