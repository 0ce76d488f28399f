//! School years 学年, from 1 September to 31 August, named by the year in which they begin. The terms of a province's school
//! calendar differ by days; what is counted by school year uses this border (statistics of education, R+).

use chrono::{Datelike as _, NaiveDate};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;

/// The month in which a school year begins.
const FIRST_MONTH: u32 = 9;

/// The first school year that anything is kept of.
pub const FIRST_YEAR: i32 = 2000;

/// The school year in which a day lies: 2025 for 2025-09-01 to 2026-08-31.
pub fn of(date: NaiveDate) -> i32 {
    if date.month() < FIRST_MONTH {
        date.year() - 1
    } else {
        date.year()
    }
}

/// The first day of a school year; for a year that no calendar has, the calendar's last day.
pub fn first_day(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, FIRST_MONTH, 1).unwrap_or(NaiveDate::MAX)
}

/// The day by which a child must have come of age to enter school in a school year: the last before it, 31 August (义务教育法 11;
/// the day is that of the provinces' admission rules, R).
pub fn age_day(year: i32) -> NaiveDate {
    let first = first_day(year);
    first.pred_opt().unwrap_or(first)
}

/// What is wrong with a school year that is planned for on a day: plans are made for the year that runs, the one before and
/// the two to come.
pub fn check_planned(field: &str, year: i32, today: NaiveDate) -> Option<Violation> {
    let (first, last) = (of(today) - 1, of(today) + 2);
    (!(first..=last).contains(&year)).then(|| {
        Violation::invalid(
            field,
            format!("must be the year in which the school year begins, {first} to {last}"),
            format!("应为学年起始年份,{first}至{last}"),
        )
    })
}

/// What is wrong with a school year that is looked at: one of the system's time, at most the next.
pub fn check_seen(field: &str, year: i32, today: NaiveDate) -> Option<Violation> {
    let last = of(today) + 1;
    (!(FIRST_YEAR..=last).contains(&year)).then(|| {
        Violation::invalid(
            field,
            format!("must be the year in which the school year begins, {FIRST_YEAR} to {last}"),
            format!("应为学年起始年份,{FIRST_YEAR}至{last}"),
        )
    })
}

/// The last school year that can be named.
const LAST_YEAR: i32 = 2100;

/// What is wrong with a school year that a request names.
pub fn check(field: &str, year: i32) -> Option<Violation> {
    (!(FIRST_YEAR..=LAST_YEAR).contains(&year)).then(|| {
        Violation::invalid(
            field,
            format!(
                "must be the year in which the school year begins, {FIRST_YEAR} to {LAST_YEAR}"
            ),
            format!("应为学年起始年份,{FIRST_YEAR}至{LAST_YEAR}"),
        )
    })
}

/// The school year that a request looks at: the running one where it names none. Fails with `FIELD_INVALID`.
pub fn seen(field: &str, year: i32, today: NaiveDate) -> Result<i32, KernelError> {
    if year == 0 {
        return Ok(of(today));
    }
    KernelError::unless_empty(check_seen(field, year, today).into_iter().collect())?;
    Ok(year)
}

/// What is wrong with a school year by which a list is narrowed; 0 does not narrow it.
pub fn check_filter(field: &str, year: i32) -> Option<Violation> {
    (year != 0).then(|| check(field, year)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_year_begins_in_september() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(of(day("2026-08-31")), 2025);
        assert_eq!(of(day("2026-09-01")), 2026);
        assert_eq!(first_day(2026), day("2026-09-01"));
        assert_eq!(age_day(2026), day("2026-08-31"));
    }

    #[test]
    fn nobody_plans_for_a_year_far_off_or_looks_at_one_that_is_none() {
        let today = "2026-11-22".parse().unwrap();
        for (year, planned, seen) in [
            (-5, false, false),
            (1999, false, false),
            (2000, false, true),
            (2024, false, true),
            (2025, true, true),
            (2027, true, true),
            (2028, true, false),
            (2029, false, false),
            (2040, false, false),
        ] {
            assert_eq!(check_planned("y", year, today).is_none(), planned, "{year}");
            assert_eq!(check_seen("y", year, today).is_none(), seen, "{year}");
        }
    }

    #[test]
    fn no_number_that_a_request_can_hold_is_counted_with_unless_it_is_a_year() {
        let today = "2026-11-22".parse().unwrap();
        for year in [i32::MIN, -5, -1, 1, 1900, 2101, 300_000, i32::MAX] {
            assert!(seen("school_year", year, today).is_err(), "{year}");
            assert!(check("school_year", year).is_some(), "{year}");
            assert!(check_filter("school_year", year).is_some(), "{year}");
        }
        assert_eq!(seen("school_year", 0, today).unwrap(), 2026);
        assert_eq!(seen("school_year", 2025, today).unwrap(), 2025);
        assert_eq!(check_filter("school_year", 0), None);
    }
}
