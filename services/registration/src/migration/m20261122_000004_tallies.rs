//! Counts of students: what writes add, until it is folded.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_pk_auto, integer, uuid};

use crate::tally::counted::COUNTED;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut changes = Table::create()
            .table("tally_changes")
            .col(big_pk_auto("seq"))
            .col(uuid("school"))
            .col(uuid("school_class"))
            .col(big_integer("place"))
            .col(integer("stage"))
            .col(integer("grade"))
            .to_owned();
        for counted in &COUNTED {
            changes.col(big_integer(counted.column));
        }
        changes
            .col(integer("school_year"))
            .col(integer("kind"))
            .col(big_integer("flow"));
        manager.create_table(changes).await
    }
}
