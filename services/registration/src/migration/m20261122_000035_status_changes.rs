//! Changes of students' status, one open at a time for each student.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, boolean, integer, string, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let changes = Table::create()
            .table("status_changes")
            .col(uuid("id").primary_key())
            .col(uuid("student"))
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(string("region"))
            .col(integer("kind"))
            .col(integer("state"))
            .col(integer("stage"))
            .col(integer("grade"))
            .col(string("effective_date"))
            .col(string("until_date"))
            .col(string("run_start"))
            .col(string("closed_date"))
            .col(uuid_null("school_class"))
            .col(uuid_null("leave"))
            .col(binary("content"))
            .col(string("due_date"))
            .col(boolean("due_provisional"))
            .col(big_integer("update_micros"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(changes).await?;
        let database = manager.get_connection();
        for statement in [
            // States 1 and 2: filed, and agreed by the school.
            "CREATE UNIQUE INDEX status_changes_open ON status_changes (student) WHERE state IN (1, 2)",
            "CREATE INDEX status_changes_student ON status_changes (student, id)",
            "CREATE INDEX status_changes_school ON status_changes (school, id)",
            "CREATE INDEX status_changes_place ON status_changes (place, id)",
            "CREATE INDEX status_changes_until ON status_changes (until_date) WHERE state = 3",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
