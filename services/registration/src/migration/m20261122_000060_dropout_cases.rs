//! Cases of children who may have dropped out, with their visits.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, boolean, date, date_null, integer, string, string_null, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let cases = Table::create()
            .table("dropout_cases")
            .col(uuid("id").primary_key())
            .col(uuid_null("student"))
            .col(uuid_null("resident"))
            .col(uuid_null("admission_entry"))
            .col(uuid_null("open_subject").unique_key())
            .col(uuid_null("school"))
            .col(big_integer("place"))
            .col(string("region"))
            .col(integer("finding"))
            .col(date("found_date"))
            .col(date_null("last_day"))
            .col(string("source"))
            .col(string_null("reporter"))
            .col(integer("stage"))
            .col(integer("grade"))
            .col(integer("reason"))
            .col(integer("state"))
            .col(big_integer("groups"))
            .col(date_null("returned_date"))
            .col(date_null("stable_date"))
            .col(integer("relapses"))
            .col(integer("visits"))
            .col(date_null("confirmed_date"))
            .col(date_null("closed_date"))
            .col(integer("ground"))
            .col(uuid_null("merged_into"))
            .col(binary("personal"))
            .col(string("due_date"))
            .col(boolean("due_provisional"))
            .col(string("held_due_date"))
            .col(big_integer("create_micros"))
            .col(big_integer("update_micros"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(cases).await?;
        let visits = Table::create()
            .table("dropout_visits")
            .col(uuid("id").primary_key())
            .col(uuid("dropout_case"))
            .col(uuid_null("school"))
            .col(big_integer("place"))
            .col(date("date"))
            .col(integer("method"))
            .col(integer("outcome"))
            .col(binary("personal"))
            .col(big_integer("create_micros"))
            .to_owned();
        manager.create_table(visits).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE INDEX dropout_cases_place ON dropout_cases (place, id)",
            "CREATE INDEX dropout_cases_school ON dropout_cases (school, id)",
            "CREATE INDEX dropout_cases_student ON dropout_cases (student, id)",
            "CREATE INDEX dropout_cases_resident ON dropout_cases (resident)",
            "CREATE INDEX dropout_cases_state ON dropout_cases (state, place, id)",
            "CREATE INDEX dropout_cases_due ON dropout_cases (due_date, place) WHERE due_date <> ''",
            "CREATE INDEX transfers_student ON transfers (student)",
            "CREATE INDEX dropout_visits_case ON dropout_visits (dropout_case, id)",
            "CREATE INDEX dropout_visits_place ON dropout_visits (place, date)",
            "CREATE INDEX dropout_visits_school ON dropout_visits (school, date)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
