//! School years 学年, from 1 September to 31 August, named by the year in which they begin. The terms of a province's school
//! calendar differ by days; what is counted by school year uses this border (statistics of education, R+).

use chrono::{Datelike as _, NaiveDate};

/// The month in which a school year begins.
const FIRST_MONTH: u32 = 9;

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
}
