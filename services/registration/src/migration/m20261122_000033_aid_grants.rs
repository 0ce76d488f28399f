//! Aid that was granted, and the index that finds students in hardship without reading the others.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, string, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let grants = Table::create()
            .table("aid_grants")
            .col(uuid("id").primary_key())
            .col(uuid("student"))
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(integer("stage"))
            .col(integer("item"))
            .col(integer("school_year"))
            .col(integer("term"))
            .col(big_integer("amount_fen"))
            .col(string("pay_date"))
            .col(big_integer("create_micros"))
            .to_owned();
        manager.create_table(grants).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE UNIQUE INDEX aid_grants_once ON aid_grants (student, school_year, term, item)",
            "CREATE INDEX aid_grants_place ON aid_grants (place, school_year, term, id)",
            "CREATE INDEX aid_grants_school ON aid_grants (school, school_year, term, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
