//! Admission plans and the children on their lists.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, boolean, integer, string, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let admission_plans = Table::create()
            .table("admission_plans")
            .col(uuid("id").primary_key())
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(string("region"))
            .col(integer("school_year"))
            .col(integer("stage"))
            .col(integer("basis"))
            .col(integer("place_count"))
            .col(integer("class_count"))
            .col(string("migrant_documents"))
            .col(string("over_standard_reason"))
            .col(integer("state"))
            .col(string("notice_end_date"))
            .col(string("list_digest"))
            .col(string("seed_source"))
            .col(string("seed"))
            .col(integer("listed_count"))
            .col(integer("admitted_count"))
            .col(integer("arrived_count"))
            .col(integer("enrolled_count"))
            .col(string("due_date"))
            .col(boolean("due_provisional"))
            .col(big_integer("version"))
            .col(big_integer("update_micros"))
            .to_owned();
        manager.create_table(admission_plans).await?;
        let admission_entries = Table::create()
            .table("admission_entries")
            .col(uuid("id").primary_key())
            .col(uuid("plan"))
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(integer("school_year"))
            .col(integer("kind"))
            .col(integer("outcome"))
            .col(binary("identity_hash"))
            .col(binary("claim"))
            .col(binary("personal"))
            .col(boolean("arrived"))
            .col(uuid_null("student"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(admission_entries).await?;
        let admission_counts = Table::create()
            .table("admission_counts")
            .col(uuid("plan"))
            .col(integer("kind"))
            .col(big_integer("listed"))
            .col(big_integer("admitted"))
            .col(big_integer("arrived"))
            .primary_key(Index::create().col("plan").col("kind"))
            .to_owned();
        manager.create_table(admission_counts).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE UNIQUE INDEX admission_plans_year ON admission_plans (school, school_year, stage)",
            "CREATE INDEX admission_plans_place ON admission_plans (place, id)",
            "CREATE UNIQUE INDEX admission_entries_claim ON admission_entries (school_year, claim)",
            "CREATE INDEX admission_entries_plan ON admission_entries (plan, id)",
            "CREATE INDEX admission_entries_school ON admission_entries (school, id)",
            "CREATE INDEX admission_entries_place ON admission_entries (place, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
