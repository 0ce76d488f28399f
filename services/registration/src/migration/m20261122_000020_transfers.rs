//! Transfers.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, binary_null, boolean, integer, string, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let transfers = Table::create()
            .table("transfers")
            .col(uuid("id").primary_key())
            .col(integer("route"))
            .col(integer("state"))
            .col(uuid_null("student"))
            .col(binary_null("open_key").unique_key())
            .col(uuid_null("receiving_school"))
            .col(big_integer_null("receiving_place"))
            .col(string("receiving_region"))
            .col(uuid_null("receiving_class"))
            .col(uuid_null("sending_school"))
            .col(big_integer_null("sending_place"))
            .col(string("sending_region"))
            .col(binary("personal"))
            .col(string("due_date"))
            .col(boolean("due_provisional"))
            .col(big_integer("create_micros"))
            .col(big_integer("update_micros"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(transfers).await?;
        let database = manager.get_connection();
        for statement in [
            // Lists by either side, in the order in which they are paged.
            "CREATE INDEX transfers_receiving_school ON transfers (receiving_school, id)",
            "CREATE INDEX transfers_receiving_place ON transfers (receiving_place, id)",
            "CREATE INDEX transfers_sending_school ON transfers (sending_school, id)",
            "CREATE INDEX transfers_sending_place ON transfers (sending_place, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
