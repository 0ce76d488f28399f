//! Chinese working days and China Standard Time.
//!
//! A day is a working day (工作日) when it is Monday to Friday and no public holiday (法定节假日), or a weekend day that a State Council
//! notice turned into a working day (调休). Holidays and make-up days are data: `data/holidays.tsv`, one notice a year, under
//! 全国年节及纪念日放假办法. A year without its notice counts weekends only, and a date computed with it is marked provisional.

mod china_time;
mod notice;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate, Weekday};

pub use china_time::{date_in_china, minute_in_china, start_of_day_in_china};
pub use notice::CalendarError;

/// Which days are working days, and for which years that is settled.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// Days on which the notices differ from Monday to Friday, sorted by date.
    exceptions: Vec<Exception>,
    /// Years whose notice is in the table.
    settled_years: BTreeSet<i32>,
}

#[derive(Debug, Clone, Copy)]
struct Exception {
    date: NaiveDate,
    /// `true` for a make-up working day, `false` for a holiday on a weekday.
    works: bool,
    /// Working days won less working days lost, from the first exception to this one.
    balance: i64,
}

/// A date some working days ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The day itself: due by its end, China Standard Time.
    pub date: NaiveDate,
    /// Whether a day passed on the way is not settled by a notice yet, so that the date may move.
    pub provisional: bool,
}

/// From this day of December the next year's notice may decide (元旦 2023 began on 2022-12-31; 2018-12-29 was a make-up day for 2019).
const NEXT_NOTICE_FROM: (u32, u32) = (12, 28);

// === impl Calendar ===

impl Calendar {
    /// The calendar shipped with the program. Parses the table: call once and keep it.
    ///
    /// # Panics
    /// When the shipped table is malformed, which a test excludes.
    pub fn builtin() -> Self {
        Self::with_extra("").expect("the shipped holiday table is well formed")
    }

    /// The shipped calendar with further notices: lines `date<TAB>kind<TAB>name`, kind `holiday` or `workday`, date `2027-01-01`; `#`
    /// begins a comment. A date given again replaces the shipped one; the year of each date counts as settled.
    ///
    /// # Errors
    /// [`CalendarError`] with the line of `extra` that is wrong.
    pub fn with_extra(extra: &str) -> Result<Self, CalendarError> {
        let mut days = notice::parse(notice::BUILTIN)?;
        days.extend(notice::parse(extra)?);
        let settled_years = days.keys().map(Datelike::year).collect();
        let mut balance = 0;
        let exceptions = days
            .into_iter()
            .filter(|(date, works)| *works != is_weekday(*date))
            .map(|(date, works)| {
                balance += if works { 1 } else { -1 };
                Exception {
                    date,
                    works,
                    balance,
                }
            })
            .collect();
        Ok(Self {
            exceptions,
            settled_years,
        })
    }

    /// Whether people work on this day.
    pub fn is_working_day(&self, date: NaiveDate) -> bool {
        match self
            .exceptions
            .binary_search_by_key(&date, |exception| exception.date)
        {
            Ok(at) => self.exceptions[at].works,
            Err(_) => is_weekday(date),
        }
    }

    /// The day `n` working days after `from`: the day after `from` is the first that counts, whether or not `from` is a working day.
    /// `n` = 0 answers `from`. A date beyond the calendar's end stays at its end.
    pub fn add_working_days(&self, from: NaiveDate, n: u32) -> Due {
        if n == 0 {
            return Due {
                date: from,
                provisional: false,
            };
        }
        let target = self.working_days_through(from) + i64::from(n);
        // Among 30 days and three times the number wanted there are always enough: the longest holiday has 8 or 9 days in a row.
        let (mut low, mut high) = (1, 30 + 3 * u64::from(n));
        while low < high {
            let middle = low.midpoint(high);
            if self.working_days_through(later(from, middle)) < target {
                low = middle + 1
            } else {
                high = middle
            }
        }
        let date = later(from, low);
        Due {
            date,
            provisional: self.is_provisional(from, date),
        }
    }

    /// Working days after `from` up to and including `to`; negative when `to` is earlier. The reverse of
    /// [`add_working_days`](Self::add_working_days): between `from` and the day `n` working days later there are `n`.
    pub fn working_days_between(&self, from: NaiveDate, to: NaiveDate) -> i64 {
        self.working_days_through(to) - self.working_days_through(from)
    }

    /// Whether a day after `from` up to and including `to` is not settled by a notice in the table.
    pub fn is_provisional(&self, from: NaiveDate, to: NaiveDate) -> bool {
        if to <= from {
            return false;
        }
        let unsettled = |year: i32| !self.settled_years.contains(&year);
        let last_days_of_december = (to.month(), to.day()) >= NEXT_NOTICE_FROM;
        (later(from, 1).year()..=to.year()).any(unsettled)
            || (last_days_of_december && unsettled(to.year() + 1))
    }

    /// Working days from a fixed, arbitrary day through `date`.
    fn working_days_through(&self, date: NaiveDate) -> i64 {
        let days = i64::from(date.num_days_from_ce());
        // Day 1 of the common era was a Monday.
        let weekdays = days.div_euclid(7) * 5 + days.rem_euclid(7).min(5);
        let passed = self
            .exceptions
            .partition_point(|exception| exception.date <= date);
        let balance = passed
            .checked_sub(1)
            .map_or(0, |last| self.exceptions[last].balance);
        weekdays + balance
    }
}

fn is_weekday(date: NaiveDate) -> bool {
    !matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

fn later(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_add_days(Days::new(days))
        .unwrap_or(NaiveDate::MAX)
}
