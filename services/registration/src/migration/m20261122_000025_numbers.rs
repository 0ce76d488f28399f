//! Student numbers and documents of the past, the list of mismatches, and changes of key fields.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, boolean, integer, string, text, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let numbers = Table::create()
            .table("student_numbers")
            .col(uuid("id").primary_key())
            .col(uuid("student"))
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(binary("number_hash").unique_key())
            .col(binary("personal"))
            .col(integer("kind"))
            .col(string("until_date"))
            .col(integer("why"))
            .to_owned();
        manager.create_table(numbers).await?;
        let identities = Table::create()
            .table("former_identities")
            .col(binary("identity_hash").primary_key())
            .col(uuid("student"))
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(string("until_date"))
            .to_owned();
        manager.create_table(identities).await?;
        let mismatches = Table::create()
            .table("number_mismatches")
            .col(uuid("id").primary_key())
            .col(uuid("student").unique_key())
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(binary("personal"))
            .col(string("check_date"))
            .to_owned();
        manager.create_table(mismatches).await?;
        let changes = Table::create()
            .table("key_changes")
            .col(uuid("id").primary_key())
            .col(uuid("student"))
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(string("region"))
            .col(integer("state"))
            .col(binary("personal"))
            .col(text("evidence"))
            .col(string("due_date"))
            .col(boolean("due_provisional"))
            .col(big_integer("create_micros"))
            .col(big_integer("update_micros"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(changes).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE INDEX student_numbers_student ON student_numbers (student, id)",
            "CREATE INDEX former_identities_student ON former_identities (student)",
            "CREATE INDEX number_mismatches_school ON number_mismatches (school, id)",
            "CREATE INDEX number_mismatches_place ON number_mismatches (place, id)",
            "CREATE INDEX key_changes_student ON key_changes (student, id)",
            "CREATE INDEX key_changes_school ON key_changes (school, id)",
            "CREATE INDEX key_changes_place ON key_changes (place, id)",
            // Who was renamed is looked at again for a while.
            "CREATE INDEX key_changes_updated ON key_changes (update_micros)",
            // One change at a time: filed (1) and endorsed (2) are open.
            "CREATE UNIQUE INDEX key_changes_open ON key_changes (student) WHERE state IN (1, 2)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
