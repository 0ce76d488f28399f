//! Schools and their classes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, string, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schools = Table::create()
            .table("schools")
            .col(uuid("id").primary_key())
            .col(string("school_code").unique_key())
            .col(string("display_name"))
            .col(integer("kind"))
            .col(integer("urban_rural"))
            .col(integer("sponsor"))
            .col(string("region"))
            .col(string("town"))
            .col(big_integer("place"))
            .col(integer("state"))
            .col(string("open_date"))
            .col(string("close_date"))
            .col(uuid_null("closing"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(schools).await?;
        let classes = Table::create()
            .table("school_classes")
            .col(uuid("id").primary_key())
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(integer("stage"))
            .col(integer("grade"))
            .col(integer("grade_year"))
            .col(integer("number"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(classes).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE INDEX schools_place ON schools (place, id)",
            "CREATE UNIQUE INDEX school_classes_school \
             ON school_classes (school, stage, grade, number)",
            "CREATE INDEX school_classes_place ON school_classes (place, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
