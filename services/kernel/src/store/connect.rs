//! Opens connections with the settings that each database needs.

use std::str::FromStr as _;
use std::time::Duration;

use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseBackend, DatabaseConnection,
};
use sqlx::postgres::PgConnectOptions;

/// A database URL that cannot be read. Trying again does not help.
#[derive(Debug, thiserror::Error)]
#[error(
    "the URL is neither sqlite://path nor postgres://user:password@host:port/database; special characters in the password are percent-encoded"
)]
pub struct UrlError;

/// Connections to read and to write by. On SQLite one writer, because a second only waits for the first with worse
/// tails; on PostgreSQL both are the same pool.
pub async fn connect(url: &str) -> anyhow::Result<(DatabaseConnection, DatabaseConnection)> {
    if url.starts_with("sqlite:") {
        let writer = sqlite(url, 1).await?;
        let reader = sqlite(url, 4).await?;
        return Ok((reader, writer));
    }
    // Parsed here first: the library's own error would quote the URL with its password.
    if !url.starts_with("postgres") || PgConnectOptions::from_str(url).is_err() {
        return Err(UrlError.into());
    }
    let pool = Database::connect(postgres(url)).await?;
    Ok((pool.clone(), pool))
}

/// Connections for statements whose plan is made once, however many records they are sent with: the planner would believe each
/// time that a plan for this number is better, and making it takes longer than the statement. Made while a table was
/// small, a plan must hold when it has grown, and so it goes by indexes. No statement waits here for another's lock: it fails, for
/// the caller to go another way. On SQLite the writer.
pub(super) async fn planned_once(
    url: &str,
    writer: &DatabaseConnection,
) -> anyhow::Result<DatabaseConnection> {
    if writer.get_database_backend() == DatabaseBackend::Sqlite {
        return Ok(writer.clone());
    }
    let mut options = postgres(url);
    options
        .max_connections(2)
        .connect_lazy(true)
        .map_sqlx_postgres_opts(|options| {
            options.options([
                ("plan_cache_mode", "force_generic_plan"),
                ("enable_seqscan", "off"),
                ("jit", "off"),
                ("lock_timeout", "50ms"),
            ])
        });
    Ok(Database::connect(options).await?)
}

fn postgres(url: &str) -> ConnectOptions {
    let mut options = quiet(url);
    options
        .max_connections(16)
        .test_before_acquire(false)
        // A call that was cut off inside BEGIN can leave its connection in an open transaction; the next borrower
        // must not inherit it. This also replaces the ping.
        .map_sqlx_postgres_before_acquire(|connection, _| {
            Box::pin(async move { Ok(!sqlx::Connection::is_in_transaction(connection)) })
        });
    options
}

async fn sqlite(url: &str, connections: u32) -> anyhow::Result<DatabaseConnection> {
    let mut options = quiet(&format!("{url}?mode=rwc"));
    options
        .max_connections(connections)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .map_sqlx_sqlite_opts(|options| {
            options
                .busy_timeout(Duration::from_secs(10))
                .foreign_keys(true)
                .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
                // Full: a write that was acknowledged survives a power cut.
                .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
        });
    let database = Database::connect(options).await?;
    database
        .execute_unprepared("PRAGMA cache_size = -32000")
        .await?;
    Ok(database)
}

fn quiet(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .sqlx_logging(false)
        // Statements in spans would carry personal data into traces.
        .record_stmt_in_spans(false)
        .connect_timeout(Duration::from_secs(10))
        .acquire_timeout(Duration::from_secs(10));
    options
}
