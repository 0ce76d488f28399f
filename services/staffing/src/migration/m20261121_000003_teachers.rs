//! Teachers.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, boolean, integer, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let teachers = Table::create()
            .table("teachers")
            .col(uuid("id").primary_key())
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(binary("identity_hash").unique_key())
            .col(binary("personal"))
            .col(integer("sex"))
            .col(integer("stage"))
            .col(integer("position"))
            .col(integer("subject"))
            .col(integer("education"))
            .col(integer("title"))
            .col(integer("backbone"))
            .col(boolean("certified"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(teachers).await?;
        let database = manager.get_connection();
        for statement in [
            // Lists by school and by place in the order of ids; the figures read by school and stage.
            "CREATE INDEX teachers_school ON teachers (school, id)",
            "CREATE INDEX teachers_stage ON teachers (school, stage, id)",
            "CREATE INDEX teachers_place ON teachers (place, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
