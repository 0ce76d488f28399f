//! How often one account, or one address without a session, may call.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::error::GatewayError;
use crate::settings::Limits;

/// Counts calls by account and by address. Each replica counts for itself.
pub struct Rates {
    accounts: DefaultKeyedRateLimiter<String>,
    addresses: DefaultKeyedRateLimiter<Option<IpAddr>>,
    clock: DefaultClock,
}

// === impl Rates ===

impl Rates {
    /// The rates of the table of limits; 0 is read as 1.
    pub fn new(limits: &Limits) -> Self {
        let quota = |calls| Quota::per_minute(NonZeroU32::new(calls).unwrap_or(NonZeroU32::MIN));
        Self {
            accounts: RateLimiter::keyed(quota(limits.calls_per_minute)),
            addresses: RateLimiter::keyed(quota(limits.anonymous_calls_per_minute)),
            clock: DefaultClock::default(),
        }
    }

    /// Counts a call of an account.
    pub fn count_account(&self, account: &str) -> Result<(), GatewayError> {
        let result = self.accounts.check_key(&account.to_owned());
        result.map_err(|later| self.refusal(later.wait_time_from(self.clock.now())))
    }

    /// Counts a call without a session; `None` is a caller in this process.
    pub fn count_address(&self, address: Option<IpAddr>) -> Result<(), GatewayError> {
        let result = self.addresses.check_key(&address);
        result.map_err(|later| self.refusal(later.wait_time_from(self.clock.now())))
    }

    /// Forgets who has not called for a while.
    pub fn tidy(&self) {
        self.accounts.retain_recent();
        self.addresses.retain_recent();
        self.accounts.shrink_to_fit();
        self.addresses.shrink_to_fit();
    }

    fn refusal(&self, wait: std::time::Duration) -> GatewayError {
        GatewayError::RateLimited {
            retry_seconds: wait.as_secs() + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_over_its_rate_is_told_when_to_come_again_and_others_are_not_touched() {
        let rates = Rates::new(&Limits {
            calls_per_minute: 2,
            ..Limits::default()
        });
        assert!(rates.count_account("accounts/1").is_ok());
        assert!(rates.count_account("accounts/1").is_ok());
        let refused = rates.count_account("accounts/1").unwrap_err();
        assert!(
            matches!(
                refused,
                GatewayError::RateLimited {
                    retry_seconds: 1..=31
                }
            ),
            "{refused}"
        );
        assert!(rates.count_account("accounts/2").is_ok());
    }
}
