//! When something hangs or fails to arrive: pure.

use chrono::{Days, NaiveDate};
use junheng_kernel::calendar::Calendar;

use crate::school_year;

/// The last day on which something may have fallen due to hang today: `grace` working days have passed since.
pub fn hangs_if_due_by(calendar: &Calendar, today: NaiveDate, grace: u32) -> NaiveDate {
    let mut due = today;
    // The grace spans weekends and holidays, of which there are never more than working days and a fortnight.
    for _ in 0..(3 * u64::from(grace) + 30) {
        due = due.checked_sub_days(Days::new(1)).unwrap_or(due);
        if calendar.add_working_days(due, grace).date < today {
            break;
        }
    }
    due
}

/// The school year whose cohort should have arrived by today, when `days` have passed since it began.
pub fn cohort_due(today: NaiveDate, days: u32) -> Option<i32> {
    let year = school_year::of(today);
    let first = school_year::first_day(year);
    let due = first.checked_add_days(Days::new(u64::from(days)))?;
    (today > due).then_some(year)
}

/// The school year in which the first primary graduates finished of whom nobody expects by today that they have arrived anywhere.
pub fn first_awaited(today: NaiveDate, days: u32) -> i32 {
    cohort_due(today, days).unwrap_or_else(|| school_year::of(today) - 1)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_transfer_hangs_when_its_grace_has_passed_over_weekends_and_holidays() {
        let calendar = Calendar::builtin();
        let by = |today, grace| hangs_if_due_by(&calendar, day(today), grace).to_string();
        assert_eq!(by("2026-10-14", 0), "2026-10-13");
        // Due on Friday the 25th of September, or in the National Day week: worked days after it count only.
        assert_eq!(by("2026-10-14", 5), "2026-10-07");
        assert_eq!(by("2026-11-20", 5), "2026-11-12");
    }

    #[test]
    fn a_cohort_has_its_days_to_arrive() {
        assert_eq!(cohort_due(day("2026-09-16"), 15), None);
        assert_eq!(cohort_due(day("2026-09-17"), 15), Some(2026));
        assert_eq!(cohort_due(day("2027-08-31"), 15), Some(2026));
        assert_eq!(cohort_due(day("2027-09-01"), 15), None);
    }

    #[test]
    fn who_finished_in_the_summer_is_awaited_until_the_cohort_is_due() {
        for (today, first) in [
            ("2026-07-20", 2025),
            ("2026-09-10", 2025),
            ("2026-09-17", 2026),
            ("2027-06-30", 2026),
        ] {
            assert_eq!(first_awaited(day(today), 15), first, "{today}");
        }
    }

    static CALENDAR: LazyLock<Calendar> = LazyLock::new(Calendar::builtin);

    proptest! {
        #[test]
        fn what_fell_due_a_day_later_does_not_hang_yet(offset in 0_u64..4_000, grace in 0_u32..40) {
            let calendar = &*CALENDAR;
            let today = day("2018-01-01") + Days::new(offset);
            let by = hangs_if_due_by(calendar, today, grace);
            let hangs = |due: NaiveDate| calendar.add_working_days(due, grace).date < today;
            prop_assert!(hangs(by));
            prop_assert!(!hangs(by + Days::new(1)));
        }
    }
}
