//! Attendance of classes by day, the rolls that they were called by, and absences by pupil.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, integer, string_len, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sheets = Table::create()
            .table("attendance_sheets")
            .col(uuid("id").primary_key())
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(uuid("school_class"))
            .col(string_len("date", 10))
            .col(uuid("roll"))
            .col(integer("roll_count"))
            .col(integer("called_count"))
            .col(integer("absent_count"))
            .col(binary("marks"))
            .col(big_integer("create_micros"))
            .col(big_integer("update_micros"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(sheets).await?;
        let rolls = Table::create()
            .table("attendance_rolls")
            .col(uuid("id").primary_key())
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(uuid("school_class"))
            .col(binary("pupils"))
            .to_owned();
        manager.create_table(rolls).await?;
        let absences = Table::create()
            .table("absences")
            .col(uuid("student"))
            .col(string_len("date", 10))
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(uuid("school_class"))
            .col(integer("kind"))
            .primary_key(Index::create().col("student").col("date"))
            .to_owned();
        manager.create_table(absences).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE UNIQUE INDEX attendance_sheets_class ON attendance_sheets (school_class, date)",
            "CREATE INDEX attendance_sheets_day ON attendance_sheets (date, place, id)",
            "CREATE INDEX attendance_sheets_school ON attendance_sheets (school, date)",
            "CREATE INDEX attendance_rolls_school ON attendance_rolls (school)",
            "CREATE INDEX absences_day ON absences (date, place, student)",
            "CREATE INDEX absences_school ON absences (school, date)",
            // The round asks by place who has been away without leave; 3 and 4 are unexcused and unknown.
            "CREATE INDEX absences_without_leave ON absences (place, student, date) WHERE kind IN (3, 4)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
