//! The journal: one append-only row for every mutation, in its transaction. It is audit record, change event, workflow
//! history and idempotency record in one.
//!
//! The sealer takes rows off the write path, several times a second, into numbered blocks: a Merkle root each, chained by
//! SM3, signed. The feed is the sealed journal read forward, so that an event committed is never skipped and never out
//! of order. [`verify`] finds and names a row that was altered, dropped or reordered.

mod audience;
mod content;
mod entity;
mod entry;
mod feed;
mod follow;
mod insert;
mod merkle;
mod migration;
mod rpc;
mod seal;
mod verify;

pub(crate) use entity::row::Entity as RowEntity;
pub use entry::{Entry, record};
pub use feed::Cursor;
pub use follow::{Feed, follow};
pub use insert::last_taker;
pub(crate) use insert::{Repeat, insert, repeat_of, row_of};
pub use migration::{JournalMigration, run_migrations};
pub use rpc::JournalRpc;
pub use seal::{seal_now, spawn_sealer};
pub use verify::{Finding, Verification, verify};
