//! Students.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, boolean, integer, string, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let students = Table::create()
            .table("students")
            .col(uuid("id").primary_key())
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(uuid("school_class"))
            .col(integer("stage"))
            .col(integer("grade"))
            .col(integer("identity_type"))
            .col(binary("identity_hash").unique_key())
            .col(binary("personal"))
            .col(integer("sex"))
            .col(string("ethnicity"))
            .col(boolean("boarder"))
            .col(boolean("migrant"))
            .col(boolean("left_behind"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(students).await?;
        let database = manager.get_connection();
        for statement in [
            // Lists by school, class and place, and counts, which read only these.
            "CREATE INDEX students_school ON students (school, stage, grade, school_class, id)",
            "CREATE INDEX students_class ON students (school_class, id)",
            "CREATE INDEX students_place ON students (place, stage, grade, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
