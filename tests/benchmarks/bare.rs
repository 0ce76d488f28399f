//! The writes of one registration as one prepared statement: a row into each of the tables, with values as long as those that
//! the product wrote last.

use anyhow::{Context as _, bail};
use sm3::{Digest as _, Sm3};
use sqlx::postgres::{PgArguments, PgConnection, PgPool, PgRow};
use sqlx::{Arguments as _, AssertSqlSafe, Row as _};
use uuid::Uuid;

use crate::ground::Seat;

/// A value of the last row, to send another like it.
#[derive(Clone, Debug)]
enum Sample {
    Fresh,
    School,
    Class,
    Student,
    Hash(usize),
    RequestId,
    Uuid(Option<Uuid>),
    Long(Option<i64>),
    Integer(Option<i32>),
    Flag(Option<bool>),
    Bytes(Option<Vec<u8>>),
    Text(Option<String>),
}

/// The statement and what it is sent with.
#[derive(Clone, Debug)]
pub struct Statement {
    sql: String,
    samples: Vec<Sample>,
}

/// A column without a default.
struct Column {
    column_name: String,
    udt_name: String,
}

// === impl Statement ===

impl Statement {
    /// One that writes a row into `bare_{table}` for each of the tables that has rows.
    pub async fn of(database: &PgPool, tables: &[&str]) -> anyhow::Result<Self> {
        let (mut inserts, mut samples) = (Vec::new(), Vec::new());
        for table in tables {
            let columns: Vec<(String, String)> = sqlx::query_as(
                "SELECT column_name::text, udt_name::text FROM information_schema.columns \
                 WHERE table_name = $1 AND column_default IS NULL AND is_identity = 'NO' \
                 ORDER BY ordinal_position",
            )
            .bind(table)
            .fetch_all(database)
            .await?;
            let column = |(column_name, udt_name)| Column {
                column_name,
                udt_name,
            };
            let columns: Vec<Column> = columns.into_iter().map(column).collect();
            // The last row is one that a single registration wrote.
            let key =
                if columns.iter().any(|column| column.column_name == "id") && *table != "journal" {
                    "id"
                } else {
                    "seq"
                };
            let last = format!("SELECT * FROM {table} ORDER BY {key} DESC LIMIT 1");
            let Some(row) = sqlx::query(AssertSqlSafe(last))
                .fetch_optional(database)
                .await?
            else {
                continue;
            };
            let mut places = Vec::new();
            for column in &columns {
                samples.push(sample(table, column, &row)?);
                places.push(format!("${}", samples.len()));
            }
            let names: Vec<&str> = columns
                .iter()
                .map(|column| column.column_name.as_str())
                .collect();
            inserts.push(format!(
                "INSERT INTO bare_{table} ({}) VALUES ({})",
                names.join(", "),
                places.join(", ")
            ));
        }
        let last = inserts.pop().context("no table to write to")?;
        let first: Vec<String> = (0..)
            .zip(inserts)
            .map(|(number, insert)| format!("w{number} AS ({insert})"))
            .collect();
        let with = if first.is_empty() {
            String::new()
        } else {
            format!("WITH {} ", first.join(", "))
        };
        Ok(Self {
            sql: format!("{with}{last}"),
            samples,
        })
    }

    /// Sends it once.
    pub async fn send(&self, connection: &mut PgConnection, seat: &Seat) -> anyhow::Result<()> {
        let student = Uuid::now_v7();
        let mut values = PgArguments::default();
        for sample in &self.samples {
            let added = match sample {
                Sample::Fresh => values.add(Uuid::now_v7()),
                Sample::School => values.add(seat.school),
                Sample::Class => values.add(seat.id),
                Sample::Student => values.add(student),
                Sample::Hash(length) => values.add(random(*length)),
                Sample::RequestId => values.add(Uuid::now_v7().to_string()),
                Sample::Uuid(value) => values.add(*value),
                Sample::Long(value) => values.add(*value),
                Sample::Integer(value) => values.add(*value),
                Sample::Flag(value) => values.add(*value),
                Sample::Bytes(value) => values.add(value.clone()),
                Sample::Text(value) => values.add(value.clone()),
            };
            added.map_err(|error| anyhow::anyhow!("{error}"))?;
        }
        sqlx::query_with(AssertSqlSafe(self.sql.clone()), values)
            .execute(connection)
            .await?;
        Ok(())
    }
}

fn sample(table: &str, column: &Column, row: &PgRow) -> anyhow::Result<Sample> {
    let name = column.column_name.as_str();
    Ok(match (table, name, column.udt_name.as_str()) {
        ("students", "id", _) | ("student_changes", "student", _) => Sample::Student,
        (_, "id", "uuid") => Sample::Fresh,
        (_, "school", _) => Sample::School,
        (_, "school_class", _) => Sample::Class,
        (_, "request_id", _) => Sample::RequestId,
        (_, name, "bytea") if name.ends_with("_hash") => {
            let value: Vec<u8> = row.try_get(name)?;
            Sample::Hash(value.len())
        }
        (_, _, "uuid") => Sample::Uuid(row.try_get(name)?),
        (_, _, "int8") => Sample::Long(row.try_get(name)?),
        (_, _, "int4") => Sample::Integer(row.try_get(name)?),
        (_, _, "bool") => Sample::Flag(row.try_get(name)?),
        (_, _, "bytea") => Sample::Bytes(row.try_get(name)?),
        (_, _, "varchar" | "text" | "bpchar") => Sample::Text(row.try_get(name)?),
        (table, name, other) => {
            bail!("{table}.{name} is of type {other}, which the baseline does not know")
        }
    })
}

/// Bytes that no other row has.
fn random(length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 32);
    while bytes.len() < length {
        bytes.extend_from_slice(&Sm3::digest(Uuid::now_v7().as_bytes()));
    }
    bytes.truncate(length);
    bytes
}
