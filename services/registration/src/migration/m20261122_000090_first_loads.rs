//! The first load of a province that is under way, and how the indexes are built that it has taken away.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, text, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let loads = Table::create()
            .table("first_loads")
            // One at a time: always 1.
            .col(integer("id").primary_key())
            .col(uuid("holder"))
            .col(big_integer("until_micros"))
            .col(text("statements"))
            .to_owned();
        manager.create_table(loads).await
    }
}
