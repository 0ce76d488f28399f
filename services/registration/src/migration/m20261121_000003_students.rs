//! Students and the changes of their records.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, boolean, integer, string, string_len, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let students = Table::create()
            .table("students")
            // PostgreSQL finds those of one width without looking at the ones before; indexes and counts ask for these.
            .col(uuid("id").primary_key())
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(big_integer("name_key"))
            .col(big_integer("version"))
            .col(integer("stage"))
            .col(integer("grade"))
            .col(integer("grade_year"))
            .col(integer("entry_year"))
            .col(integer("state"))
            .col(integer("identity_type"))
            .col(integer("sex"))
            .col(integer("birth_month"))
            .col(integer("disability"))
            .col(integer("placement"))
            .col(boolean("boarder"))
            .col(boolean("migrant"))
            .col(boolean("left_behind"))
            .col(boolean("hardship"))
            .col(uuid_null("school_class"))
            .col(big_integer_null("name_part_key"))
            .col(string_len("ethnicity", 2))
            .col(binary("identity_hash").unique_key())
            .col(binary("number_hash").unique_key())
            .col(binary("personal"))
            .to_owned();
        manager.create_table(students).await?;
        let changes = Table::create()
            .table("student_changes")
            .col(uuid("id").primary_key())
            .col(uuid("student"))
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(integer("stage"))
            .col(integer("grade"))
            .col(integer("entry_year"))
            .col(integer("kind"))
            .col(string("effective_date"))
            .col(integer("school_year"))
            .col(uuid_null("from_school"))
            .col(uuid_null("to_school"))
            .col(string("process"))
            .to_owned();
        manager.create_table(changes).await?;
        let database = manager.get_connection();
        for statement in [
            // Lists by school, class and place, in the order in which they are paged.
            "CREATE INDEX students_school ON students (school, id)",
            "CREATE INDEX students_class ON students (school_class, id)",
            "CREATE INDEX students_place ON students (place, id)",
            "CREATE INDEX students_name ON students (name_key)",
            // Of the few in the many; each holds only their rows, so that it costs the others nothing.
            "CREATE INDEX students_not_enrolled ON students (state, place, id) WHERE state <> 1",
            "CREATE INDEX students_disabled ON students (place, id) WHERE disability <> 0 OR placement <> 0",
            "CREATE INDEX students_hardship ON students (place, id) WHERE hardship",
            // Who has no number of the shape of GB 11643 can have another record under another document; they are few.
            "CREATE INDEX students_without_resident_number ON students (name_key) \
             WHERE identity_type NOT IN (1, 5, 6)",
            // Those of them who are new.
            "CREATE INDEX students_new_without_resident_number ON students (id) \
             WHERE identity_type NOT IN (1, 5, 6)",
            // Few names have parts.
            "CREATE INDEX students_name_part ON students (name_part_key) \
             WHERE name_part_key IS NOT NULL",
            "CREATE INDEX student_changes_student ON student_changes (student, id)",
            "CREATE INDEX student_changes_school ON student_changes (school, id)",
            "CREATE INDEX student_changes_place ON student_changes (place, id)",
            // Enrolments and promotions are nearly all of them.
            "CREATE INDEX student_changes_kind ON student_changes (kind, place, id) WHERE kind <> 101 AND kind <> 102",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
