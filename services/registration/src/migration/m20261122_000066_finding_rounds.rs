//! Rounds that find suspicions.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, string, text, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let rounds = Table::create()
            .table("finding_rounds")
            .col(uuid("id").primary_key())
            .col(big_integer("place"))
            .col(string("region"))
            .col(string("date"))
            .col(integer("trigger"))
            .col(integer("state"))
            .col(string("open_key").unique_key())
            .col(string("day_key").unique_key())
            .col(integer("way"))
            .col(string("after"))
            .col(string("holder"))
            .col(big_integer("holder_micros"))
            .col(big_integer("attendance_count"))
            .col(big_integer("cohort_count"))
            .col(big_integer("process_count"))
            .col(big_integer("opened_count"))
            .col(big_integer("create_micros"))
            .col(big_integer("done_micros"))
            .col(integer("failure"))
            .col(text("failure_zh"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(rounds).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE INDEX finding_rounds_place ON finding_rounds (place, id)",
            "CREATE INDEX finding_rounds_running ON finding_rounds (id) WHERE state = 1",
            // Transfers and leaves that hang, by the day on which they fell due.
            "CREATE INDEX transfers_due ON transfers (due_date) WHERE open_key IS NOT NULL",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
