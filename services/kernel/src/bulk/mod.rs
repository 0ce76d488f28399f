//! Imports: a client stream whose first message is the header, rows after it, and a verdict for every row that is
//! refused.
//!
//! Rows are judged a chunk at a time as they come, away from the threads that serve calls, and good ones wait on disk,
//! sealed. Only when the whole stream has been judged are they read back, judged as things stand by then, and written by
//! sets, each one transaction and one journal row, so that a repeated or interrupted import writes no set twice. While the
//! database writes a set the next one is prepared. However long the file, a few chunks of it are in memory.

mod fingerprints;
mod first_rows;
mod importer;
mod intake;
mod judging;
mod report;
mod sets;
mod spool;

pub use first_rows::FirstRows;
pub use importer::{Importer, Waiting};
pub use intake::{Incoming, open};
pub use judging::run;
pub use junheng_proto::bulk::v1::{ImportHeader, ImportResult, RowVerdict};
pub use report::{Refusal, Report, duplicate_of};
pub use sets::{Destination, SetOutcome};

use crate::error::KernelError;

/// Rows of one statement.
pub const SET: usize = 1_000;

/// Rows of one set: one transaction and one journal row.
pub const IMPORT_SET: usize = 2 * SET;

/// One message of an import stream.
pub enum Part<R> {
    /// The header.
    Header(ImportHeader),
    /// A row.
    Row(R),
    /// A message without content.
    Nothing,
}

/// Runs `work` over many rows away from the threads that serve calls.
pub async fn away<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, KernelError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| KernelError::Stored(format!("a part of an import failed: {error}")))
}
