//! What has happened to dropout cases, for ledgers, reports and rates.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, date, integer, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let events = Table::create()
            .table("dropout_case_events")
            .col(uuid("id").primary_key())
            .col(uuid("dropout_case"))
            .col(uuid_null("student"))
            .col(uuid_null("school"))
            .col(big_integer("place"))
            .col(integer("event"))
            .col(date("date"))
            .col(integer("finding"))
            .col(integer("stage"))
            .col(integer("grade"))
            .col(big_integer("groups"))
            .col(integer("level"))
            .col(big_integer("entry_micros"))
            .to_owned();
        manager.create_table(events).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE INDEX dropout_case_events_case ON dropout_case_events (dropout_case, event, id)",
            "CREATE INDEX dropout_case_events_student ON dropout_case_events (student, event, id)",
            "CREATE INDEX dropout_case_events_place ON dropout_case_events (place, id)",
            "CREATE INDEX dropout_case_events_school ON dropout_case_events (school, id)",
            "CREATE INDEX dropout_case_events_day ON dropout_case_events (event, date, place)",
            "CREATE INDEX dropout_case_events_entry ON dropout_case_events (event, entry_micros, place)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
