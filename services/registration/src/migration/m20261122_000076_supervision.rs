//! Indexes of what reads across rooms: steps past their day, children by month of birth, recognitions by group.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Tables whose open steps have due dates, with the column of the place.
const DUE: [(&str, &str); 13] = [
    ("dropout_reports", "place"),
    ("transfers", "receiving_place"),
    ("status_changes", "place"),
    ("duplicate_cases", "standing_place"),
    ("key_changes", "place"),
    ("group_recognitions", "place"),
    ("certificate_lists", "place"),
    ("admission_plans", "place"),
    ("class_draws", "place"),
    ("zone_plans", "place"),
    ("reorganisations", "place"),
    ("access_grants", "place"),
    ("exports", "place"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let database = manager.get_connection();
        for (table, place) in DUE {
            // Only rows that wait for somebody, in the order in which they are paged.
            let statement = format!(
                "CREATE INDEX {table}_overdue ON {table} (due_date, id, {place}) WHERE due_date <> ''"
            );
            database.execute_unprepared(&statement).await?;
        }
        for statement in [
            "CREATE INDEX dropout_cases_overdue ON dropout_cases (due_date, id, place) WHERE due_date <> ''",
            "CREATE INDEX students_born ON students (birth_month, place)",
            "CREATE INDEX group_recognitions_group ON group_recognitions (kind, student) WHERE state = 2",
            "CREATE INDEX dropout_visits_date ON dropout_visits (date, dropout_case)",
            "CREATE INDEX dropout_notices_date ON dropout_notices (drawn_date, dropout_case)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
