//! Aid that was granted, and the index that finds students in hardship without reading the others.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, integer, string, uuid};

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
        let sums = Table::create()
            .table("aid_sums")
            .col(uuid("school"))
            .col(integer("school_year"))
            .col(integer("term"))
            .col(integer("stage"))
            .col(integer("item"))
            .col(big_integer("place"))
            .col(big_integer("grants"))
            .col(big_integer("amount_fen"))
            .primary_key(
                Index::create()
                    .col("school")
                    .col("school_year")
                    .col("term")
                    .col("stage")
                    .col("item"),
            )
            .to_owned();
        manager.create_table(sums).await?;
        let aided = Table::create()
            .table("aided_counts")
            .col(uuid("school"))
            .col(integer("school_year"))
            .col(integer("term"))
            .col(integer("stage"))
            .col(boolean("boarder"))
            .col(big_integer("place"))
            .col(big_integer("students"))
            .primary_key(
                Index::create()
                    .col("school")
                    .col("school_year")
                    .col("term")
                    .col("stage")
                    .col("boarder"),
            )
            .to_owned();
        manager.create_table(aided).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE UNIQUE INDEX aid_grants_once ON aid_grants (student, school_year, term, item, pay_date, amount_fen)",
            "CREATE INDEX aid_grants_place ON aid_grants (place, school_year, term, id)",
            "CREATE INDEX aid_grants_school ON aid_grants (school, school_year, term, id)",
            "CREATE INDEX aid_sums_place ON aid_sums (school_year, term, place)",
            "CREATE INDEX aided_counts_place ON aided_counts (school_year, term, place)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
