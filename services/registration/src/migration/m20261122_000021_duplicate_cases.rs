//! Cases of double registration and their claims.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, boolean, integer, string, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let cases = Table::create()
            .table("duplicate_cases")
            .col(uuid("id").primary_key())
            .col(integer("state"))
            .col(uuid("student"))
            .col(uuid_null("open_student").unique_key())
            .col(uuid("standing_school"))
            .col(big_integer("standing_place"))
            .col(string("standing_region"))
            .col(integer("outcome"))
            .col(uuid_null("claim"))
            .col(binary("statement"))
            .col(string("due_date"))
            .col(boolean("due_provisional"))
            .col(big_integer("create_micros"))
            .col(big_integer("update_micros"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(cases).await?;
        let claims = Table::create()
            .table("duplicate_claims")
            .col(uuid("id").primary_key())
            .col(uuid("duplicate_case"))
            .col(uuid("school"))
            .col(big_integer("place"))
            .col(string("region"))
            .col(uuid("school_class"))
            .col(uuid("student"))
            .col(binary("child"))
            .col(integer("verdict"))
            .col(binary("personal"))
            .col(big_integer("create_micros"))
            .to_owned();
        manager.create_table(claims).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE INDEX duplicate_cases_school ON duplicate_cases (standing_school, id)",
            "CREATE INDEX duplicate_cases_place ON duplicate_cases (standing_place, id)",
            // Of each school in a case one claim for each child that it wrote, and one for each second record.
            "CREATE UNIQUE INDEX duplicate_claims_case ON duplicate_claims (duplicate_case, school, student, child)",
            "CREATE INDEX duplicate_cases_student ON duplicate_cases (student)",
            "CREATE INDEX duplicate_claims_student ON duplicate_claims (student)",
            "CREATE INDEX duplicate_claims_school ON duplicate_claims (school, duplicate_case)",
            "CREATE INDEX duplicate_claims_place ON duplicate_claims (place, duplicate_case)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
