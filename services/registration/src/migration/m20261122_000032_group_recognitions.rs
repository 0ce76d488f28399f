//! Recognitions of special groups, and the index that finds flagged students without reading the others.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, boolean, integer, string, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let recognitions = Table::create()
            .table("group_recognitions")
            .col(uuid("id").primary_key())
            .col(uuid("student"))
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(integer("state"))
            .col(integer("kind"))
            .col(integer("hardship_level"))
            .col(integer("disability"))
            .col(integer("disability_grade"))
            .col(integer("placement"))
            .col(binary("personal"))
            .col(string("valid_from"))
            .col(string("valid_until"))
            .col(string("due_date"))
            .col(boolean("due_provisional"))
            .col(big_integer("create_micros"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(recognitions).await?;
        let database = manager.get_connection();
        for statement in [
            // One of a kind stands or waits for a student; 1 and 2 are filed and recognised.
            "CREATE UNIQUE INDEX group_recognitions_live \
             ON group_recognitions (student, kind) WHERE state IN (1, 2)",
            "CREATE INDEX group_recognitions_student ON group_recognitions (student, id)",
            "CREATE INDEX group_recognitions_place ON group_recognitions (place, id)",
            "CREATE INDEX group_recognitions_school ON group_recognitions (school, id)",
            "CREATE INDEX group_recognitions_ending \
             ON group_recognitions (valid_until, id) WHERE state = 2",
            "CREATE INDEX students_flagged ON students (place, id) \
             WHERE migrant OR left_behind OR boarder OR hardship OR disability <> 0",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
