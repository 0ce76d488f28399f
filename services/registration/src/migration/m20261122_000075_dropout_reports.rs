//! Reports of dropout control.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, boolean, date, integer, string, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let reports = Table::create()
            .table("dropout_reports")
            .col(uuid("id").primary_key())
            .col(integer("kind"))
            .col(string("organisation"))
            .col(uuid_null("school"))
            .col(big_integer("place"))
            .col(string("region"))
            .col(string("period"))
            .col(date("from_date"))
            .col(date("until_date"))
            .col(big_integer("after_micros"))
            .col(big_integer("until_micros"))
            .col(integer("state"))
            .col(binary("items"))
            .col(string("digest"))
            .col(string("due_date"))
            .col(boolean("due_provisional"))
            .col(big_integer("count_micros"))
            .col(big_integer("update_micros"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(reports).await?;
        let database = manager.get_connection();
        for statement in [
            // A period has one report of an organisation.
            "CREATE UNIQUE INDEX dropout_reports_period ON dropout_reports (organisation, kind, period)",
            "CREATE INDEX dropout_reports_school ON dropout_reports (school, id)",
            "CREATE INDEX dropout_reports_place ON dropout_reports (place, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
