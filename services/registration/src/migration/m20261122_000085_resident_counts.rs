//! How many children each complete list of a department has, by county and month of birth: what is left of it when its children
//! are cleared away.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, string, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let counts = Table::create()
            .table("resident_counts")
            .col(uuid("list"))
            .col(string("code"))
            .col(string("region"))
            .col(big_integer("place"))
            .col(integer("birth_month"))
            .col(big_integer("resident_count"))
            .primary_key(Index::create().col("list").col("code").col("birth_month"))
            .to_owned();
        manager.create_table(counts).await
    }
}
