//! Sites.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, string, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sites = Table::create()
            .table("sites")
            .col(uuid("id").primary_key())
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(string("display_name"))
            .col(integer("stage"))
            .col(big_integer("teaching_auxiliary_area_centi_square_meters"))
            .col(big_integer("indoor_sports_area_centi_square_meters"))
            .col(big_integer("sports_ground_area_centi_square_meters"))
            .col(big_integer("equipment_value_fen"))
            .col(integer("computer_count"))
            .col(integer("book_count"))
            .col(integer("network_multimedia_room_count"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(sites).await?;
        let database = manager.get_connection();
        for statement in [
            // A name is unique in its school; lists by school and by place come in the order of ids.
            "CREATE UNIQUE INDEX sites_name ON sites (school, display_name)",
            "CREATE INDEX sites_school ON sites (school, id)",
            "CREATE INDEX sites_place ON sites (place, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
