//! Campaigns and what their submissions froze.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, boolean, integer, string, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let campaigns = Table::create()
            .table("campaigns")
            .col(uuid("id").primary_key())
            .col(string("framework"))
            .col(string("region"))
            .col(big_integer("place"))
            .col(string("display_name"))
            .col(string("as_of_date"))
            .col(integer("state"))
            .col(string("due_date"))
            .col(boolean("due_provisional"))
            .col(string("publicity_end_date"))
            .col(string("measures_digest"))
            .col(big_integer("update_micros"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(campaigns).await?;
        let snapshots = Table::create()
            .table("snapshots")
            .col(uuid("id").primary_key())
            .col(uuid("campaign"))
            .col(big_integer("place"))
            .col(string("step"))
            .col(string("measures_digest"))
            .col(big_integer("freeze_micros"))
            .col(binary("judged"))
            .to_owned();
        manager.create_table(snapshots).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE INDEX campaigns_place ON campaigns (place, id)",
            // One campaign of a county and framework at a time; 7 is PUBLISHED.
            "CREATE UNIQUE INDEX campaigns_under_way ON campaigns (region, framework) \
             WHERE state <> 7",
            "CREATE INDEX snapshots_campaign ON snapshots (campaign, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
