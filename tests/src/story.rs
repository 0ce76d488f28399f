//! A story is a promise in a sentence and the function that sees it kept.

use std::future::Future;
use std::pin::Pin;

use crate::database::Database;
use crate::world::World;

/// What a story runs as.
pub type Run = for<'w> fn(&'w World) -> Pin<Box<dyn Future<Output = ()> + 'w>>;

/// One promise.
#[derive(Clone, Copy)]
pub struct Story {
    /// The promise, as a sentence.
    pub promise: &'static str,
    /// The databases that it is told on.
    pub databases: &'static [Database],
    /// The story; it panics when the promise is broken.
    pub run: Run,
}

/// A story for both databases.
pub const fn story(promise: &'static str, run: Run) -> Story {
    Story {
        promise,
        databases: &[Database::Sqlite, Database::Postgres],
        run,
    }
}

// === impl Story ===

impl Story {
    /// The story for one database only.
    pub const fn on(mut self, databases: &'static [Database]) -> Self {
        self.databases = databases;
        self
    }
}
