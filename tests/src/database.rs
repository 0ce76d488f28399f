//! The databases of an installation, as an operator, an auditor or an attacker reaches them.

use std::fmt;
use std::path::Path;

use anyhow::Context as _;
use sea_orm::{ConnectOptions, ConnectionTrait as _, DatabaseConnection};

/// Which kind of database an installation stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// Files in the data folder.
    Sqlite,
    /// A server.
    Postgres,
}

/// The names of the five databases of an installation.
pub const NAMES: [&str; 5] = [
    "registration",
    "staffing",
    "assets",
    "inspection",
    "accounts",
];

// === impl Database ===

impl fmt::Display for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

/// The URL of an SQLite database in a data folder.
pub fn sqlite_url(folder: &Path, name: &str) -> String {
    format!(
        "sqlite://{}?mode=rw",
        folder.join(format!("{name}.db")).display()
    )
}

/// Opens a database from outside the product.
pub async fn open(url: &str) -> anyhow::Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options)
        .await
        .with_context(|| format!("cannot open {url}"))
}

/// Runs statements from outside the product, past its guards.
pub async fn attack(url: &str, statements: &[&str]) -> anyhow::Result<()> {
    let database = open(url).await?;
    for statement in statements {
        database
            .execute_unprepared(statement)
            .await
            .with_context(|| (*statement).to_owned())?;
    }
    Ok(database.close().await?)
}
