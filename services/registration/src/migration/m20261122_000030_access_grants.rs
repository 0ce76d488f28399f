//! Grants to see masked fields, and the looks that were taken under them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, integer, string, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let grants = Table::create()
            .table("access_grants")
            .col(uuid("id").primary_key())
            .col(big_integer("place"))
            .col(uuid_null("school"))
            .col(integer("state"))
            .col(string("holder"))
            .col(string("holder_post"))
            .col(string("students_of"))
            .col(string("clear_fields"))
            .col(string("purpose"))
            .col(string("expire_date"))
            .col(integer("quota"))
            .col(integer("used_count"))
            .col(string("due_date"))
            .col(boolean("due_provisional"))
            .col(big_integer("create_micros"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(grants).await?;
        let reveals = Table::create()
            .table("access_reveals")
            .col(uuid("id").primary_key())
            .col(uuid("access_grant"))
            .col(uuid("student"))
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(big_integer("holder_place"))
            .col(uuid_null("holder_school"))
            .col(string("account"))
            .col(string("clear_fields"))
            .col(big_integer("reveal_micros"))
            .to_owned();
        manager.create_table(reveals).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE INDEX access_grants_place ON access_grants (place, id)",
            "CREATE INDEX access_grants_school ON access_grants (school, id)",
            "CREATE INDEX access_reveals_grant ON access_reveals (access_grant, id)",
            "CREATE INDEX access_reveals_place ON access_reveals (place, id)",
            "CREATE INDEX access_reveals_school ON access_reveals (school, id)",
            "CREATE INDEX access_reveals_holder_place ON access_reveals (holder_place, id)",
            "CREATE INDEX access_reveals_holder_school ON access_reveals (holder_school, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
