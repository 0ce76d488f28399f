//! The one way in which new records come into a table.

use std::collections::HashSet;

use sea_orm::sea_query::ValueType;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DatabaseBackend, DbErr, EntityTrait, IntoActiveModel,
    ModelTrait as _, QueryFilter as _, QuerySelect as _, TryInsertResult,
};
use uuid::Uuid;

use super::set::insert_set;
use crate::bulk::SET;

use crate::resource::Resource;
use crate::scope::Scope;

/// Adds the records whose key nobody has taken yet, in one statement, and gives the ids of those that it added. The others
/// are left as they stand, whether they stood before or another write has added them at the same time; they can be read
/// now.
///
/// `unique` are the columns of the unique index, and `key` tells what a record has in them. Give at most
/// [`IMPORT_SET`](crate::bulk::IMPORT_SET) records. On PostgreSQL they go as a value or two a column, elsewhere as rows
/// of values, as many statements as the database's limit of values takes.
pub async fn insert_missing<E, K>(
    database: &impl ConnectionTrait,
    mut records: Vec<E::Model>,
    unique: impl IntoIterator<Item = E::Column>,
    key: impl Fn(&E::Model) -> K,
) -> Result<HashSet<Uuid>, DbErr>
where
    E: Resource,
    E::Model: IntoActiveModel<<E as EntityTrait>::ActiveModel>,
    K: Ord,
{
    // Always in one order, so that two writes of the same keys wait for each other instead of locking up.
    records.sort_by_cached_key(key);
    let unique: Vec<E::Column> = unique.into_iter().collect();
    if database.get_database_backend() == DatabaseBackend::Postgres
        && let Some(added) = insert_set::<E>(database, &records, &unique, E::ID).await?
    {
        return Ok(added);
    }
    let mut added = HashSet::new();
    let mut records = records.into_iter().peekable();
    while records.peek().is_some() {
        let some = records.by_ref().take(SET).collect();
        added.extend(insert_rows::<E>(database, some, &unique).await?);
    }
    Ok(added)
}

async fn insert_rows<E>(
    database: &impl ConnectionTrait,
    records: Vec<E::Model>,
    unique: &[E::Column],
) -> Result<HashSet<Uuid>, DbErr>
where
    E: Resource,
    E::Model: IntoActiveModel<<E as EntityTrait>::ActiveModel>,
{
    let ids = records
        .iter()
        .map(|record| {
            <Uuid as ValueType>::try_from(record.get(E::ID))
                .map_err(|_| DbErr::Type("the id is no UUID".into()))
        })
        .collect::<Result<Vec<Uuid>, DbErr>>()?;
    let rows = records.into_iter().map(IntoActiveModel::into_active_model);
    let written = E::insert_many(rows)
        .on_conflict_do_nothing_on(unique.iter().copied())
        .exec_without_returning(database)
        .await?;
    let TryInsertResult::Inserted(count) = written else {
        return Ok(HashSet::new());
    };
    if usize::try_from(count) == Ok(ids.len()) {
        return Ok(ids.into_iter().collect());
    }
    let own = Scope::everything("only the ids just given are asked for");
    let found = E::visible_to(&own)
        .select_only()
        .column(E::ID)
        .filter(E::ID.is_in(ids))
        .into_tuple()
        .all(database)
        .await?;
    Ok(found.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use sea_orm::Database;
    use sea_orm::entity::prelude::*;

    use super::*;
    use crate::scope::Scoped;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "things")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        id: Uuid,
        #[sea_orm(unique)]
        code: String,
        place: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Scoped for Entity {
        const PLACE: Column = Column::Place;
        const SCHOOL: Option<Column> = None;
    }

    impl Resource for Entity {
        const ID: Column = Column::Id;
        const COLLECTION: &'static str = "things";
    }

    fn things(codes: &[&str], place: i64) -> Vec<Model> {
        let thing = |code: &&str| Model {
            id: Uuid::now_v7(),
            code: (*code).to_owned(),
            place,
        };
        codes.iter().map(thing).collect()
    }

    #[tokio::test]
    async fn what_stands_is_left_as_it_is_and_the_rest_is_added_in_the_order_of_its_keys() {
        let database = Database::connect("sqlite::memory:").await.unwrap();
        database
            .execute_unprepared(
                "CREATE TABLE things (id blob PRIMARY KEY, code text UNIQUE, place integer)",
            )
            .await
            .unwrap();
        let add = |things: Vec<Model>| {
            insert_missing::<Entity, _>(&database, things, [Column::Code], |thing| {
                thing.code.clone()
            })
        };
        assert_eq!(add(Vec::new()).await.unwrap().len(), 0);
        assert_eq!(add(things(&["m", "b"], 1)).await.unwrap().len(), 2);
        let again = things(&["z", "m", "a"], 2);
        let expected = HashSet::from([again[0].id, again[2].id]);
        assert_eq!(add(again).await.unwrap(), expected);

        let statement = sea_orm::Statement::from_string(
            sea_orm::DatabaseBackend::Sqlite,
            "SELECT code || place AS kept FROM things ORDER BY rowid",
        );
        let rows = database.query_all_raw(statement).await.unwrap();
        let kept = rows.iter().map(|row| row.try_get("", "kept").unwrap());
        assert_eq!(kept.collect::<Vec<String>>(), ["b1", "m1", "a2", "z2"]);
    }
}
