//! Written notices of dropout control, and the numbers last given by each issuer in each year.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, date, date_null, integer, string, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let notices = Table::create()
            .table("dropout_notices")
            .col(uuid("id").primary_key())
            .col(uuid("dropout_case"))
            .col(uuid_null("school"))
            .col(big_integer("place"))
            .col(integer("kind"))
            .col(integer("state"))
            .col(string("issuer"))
            .col(integer("year"))
            .col(integer("sequence"))
            .col(date("drawn_date"))
            .col(integer("relapses"))
            .col(date_null("served_date"))
            .col(integer("service_method"))
            .col(date_null("comply_date"))
            .col(big_integer("fine_fen"))
            .col(binary("printed"))
            .col(binary("service"))
            .col(big_integer("create_micros"))
            .col(big_integer("update_micros"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(notices).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE TABLE dropout_notice_numbers (issuer text NOT NULL, year integer NOT NULL, last integer NOT NULL, \
             PRIMARY KEY (issuer, year))",
            "CREATE UNIQUE INDEX dropout_notices_number ON dropout_notices (issuer, year, sequence)",
            "CREATE INDEX dropout_notices_case ON dropout_notices (dropout_case, id)",
            "CREATE INDEX dropout_notices_place ON dropout_notices (place, id)",
            "CREATE INDEX dropout_notices_school ON dropout_notices (school, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
