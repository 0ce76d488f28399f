//! The one clock. Nothing else in the suite asks what time it is, so that tests and rehearsals can move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDate, Utc};

/// The time of a process: the system's, moved by an offset.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_micros: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that runs `offset_seconds` ahead of the system's (behind when negative).
    pub fn with_offset_seconds(offset_seconds: i64) -> Self {
        let clock = Self::default();
        clock.advance_seconds(offset_seconds);
        clock
    }

    /// Microseconds since 1970 UTC. Whole microseconds, because PostgreSQL keeps no more.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the system"
    )]
    pub fn now_micros(&self) -> i64 {
        Utc::now()
            .timestamp_micros()
            .saturating_add(self.offset_micros.load(Ordering::Relaxed))
    }

    /// The same as a date and time.
    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.now_micros()).unwrap_or_default()
    }

    /// The calendar day in China, where deadlines are counted.
    pub fn today(&self) -> NaiveDate {
        crate::calendar::date_in_china(self.now_micros())
    }

    /// Moves the clock for everybody who holds it.
    pub fn advance_seconds(&self, seconds: i64) {
        self.offset_micros
            .fetch_add(seconds.saturating_mul(1_000_000), Ordering::Relaxed);
    }
}

/// The microseconds since 1970 of a protobuf timestamp; what is finer is left out.
pub fn micros(at: prost_types::Timestamp) -> i64 {
    at.seconds
        .saturating_mul(1_000_000)
        .saturating_add(i64::from(at.nanos / 1_000))
}

/// A protobuf timestamp of microseconds since 1970.
pub fn timestamp(micros: i64) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: (micros.rem_euclid(1_000_000) * 1_000) as i32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_comes_back_from_its_timestamp_as_it_was() {
        for at in [0, 1, 1_539_561_600_123_456, -1, -1_500_000] {
            assert_eq!(micros(timestamp(at)), at);
        }
    }
}
