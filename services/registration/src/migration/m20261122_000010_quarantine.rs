//! Rows of imports that wait for their parent.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, integer, string, text, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let rows = Table::create()
            .table("quarantined_rows")
            .col(uuid("id").primary_key())
            .col(big_integer("place"))
            .col(uuid_null("school"))
            .col(string("parent"))
            .col(string("account"))
            .col(text("account_display_name"))
            .col(string("role"))
            .col(string("organisation"))
            .col(string("method"))
            .col(string("request_id"))
            .col(big_integer("row_number"))
            .col(string("collection"))
            .col(binary("fingerprint").unique_key())
            .col(integer("kind"))
            .col(string("cause"))
            .col(string("school_code"))
            .col(integer("stage"))
            .col(integer("grade"))
            .col(integer("number"))
            .col(binary("sealed"))
            .col(big_integer("import_micros"))
            .to_owned();
        manager.create_table(rows).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE INDEX quarantined_rows_place ON quarantined_rows (place, id)",
            "CREATE INDEX quarantined_rows_school ON quarantined_rows (school, id)",
            "CREATE INDEX quarantined_rows_cause ON quarantined_rows (cause, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
