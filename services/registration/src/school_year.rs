//! School years 学年, from 1 September to 31 August, named by the year in which they begin. The terms of a province's school
//! calendar differ by days; what is counted by school year uses this border (statistics of education, R+).

use chrono::{Datelike as _, NaiveDate};
use junheng_kernel::fault::Violation;

/// The month in which a school year begins.
const FIRST_MONTH: u32 = 9;

/// The first school year that anything is kept of.
const FIRST_YEAR: i32 = 2000;

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

/// The school year in which a student of `grade` entered the stage, by a day on which the grade holds.
pub fn entered(grade: i32, date: NaiveDate) -> i32 {
    of(date) - (grade - 1)
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

/// The same of a list's filter, where 0 asks for every year.
pub fn check_filter(field: &str, year: i32, today: NaiveDate) -> Option<Violation> {
    match year {
        0 => None,
        year => check_seen(field, year, today),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_year_begins_in_september() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(of(day("2026-08-31")), 2025);
        assert_eq!(of(day("2026-09-01")), 2026);
        assert_eq!(entered(3, day("2026-03-01")), 2023);
        assert_eq!(first_day(2026), day("2026-09-01"));
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
}
