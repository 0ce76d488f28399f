//! Draws of parallel classes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, boolean, integer, string, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let class_draws = Table::create()
            .table("class_draws")
            .col(uuid("id").primary_key())
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(string("region"))
            .col(integer("school_year"))
            .col(integer("stage"))
            .col(integer("grade"))
            .col(big_integer("cancel_micros"))
            .col(integer("state"))
            .col(binary("content"))
            .col(string("list_digest"))
            .col(string("school_commitment"))
            .col(string("county_commitment"))
            .col(string("school_part"))
            .col(string("school_source"))
            .col(string("county_part"))
            .col(string("county_source"))
            .col(string("seed"))
            .col(string("due_date"))
            .col(boolean("due_provisional"))
            .col(big_integer("version"))
            .col(big_integer("update_micros"))
            .to_owned();
        manager.create_table(class_draws).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE UNIQUE INDEX class_draws_year \
             ON class_draws (school, school_year, stage, grade, cancel_micros)",
            "CREATE INDEX class_draws_place ON class_draws (place, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
