//! Certificates of compulsory education, and the lists by which they are issued.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, boolean, integer, string, text, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let lists = Table::create()
            .table("certificate_lists")
            .col(uuid("id").primary_key())
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(string("region"))
            .col(integer("graduation_year"))
            .col(integer("state"))
            .col(text("students"))
            .col(string("due_date"))
            .col(boolean("due_provisional"))
            .col(big_integer("update_micros"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(lists).await?;
        let certificates = Table::create()
            .table("certificates")
            .col(uuid("id").primary_key())
            .col(uuid("student"))
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(string("region"))
            .col(uuid("list"))
            .col(string("number").unique_key())
            .col(binary("code_hash").unique_key())
            .col(integer("graduation_year"))
            .col(integer("state"))
            .col(string("issue_date"))
            .col(uuid_null("replaces"))
            .col(binary("holder"))
            .col(big_integer("update_micros"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(certificates).await?;
        let database = manager.get_connection();
        for statement in [
            // One list of a school and year under way; one certificate in force for a student.
            "CREATE UNIQUE INDEX certificate_lists_open ON certificate_lists (school, graduation_year) WHERE state IN (1, 2)",
            "CREATE UNIQUE INDEX certificates_in_force ON certificates (student) WHERE state IN (1, 2, 4)",
            "CREATE INDEX certificates_school ON certificates (school, id)",
            "CREATE INDEX certificates_place ON certificates (place, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
