//! How many streams of answers one account has open: a call counts once, a stream costs as long as it lasts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::GatewayError;
use crate::settings::Limits;

/// When an account that has too many open may try again, in seconds. Nobody knows when a stream ends.
const RETRY_SECONDS: u64 = 10;

/// Counts open streams by account. Each replica counts for itself.
#[derive(Clone)]
pub struct Streams {
    most: u32,
    open: Arc<Mutex<HashMap<String, u32>>>,
}

/// One stream that is open until this is dropped.
pub struct OpenStream {
    account: String,
    open: Arc<Mutex<HashMap<String, u32>>>,
}

// === impl Streams ===

impl Streams {
    /// None open, within the table of limits.
    pub fn new(limits: &Limits) -> Self {
        Self {
            most: limits.streams_per_account,
            open: Arc::default(),
        }
    }

    /// Counts one more stream of an account. Fails with `RATE_LIMITED` when it has as many as it may.
    pub fn open(&self, account: &str) -> Result<OpenStream, GatewayError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.get(account).copied().unwrap_or_default();
        if count >= self.most {
            return Err(GatewayError::TooManyStreams {
                most: self.most,
                retry_seconds: RETRY_SECONDS,
            });
        }
        open.insert(account.to_owned(), count + 1);
        Ok(OpenStream {
            account: account.to_owned(),
            open: self.open.clone(),
        })
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_so_many_streams_open_and_one_more_when_one_has_ended() {
        let streams = Streams::new(&Limits {
            streams_per_account: 2,
            ..Limits::default()
        });
        let first = streams.open("accounts/1").unwrap();
        let _second = streams.open("accounts/1").unwrap();
        let refused = streams.open("accounts/1").err().unwrap();
        assert!(
            matches!(refused, GatewayError::TooManyStreams { most: 2, .. }),
            "{refused}"
        );
        let other = streams.open("accounts/2").unwrap();
        drop((first, other));
        let _third = streams.open("accounts/1").unwrap();
        assert_eq!(
            streams.open.lock().unwrap().len(),
            1,
            "who has none is forgotten"
        );
    }
}
