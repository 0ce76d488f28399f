//! What forecasts are made from: births, and pupils by grade of past years.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, integer_null, string, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let birth_counts = Table::create()
            .table("birth_counts")
            .col(uuid("id").primary_key())
            .col(string("region"))
            .col(string("code"))
            .col(big_integer("place"))
            .col(integer("birth_year"))
            .col(integer("birth_count"))
            .col(integer_null("resident_count"))
            .col(integer("yearly_migration"))
            .col(integer("as_of_year"))
            .col(string("source"))
            .to_owned();
        manager.create_table(birth_counts).await?;
        let cohort_counts = Table::create()
            .table("cohort_counts")
            .col(uuid("id").primary_key())
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(integer("school_year"))
            .col(integer("stage"))
            .col(integer("grade"))
            .col(big_integer("student_count"))
            .to_owned();
        manager.create_table(cohort_counts).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE UNIQUE INDEX birth_counts_year ON birth_counts (code, birth_year)",
            "CREATE INDEX birth_counts_place ON birth_counts (place, id)",
            "CREATE UNIQUE INDEX cohort_counts_year \
             ON cohort_counts (school, school_year, stage, grade)",
            "CREATE INDEX cohort_counts_place ON cohort_counts (place, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
