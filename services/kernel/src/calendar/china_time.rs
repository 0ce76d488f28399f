//! China Standard Time (北京时间): UTC+8 in the whole country. Summer time was last used in 1991, before any record kept here.

use chrono::NaiveDate;

const MICROS_PER_HOUR: i64 = 3_600_000_000;
const MICROS_PER_DAY: i64 = 24 * MICROS_PER_HOUR;
const OFFSET: i64 = 8 * MICROS_PER_HOUR;
/// 1970-01-01 counted from 0001-01-01, which is day 1.
const EPOCH_DAY: i64 = 719_163;

/// The civil date in China at a moment given in microseconds since 1970-01-01T00:00:00Z. Moments beyond the calendar's ends answer its ends.
pub fn date_in_china(micros_since_epoch: i64) -> NaiveDate {
    let day = micros_since_epoch
        .saturating_add(OFFSET)
        .div_euclid(MICROS_PER_DAY)
        + EPOCH_DAY;
    let beyond = if day < 0 {
        NaiveDate::MIN
    } else {
        NaiveDate::MAX
    };
    i32::try_from(day)
        .ok()
        .and_then(NaiveDate::from_num_days_from_ce_opt)
        .unwrap_or(beyond)
}

/// Date and minute in China, `2026-03-01 09:30`.
pub fn minute_in_china(micros_since_epoch: i64) -> String {
    let minutes = micros_since_epoch
        .saturating_add(OFFSET)
        .rem_euclid(MICROS_PER_DAY)
        / (MICROS_PER_HOUR / 60);
    let date = date_in_china(micros_since_epoch);
    format!("{date} {:02}:{:02}", minutes / 60, minutes % 60)
}

/// The moment a civil date begins in China, in microseconds since 1970-01-01T00:00:00Z; saturates at the ends of `i64`.
pub fn start_of_day_in_china(date: NaiveDate) -> i64 {
    let day = i64::from(chrono::Datelike::num_days_from_ce(&date)) - EPOCH_DAY;
    day.saturating_mul(MICROS_PER_DAY).saturating_sub(OFFSET)
}
