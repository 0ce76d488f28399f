//! Reports of schools with their frozen measures, and evidence items.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, integer, string, text, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(school_reports()).await?;
        manager.create_table(frozen_measures()).await?;
        manager.create_table(evidence_items()).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE UNIQUE INDEX school_reports_campaign ON school_reports (campaign, school)",
            "CREATE INDEX school_reports_place ON school_reports (place, id)",
            "CREATE INDEX school_reports_school ON school_reports (school, id)",
            "CREATE INDEX frozen_measures_report ON frozen_measures (report, \"freeze\")",
            "CREATE INDEX frozen_measures_campaign ON frozen_measures (campaign)",
            "CREATE UNIQUE INDEX evidence_items_campaign ON evidence_items (campaign, code)",
            "CREATE INDEX evidence_items_place ON evidence_items (place, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

fn school_reports() -> TableCreateStatement {
    Table::create()
        .table("school_reports")
        .col(uuid("id").primary_key())
        .col(uuid("campaign"))
        .col(string("campaign_display_name"))
        .col(uuid("school"))
        .col(big_integer("place"))
        .col(string("school_display_name"))
        .col(integer("kind"))
        .col(integer("urban_rural"))
        .col(integer("sponsor"))
        .col(integer("state"))
        .col(text("return_reason"))
        .col(integer("freeze"))
        .col(big_integer("freeze_micros"))
        .col(string("measures_digest"))
        .col(big_integer("version"))
        .to_owned()
}

fn frozen_measures() -> TableCreateStatement {
    Table::create()
        .table("frozen_measures")
        .col(uuid("id").primary_key())
        .col(uuid("campaign"))
        .col(uuid("report"))
        .col(uuid("school"))
        .col(big_integer("place"))
        .col(integer("freeze"))
        .col(string("service"))
        .col(string("measure"))
        .col(integer("stage"))
        .col(big_integer("value"))
        .col(string("source"))
        .col(string("source_digest"))
        .col(big_integer("as_of_micros"))
        .to_owned()
}

fn evidence_items() -> TableCreateStatement {
    Table::create()
        .table("evidence_items")
        .col(uuid("id").primary_key())
        .col(uuid("campaign"))
        .col(big_integer("place"))
        .col(string("code"))
        .col(text("display_name_zh"))
        .col(boolean("veto"))
        .col(integer("state"))
        .col(boolean("met"))
        .col(string("value"))
        .col(text("statement"))
        .col(text("evidence"))
        .col(text("return_reason"))
        .col(big_integer("version"))
        .to_owned()
}
