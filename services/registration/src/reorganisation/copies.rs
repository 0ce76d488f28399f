//! Codes of counties that rows carry as copies, so that a workflow knows whose step it is without reading the school: a county
//! whose code changes takes them along. Every column of this service that holds such a code stands in one of the tables here;
//! a test compares them with the schema.

use junheng_kernel::error::KernelError;
use sea_orm::{ConnectionTrait, Statement, Value};
use uuid::Uuid;

/// A table, its column with the code, and its column with the school whose county that is.
const OF_SCHOOLS: &[(&str, &str, &str)] = &[
    ("admission_plans", "region", "school"),
    ("certificate_lists", "region", "school"),
    ("certificates", "region", "school"),
    ("class_draws", "region", "school"),
    ("dropout_cases", "region", "school"),
    ("dropout_reports", "region", "school"),
    ("duplicate_cases", "standing_region", "standing_school"),
    ("duplicate_claims", "region", "school"),
    ("key_changes", "region", "school"),
    ("status_changes", "region", "school"),
    ("transfers", "receiving_region", "receiving_school"),
    ("transfers", "sending_region", "sending_school"),
];

/// A table of rows that are the county's own, its column with the code, and the columns that make a row unique beside it.
const OF_COUNTIES: &[(&str, &str, &[&str])] = &[
    ("birth_counts", "region", &[]),
    ("comparisons", "region", &[]),
    // Of children without a record, and of the county's own reports; the others have gone with their schools.
    ("dropout_cases", "region", &[]),
    ("dropout_reports", "region", &[]),
    ("finding_rounds", "region", &[]),
    ("reorganisations", "region", &[]),
    ("resident_counts", "region", &[]),
    ("resident_lists", "region", &["source", "kind", "state"]),
    ("residents", "region", &[]),
    ("zone_plans", "region", &["school_year", "stage"]),
];

/// Codes that are columns of the school's own row, which is written whole.
#[cfg(test)]
const OWN: &[(&str, &str)] = &[("schools", "region")];

/// Gives what was begun in a school the code of the county in which it lies now.
pub(super) async fn follow_school(
    database: &impl ConnectionTrait,
    school: Uuid,
    region: &str,
) -> Result<(), KernelError> {
    for (table, code, of) in OF_SCHOOLS {
        let sql = format!("UPDATE {table} SET {code} = $1 WHERE {of} = $2 AND {code} <> $1");
        run(database, sql, vec![region.into(), school.into()]).await?;
    }
    Ok(())
}

/// Gives the rows of a county its new code and place. A county that goes into one which has such a row of its own keeps the
/// old one under the old code: two plans for one year are not made one.
pub(super) async fn follow_county(
    database: &impl ConnectionTrait,
    ended: &str,
    region: &str,
    place: i64,
) -> Result<u64, KernelError> {
    let mut moved = 0;
    for (table, code, unique) in OF_COUNTIES {
        let free = if unique.is_empty() {
            String::new()
        } else {
            let same: Vec<String> = unique
                .iter()
                .map(|column| format!("own.{column} = {table}.{column}"))
                .collect();
            let same = same.join(" AND ");
            format!(" AND NOT EXISTS (SELECT 1 FROM {table} own WHERE own.{code} = $1 AND {same})")
        };
        let sql =
            format!("UPDATE {table} SET {code} = $1, place = {place} WHERE {code} = $2{free}");
        moved += run(database, sql, vec![region.into(), ended.into()]).await?;
    }
    Ok(moved)
}

async fn run(
    database: &impl ConnectionTrait,
    sql: String,
    values: Vec<Value>,
) -> Result<u64, KernelError> {
    let backend = database.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, values);
    Ok(database.execute_raw(statement).await?.rows_affected())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sea_orm::Database;
    use sea_orm_migration::MigratorTrait as _;

    use super::*;

    #[tokio::test]
    async fn every_column_with_a_countys_code_is_taken_along() {
        let database = Database::connect("sqlite::memory:").await.unwrap();
        crate::Migrator::up(&database, None).await.unwrap();
        let sql = "SELECT m.name AS held_by, c.name AS code FROM sqlite_master m, pragma_table_info(m.name) c \
                   WHERE m.type = 'table' AND c.name LIKE '%region%'";
        let backend = database.get_database_backend();
        let rows = database
            .query_all_raw(Statement::from_string(backend, sql))
            .await
            .unwrap();
        let found: BTreeSet<(String, String)> = rows
            .iter()
            .map(|row| {
                let text = |column| row.try_get("", column).unwrap();
                (text("held_by"), text("code"))
            })
            .collect();
        let known = OF_SCHOOLS.iter().map(|(table, code, _)| (*table, *code));
        let known = known.chain(OF_COUNTIES.iter().map(|(table, code, _)| (*table, *code)));
        let known: BTreeSet<(String, String)> = known
            .chain(OWN.iter().copied())
            .map(|(table, code)| (table.to_owned(), code.to_owned()))
            .collect();
        assert_eq!(found, known);
        // Each statement is one that the schema understands.
        follow_school(&database, Uuid::now_v7(), "420103")
            .await
            .unwrap();
        follow_county(&database, "420102", "420103", 420_103_000_000)
            .await
            .unwrap();
    }
}
