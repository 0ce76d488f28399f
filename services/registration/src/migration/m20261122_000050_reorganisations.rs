//! Reorganisations, what schools were before, and their years.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, boolean, integer, string, string_len, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let reorganisations = Table::create()
            .table("reorganisations")
            .col(uuid("id").primary_key())
            .col(string_len("region", 6))
            .col(big_integer("place"))
            .col(integer("kind"))
            .col(uuid_null("school"))
            .col(uuid_null("receiving_school"))
            .col(binary("plan"))
            .col(integer("state"))
            .col(string("effective_date"))
            .col(string("publicity_end_date"))
            .col(string("due_date"))
            .col(boolean("due_provisional"))
            .col(uuid_null("created_school"))
            .col(big_integer("moved_student_count"))
            .col(big_integer("update_micros"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(reorganisations).await?;
        let former = Table::create()
            .table("former_schools")
            .col(uuid("id").primary_key())
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(string("school_code"))
            .col(string("display_name"))
            .col(integer("kind"))
            .col(string("until_date"))
            .col(uuid("reorganisation"))
            .to_owned();
        manager.create_table(former).await?;
        let lineage = Table::create()
            .table("school_lineage")
            .col(uuid("successor"))
            .col(uuid("predecessor"))
            .col(big_integer("place"))
            .col(boolean("shared"))
            .col(string("effective_date"))
            .col(uuid("reorganisation"))
            .primary_key(Index::create().col("successor").col("predecessor"))
            .to_owned();
        manager.create_table(lineage).await?;
        let years = Table::create()
            .table("school_years")
            .col(uuid("school"))
            .col(integer("school_year"))
            .col(integer("stage"))
            .col(big_integer("place"))
            .col(big_integer("student_count"))
            .col(big_integer("class_count"))
            .col(string("as_of_date"))
            .primary_key(
                Index::create()
                    .col("school")
                    .col("school_year")
                    .col("stage"),
            )
            .to_owned();
        manager.create_table(years).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE INDEX reorganisations_place ON reorganisations (place, id)",
            // One school is in one reorganisation at a time; states 5 and 6 have ended.
            "CREATE UNIQUE INDEX reorganisations_school ON reorganisations (school) \
             WHERE school IS NOT NULL AND state NOT IN (5, 6)",
            "CREATE INDEX reorganisations_receiving ON reorganisations (receiving_school)",
            "CREATE INDEX former_schools_code ON former_schools (school_code)",
            "CREATE INDEX former_schools_school ON former_schools (school)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
