//! Zone plans.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, boolean, integer, string, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let zone_plans = Table::create()
            .table("zone_plans")
            .col(uuid("id").primary_key())
            .col(string("region"))
            .col(big_integer("place"))
            .col(integer("school_year"))
            .col(integer("stage"))
            .col(integer("state"))
            .col(binary("zones"))
            .col(string("notice_end_date"))
            .col(string("due_date"))
            .col(boolean("due_provisional"))
            .col(big_integer("version"))
            .col(big_integer("update_micros"))
            .to_owned();
        manager.create_table(zone_plans).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE UNIQUE INDEX zone_plans_year ON zone_plans (region, school_year, stage)",
            "CREATE INDEX zone_plans_place ON zone_plans (place, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
