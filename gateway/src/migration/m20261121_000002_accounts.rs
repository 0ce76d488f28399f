//! Accounts and their posts.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, string, text, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let accounts = Table::create()
            .table("accounts")
            .col(uuid("id").primary_key())
            .col(string("sign_in_name").unique_key())
            .col(text("display_name"))
            .col(string("region"))
            .col(big_integer("place"))
            .col(text("password_hash"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(accounts).await?;
        let posts = Table::create()
            .table("account_posts")
            .col(uuid("id").primary_key())
            .col(uuid("account"))
            .col(integer("level"))
            .col(integer("duty"))
            .col(string("organisation"))
            .col(big_integer("place"))
            .col(text("title"))
            .col(integer("department"))
            .to_owned();
        manager.create_table(posts).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE INDEX accounts_place ON accounts (place, id)",
            "CREATE UNIQUE INDEX account_posts_account \
             ON account_posts (account, level, duty, organisation)",
            "CREATE INDEX account_posts_place ON account_posts (place, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
