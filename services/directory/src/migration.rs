//! The copy's schema.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, integer, string, uuid};

/// Creates the copy of the school directory.
pub struct DirectoryMigration;

impl MigrationName for DirectoryMigration {
    fn name(&self) -> &str {
        "m20261121_000002_directory"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for DirectoryMigration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schools = Table::create()
            .table("directory_schools")
            .col(uuid("id").primary_key())
            .col(string("school_code").unique_key())
            .col(string("display_name"))
            .col(integer("kind"))
            .col(integer("urban_rural"))
            .col(integer("sponsor"))
            .col(string("stages"))
            .col(string("region"))
            .col(big_integer("place"))
            .col(integer("state"))
            .col(boolean("closing"))
            .to_owned();
        manager.create_table(schools).await?;
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX directory_schools_place ON directory_schools (place, id)",
            )
            .await?;
        Ok(())
    }
}
