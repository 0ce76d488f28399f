//! How many downloads are sent at the same time, and for how long: each holds a connection and a moment of the database, which
//! everybody else reads by.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use super::error::ExportError;

/// Downloads at the same time. A file of SQLite has four connections to read by.
const AT_ONCE: usize = 2;
/// How long a download waits for another to end.
const WAIT: Duration = Duration::from_secs(30);
/// How long one may take as a whole: a province's pupils at the pace of a slow line.
const WHOLE: Duration = Duration::from_mins(30);

/// Gives downloads their turns.
#[derive(Clone, Debug)]
pub struct Turns {
    room: Arc<Semaphore>,
    wait: Duration,
}

/// A download's turn, over when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _permit: OwnedSemaphorePermit,
    /// When it has to be over.
    pub(super) until: Instant,
}

// === impl Turns ===

impl Turns {
    /// Waits for a turn. Fails with `UNAVAILABLE` when none comes.
    pub(super) async fn next(&self) -> Result<Turn, ExportError> {
        let permit = timeout(self.wait, self.room.clone().acquire_owned()).await;
        let Ok(Ok(permit)) = permit else {
            return Err(ExportError::Busy);
        };
        Ok(Turn {
            _permit: permit,
            until: Instant::now() + WHOLE,
        })
    }
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            room: Arc::new(Semaphore::new(AT_ONCE)),
            wait: WAIT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_gets_no_turn_in_time_is_told_to_try_again_and_a_turn_that_is_over_is_the_next_ones()
     {
        let turns = Turns {
            wait: Duration::ZERO,
            ..Turns::default()
        };
        let (first, _second) = (turns.next().await.unwrap(), turns.next().await.unwrap());
        assert!(matches!(turns.next().await, Err(ExportError::Busy)));
        drop(first);
        turns.next().await.unwrap();
    }
}
