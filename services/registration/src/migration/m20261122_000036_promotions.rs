//! Promotions of schools and places in junior schools.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let promotions = Table::create()
            .table("promotions")
            .col(uuid("id").primary_key())
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(integer("school_year"))
            .col(big_integer("promoted"))
            .col(big_integer("advanced"))
            .col(big_integer("graduated"))
            .col(big_integer("staying"))
            .col(big_integer("create_micros"))
            .to_owned();
        manager.create_table(promotions).await?;
        let places = Table::create()
            .table("junior_places")
            .col(uuid("id").primary_key())
            .col(uuid("student"))
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(uuid("primary_school"))
            .col(big_integer("primary_place"))
            .col(integer("school_year"))
            .col(integer("state"))
            .col(big_integer("update_micros"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(places).await?;
        let database = manager.get_connection();
        for statement in [
            // A school is promoted into a school year once.
            "CREATE UNIQUE INDEX promotions_school ON promotions (school, school_year)",
            "CREATE UNIQUE INDEX junior_places_student ON junior_places (student, school_year)",
            "CREATE INDEX junior_places_school ON junior_places (school, id)",
            "CREATE INDEX junior_places_primary ON junior_places (primary_school, id)",
            "CREATE INDEX junior_places_place ON junior_places (place, id)",
            "CREATE INDEX junior_places_primary_place ON junior_places (primary_place, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
