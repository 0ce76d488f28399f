//! The SQL statements about lists, their children and comparisons, but for the matching itself.

use std::collections::HashSet;

use junheng_kernel::bulk::SET;
use junheng_kernel::error::KernelError;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use junheng_proto::registration::v1::comparison::State;
use junheng_proto::registration::v1::resident_list;
use sea_orm::sea_query::Query;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::entity::{
    comparison, resident, resident_candidate, resident_count, resident_list as list,
};

const EVERYWHERE: &str = "a list is compared as a whole, whoever asked for it";

/// What makes a list follow another: the later takes the place of the earlier, and its comparison is set against the earlier's.
/// The account is no part of it, so that a department whose system gets a new one is no newcomer.
const LIST_KEY: [list::Column; 3] = [
    list::Column::Region,
    list::Column::Source,
    list::Column::Kind,
];
const COMPARISON_KEY: [comparison::Column; 3] = [
    comparison::Column::Region,
    comparison::Column::Source,
    comparison::Column::Kind,
];

fn alike<C: ColumnTrait>([region, source, kind]: [C; 3], row: &list::Model) -> Condition {
    Condition::all()
        .add(region.eq(&row.region))
        .add(source.eq(row.source))
        .add(kind.eq(row.kind))
}

/// Adds a list.
pub(super) async fn insert_list(
    database: &impl ConnectionTrait,
    row: list::Model,
) -> Result<(), DbErr> {
    list::Entity::insert(row.into_active_model())
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// Adds the children whom their list does not have yet, and gives the ids of those it added.
pub(super) async fn insert_residents(
    database: &impl ConnectionTrait,
    rows: Vec<resident::Model>,
) -> Result<HashSet<Uuid>, DbErr> {
    let unique = [resident::Column::List, resident::Column::Person];
    store::insert_missing::<resident::Entity, _>(database, rows, unique, |row| {
        (row.list, row.person)
    })
    .await
}

/// How many children a list has, by county and month of birth.
pub(super) async fn count_residents(
    database: &impl ConnectionTrait,
    list: Uuid,
) -> Result<Vec<(String, i32, i64)>, DbErr> {
    resident::Entity::visible_to(&Scope::everything(EVERYWHERE))
        .filter(resident::Column::List.eq(list))
        .select_only()
        .columns([resident::Column::Region, resident::Column::BirthMonth])
        .column_as(resident::Column::Id.count(), "resident_count")
        .group_by(resident::Column::Region)
        .group_by(resident::Column::BirthMonth)
        .into_tuple()
        .all(database)
        .await
}

/// Keeps how many children a list has.
pub(super) async fn keep_counts(
    database: &impl ConnectionTrait,
    counts: Vec<resident_count::Model>,
) -> Result<(), DbErr> {
    for some in counts.chunks(SET) {
        let rows = some
            .iter()
            .cloned()
            .map(resident_count::Model::into_active_model);
        resident_count::Entity::insert_many(rows)
            .exec_without_returning(database)
            .await?;
    }
    Ok(())
}

/// The live lists of the same source, kind and region.
pub(super) async fn live_like(
    database: &impl ConnectionTrait,
    row: &list::Model,
) -> Result<Vec<list::Model>, DbErr> {
    list::Entity::visible_to(&Scope::everything("a list replaces whoever's came before"))
        .filter(alike(LIST_KEY, row))
        .filter(list::Column::State.eq(resident_list::State::Live as i32))
        .filter(list::Column::Id.ne(row.id))
        .all(database)
        .await
}

/// Adds a comparison.
pub(super) async fn insert_comparison(
    database: &impl ConnectionTrait,
    row: comparison::Model,
) -> Result<(), DbErr> {
    comparison::Entity::insert(row.into_active_model())
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// The comparison of a region that runs.
pub(super) async fn running_in(
    database: &impl ConnectionTrait,
    region: &str,
) -> Result<Option<comparison::Model>, DbErr> {
    comparison::Entity::visible_to(&Scope::everything("one comparison of a region at a time"))
        .filter(comparison::Column::Region.eq(region))
        .filter(comparison::Column::State.eq(State::Running as i32))
        .one(database)
        .await
}

/// The comparison of a list of the same source, kind and region that ended last.
pub(super) async fn last_like(
    database: &impl ConnectionTrait,
    row: &list::Model,
) -> Result<Option<comparison::Model>, DbErr> {
    comparison::Entity::visible_to(&Scope::everything(EVERYWHERE))
        .filter(alike(COMPARISON_KEY, row))
        .filter(comparison::Column::State.eq(State::Done as i32))
        .order_by_desc(comparison::Column::Id)
        .one(database)
        .await
}

/// The comparisons that run, oldest first.
pub(super) async fn running(database: &impl ConnectionTrait) -> Result<Vec<Uuid>, DbErr> {
    comparison::Entity::visible_to(&Scope::everything("every one that was begun is ended"))
        .select_only()
        .column(comparison::Column::Id)
        .filter(comparison::Column::State.eq(State::Running as i32))
        .order_by_asc(comparison::Column::Id)
        .into_tuple()
        .all(database)
        .await
}

/// A comparison, wherever it lies.
pub(super) async fn comparison(
    database: &impl ConnectionTrait,
    id: Uuid,
) -> Result<comparison::Model, KernelError> {
    comparison::Entity::visible_to(&Scope::everything("the caller judges whose it is"))
        .filter(comparison::Column::Id.eq(id))
        .one(database)
        .await?
        .ok_or_else(|| KernelError::not_found(format!("comparisons/{id}")))
}

/// The comparison, held until the transaction ends: two replicas go on one after the other.
pub(super) async fn hold(
    database: &impl ConnectionTrait,
    id: Uuid,
) -> Result<comparison::Model, KernelError> {
    comparison::Entity::visible_to(&Scope::everything(EVERYWHERE))
        .filter(comparison::Column::Id.eq(id))
        .lock_exclusive()
        .one(database)
        .await?
        .ok_or_else(|| KernelError::not_found(format!("comparisons/{id}")))
}

/// The children of these lists, the newest row of each child first.
pub(super) async fn residents(
    database: &impl ConnectionTrait,
    lists: &[Uuid],
    persons: Vec<Uuid>,
) -> Result<Vec<resident::Model>, DbErr> {
    resident::Entity::visible_to(&Scope::everything("the results were read within the scope"))
        .filter(resident::Column::List.is_in(lists.iter().copied()))
        .filter(resident::Column::Person.is_in(persons))
        .order_by_desc(resident::Column::Id)
        .all(database)
        .await
}

/// A child as the last list has it that the scope covers.
pub(super) async fn last_resident(
    database: &impl ConnectionTrait,
    scope: &Scope,
    person: Uuid,
) -> Result<Option<resident::Model>, DbErr> {
    resident::Entity::visible_to(scope)
        .filter(resident::Column::Person.eq(person))
        .order_by_desc(resident::Column::Id)
        .one(database)
        .await
}

/// A child as the last list of an account has it; None where no list of the account has it.
pub(crate) async fn sent_by(
    database: &impl ConnectionTrait,
    account: &str,
    person: Uuid,
) -> Result<Option<resident::Model>, DbErr> {
    let own = Query::select()
        .column(list::Column::Id)
        .from(list::Entity)
        .and_where(list::Column::Account.eq(account))
        .to_owned();
    resident::Entity::visible_to(&Scope::everything("who sent a child may name it again"))
        .filter(resident::Column::Person.eq(person))
        .filter(resident::Column::List.in_subquery(own))
        .order_by_desc(resident::Column::Id)
        .one(database)
        .await
}

/// Children as the last list has each, wherever they live.
pub(super) async fn last_residents(
    database: &impl ConnectionTrait,
    persons: Vec<Uuid>,
) -> Result<Vec<resident::Model>, DbErr> {
    resident::Entity::visible_to(&Scope::everything(
        "the candidates were read within the scope",
    ))
    .filter(resident::Column::Person.is_in(persons))
    .order_by_asc(resident::Column::Id)
    .all(database)
    .await
}

/// Adds the pairs that are not known yet.
pub(super) async fn insert_candidates(
    database: &impl ConnectionTrait,
    rows: Vec<resident_candidate::Model>,
) -> Result<(), DbErr> {
    use resident_candidate::{Column, Entity};
    let unique = [Column::Person, Column::Student];
    store::insert_missing::<Entity, _>(database, rows, unique, |row| (row.person, row.student))
        .await?;
    Ok(())
}
