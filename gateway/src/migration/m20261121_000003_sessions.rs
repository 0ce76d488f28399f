//! Sessions and failed attempts to sign in.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, string, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sessions = Table::create()
            .table("sessions")
            .col(uuid("id").primary_key())
            .col(uuid("account"))
            .col(big_integer("place"))
            .col(integer("level"))
            .col(integer("duty"))
            .col(string("organisation"))
            .col(big_integer("expires_micros"))
            .col(big_integer("ended_micros"))
            .to_owned();
        manager.create_table(sessions).await?;
        let attempts = Table::create()
            .table("sign_in_attempts")
            .col(string("sign_in_name").primary_key())
            .col(big_integer("place"))
            .col(integer("failures"))
            .col(big_integer("locked_until_micros"))
            .col(big_integer("last_micros"))
            .to_owned();
        manager.create_table(attempts).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE INDEX sessions_account ON sessions (account, level, duty, organisation)",
            "CREATE INDEX sign_in_attempts_last ON sign_in_attempts (last_micros)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
