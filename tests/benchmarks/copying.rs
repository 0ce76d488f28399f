//! The baseline of imports: COPY of the same finished rows into the same indexed tables.

use std::time::Instant;

use serde_json::{Value, json};
use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, Executor as _};

/// What an import writes: the students alone, or with the counts, the history and the journal.
pub const STUDENTS: &[&str] = &["students"];
/// All that it writes. A table that this version has not is left out.
pub const ALL: &[&str] = &["students", "tally_changes", "student_changes", "journal"];

/// Where the rows of a table that came later begin.
#[derive(Clone, Debug, Default)]
pub struct Mark(Vec<(&'static str, String)>);

// === impl Mark ===

impl Mark {
    /// Where the tables end now.
    pub async fn now(database: &PgPool) -> anyhow::Result<Self> {
        let mut mark = Self::default();
        for table in ALL {
            if exists(database, table).await? {
                let key = key(table);
                let last: Option<String> = sqlx::query_scalar(AssertSqlSafe(format!(
                    "SELECT {key}::text FROM {table} ORDER BY {key} DESC LIMIT 1"
                )))
                .fetch_optional(database)
                .await?;
                mark.0.push((table, last.unwrap_or_default()));
            }
        }
        Ok(mark)
    }

    /// The condition for rows that came later, and for those before.
    fn conditions(&self, table: &str) -> (String, String) {
        let found = self.0.iter().find(|(name, _)| *name == table);
        match found {
            Some((_, last)) if !last.is_empty() => {
                let key = key(table);
                (format!("{key} > '{last}'"), format!("{key} <= '{last}'"))
            }
            _ => ("true".into(), "false".into()),
        }
    }
}

/// What a COPY took.
pub struct Copied {
    /// Seconds: the median.
    pub seconds: f64,
    /// Seconds of each time, sorted.
    pub each: Vec<f64>,
    /// Rows by table.
    pub rows: Value,
}

/// Copies the rows that came after `mark` into tables of the same columns and indexes that hold the rows before it: so many
/// times, of which the median counts.
pub async fn measure(
    database: &PgPool,
    mark: &Mark,
    tables: &'static [&'static str],
    times: usize,
) -> anyhow::Result<Copied> {
    let folder: String = sqlx::query_scalar("SHOW data_directory")
        .fetch_one(database)
        .await?;
    let mut files = Vec::new();
    for table in tables {
        if !exists(database, table).await? {
            continue;
        }
        let file = format!("{folder}/bare_{table}.copy");
        let (after, _) = mark.conditions(table);
        let key = key(table);
        let out = format!(
            "COPY (SELECT * FROM {table} WHERE {after} ORDER BY {key}) TO '{file}' (FORMAT binary)"
        );
        database.execute(AssertSqlSafe(out)).await?;
        files.push((table, file));
    }
    let mut seconds = Vec::with_capacity(times);
    let mut rows = serde_json::Map::new();
    for _ in 0..times {
        for (table, _) in &files {
            let (_, before) = mark.conditions(table);
            for statement in [
                format!("DROP TABLE IF EXISTS bare_{table}"),
                format!("CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)"),
                format!("INSERT INTO bare_{table} SELECT * FROM {table} WHERE {before}"),
                format!("ANALYZE bare_{table}"),
            ] {
                database.execute(AssertSqlSafe(statement)).await?;
            }
        }
        database.execute("CHECKPOINT").await?;
        let begun = Instant::now();
        for (table, file) in &files {
            let copy = format!("COPY bare_{table} FROM '{file}' (FORMAT binary)");
            let done = database.execute(AssertSqlSafe(copy)).await?;
            rows.insert((**table).to_string(), json!(done.rows_affected()));
        }
        seconds.push(begun.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    let median = seconds.get(times / 2).copied().unwrap_or_default();
    for (table, _) in files.iter().filter(|(table, _)| key(table) == "seq") {
        // Numbers of its own go on behind those that were copied.
        let go_on = format!(
            "SELECT setval(pg_get_serial_sequence('bare_{table}', 'seq'), \
             (SELECT COALESCE(max(seq), 0) + 1 FROM bare_{table}), false)"
        );
        database.execute(AssertSqlSafe(go_on)).await?;
    }
    Ok(Copied {
        seconds: median,
        each: seconds,
        rows: Value::Object(rows),
    })
}

async fn exists(database: &PgPool, table: &str) -> anyhow::Result<bool> {
    Ok(sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(table)
        .fetch_one(database)
        .await?)
}

/// The column in whose order rows came.
fn key(table: &str) -> &'static str {
    match table {
        "students" | "student_changes" => "id",
        _ => "seq",
    }
}
