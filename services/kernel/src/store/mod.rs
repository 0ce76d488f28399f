//! The database of a service: SQLite in one file, or PostgreSQL. The same entities, migrations and tests serve both.

mod connect;
mod create;
mod insert_missing;
mod key_check;
mod set;
mod together;
mod write;

use std::sync::Arc;

use sea_orm::{
    DatabaseBackend, DatabaseConnection, DatabaseTransaction, IsolationLevel, TransactionOptions,
    TransactionTrait as _,
};
use tokio::sync::watch;

pub use connect::{UrlError, connect};
pub use create::{Against, Creation, Hold, Row};
pub use insert_missing::insert_missing;
pub use set::{insert_new, insert_rows, replace_all};
pub(crate) use write::StoredKey;
pub(crate) use write::commit;
pub use write::{RequestKey, Tx};

use crate::clock::Clock;
use crate::error::KernelError;
use crate::privacy::Keyring;

/// The database of one service.
#[derive(Clone)]
pub struct Store {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    /// For statements whose plan is made once.
    planned: DatabaseConnection,
    /// The keys of personal fields.
    pub keys: Arc<Keyring>,
    /// The clock.
    pub clock: Clock,
    /// The number of the newest sealed block; feeds wait on it.
    pub(crate) sealed: Arc<watch::Sender<i64>>,
    /// Creations that wait to be written together.
    waiting: Arc<together::Waiting>,
}

// === impl Store ===

impl Store {
    /// Connects to `url` (`sqlite://path` or `postgres://…`), with the schema already there. Refuses a keyring that the
    /// database was not sealed with.
    pub async fn open(url: &str, keys: Arc<Keyring>, clock: Clock) -> anyhow::Result<Self> {
        let (reader, writer) = connect(url).await?;
        let planned = connect::planned_once(url, &writer).await?;
        key_check::check(&writer, &keys).await?;
        Ok(Self {
            reader,
            writer,
            planned,
            keys,
            clock,
            sealed: Arc::new(watch::Sender::new(0)),
            waiting: Arc::default(),
        })
    }

    /// The connection to read by. Never inside a write: that one reads through its own transaction.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// A read transaction in which every statement sees the same moment. Begin it in a task of its own: a caller who goes
    /// away while it begins would leave the connection inside it. Dropping it ends it.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, KernelError> {
        // SQLite reads a snapshot in any transaction, and knows no other level.
        let isolation_level = match self.backend() {
            DatabaseBackend::Sqlite => None,
            _ => Some(IsolationLevel::RepeatableRead),
        };
        let options = TransactionOptions {
            isolation_level,
            ..Default::default()
        };
        Ok(self.reader.begin_with_options(options).await?)
    }

    /// The connection to keep figures by that are derived from rows whose changes the journal has. Nothing that anybody
    /// decides is written by it.
    pub fn derived(&self) -> &DatabaseConnection {
        &self.writer
    }

    pub(crate) fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Which database it is.
    pub fn backend(&self) -> DatabaseBackend {
        self.writer.get_database_backend()
    }

    /// Whether the database answers.
    pub async fn is_ready(&self) -> bool {
        self.reader.ping().await.is_ok() && self.writer.ping().await.is_ok()
    }
}
