//! Plans that end large classes, and the index by which large classes are found.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, string, text, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let plans = Table::create()
            .table("relief_plans")
            .col(uuid("id").primary_key())
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(uuid("school_class"))
            .col(integer("measure"))
            .col(text("statement"))
            .col(string("end_date"))
            .col(integer("state"))
            .col(big_integer("planned_student_count"))
            .col(big_integer("update_micros"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(plans).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE INDEX relief_plans_place ON relief_plans (place, id)",
            "CREATE INDEX relief_plans_school ON relief_plans (school, id)",
            // One plan at a time for a class; states 3 and 4 have ended.
            "CREATE UNIQUE INDEX relief_plans_class ON relief_plans (school_class) \
             WHERE state NOT IN (3, 4)",
            "CREATE INDEX tally_cells_large ON tally_cells (place, school_class) WHERE placed >= 56",
            "CREATE INDEX tally_changes_place ON tally_changes (place)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
