//! Exports and their downloads.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, integer, string, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let exports = Table::create()
            .table("exports")
            .col(uuid("id").primary_key())
            .col(big_integer("place"))
            .col(uuid_null("school"))
            .col(integer("state"))
            .col(string("holder"))
            .col(string("holder_post"))
            .col(string("students_of"))
            .col(integer("kind"))
            .col(string("columns"))
            .col(integer("stage"))
            .col(integer("grade"))
            .col(integer("student_state"))
            .col(string("clear_fields"))
            .col(string("purpose"))
            .col(integer("encoding"))
            .col(string("expire_date"))
            .col(string("due_date"))
            .col(boolean("due_provisional"))
            .col(big_integer("create_micros"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(exports).await?;
        let downloads = Table::create()
            .table("export_downloads")
            .col(uuid("id").primary_key())
            .col(uuid("export"))
            .col(big_integer("place"))
            .col(uuid_null("school"))
            .col(big_integer("start_micros"))
            .col(big_integer("end_micros"))
            .col(big_integer("row_count"))
            .col(string("digest"))
            .to_owned();
        manager.create_table(downloads).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE INDEX exports_place ON exports (place, id)",
            "CREATE INDEX exports_school ON exports (school, id)",
            "CREATE INDEX export_downloads_export ON export_downloads (export, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
