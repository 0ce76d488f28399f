//! Which grade a student may enter. Pure.

use chrono::NaiveDate;

use super::workflow::Kind;
use crate::school_class::rules::last_grade;
use crate::school_year;

/// The grades of the student's stage that fit, lowest and highest. After a leave, and after a mistaken end: from the grade left to the one that the
/// student's class has reached meanwhile, no further than the stage goes. Repeating is one lower, skipping one higher.
/// `None` when there is none.
pub(super) fn fitting(
    kind: Kind,
    stage: i32,
    grade: i32,
    left_on: Option<NaiveDate>,
    today: NaiveDate,
) -> Option<(i32, i32)> {
    let last = last_grade(stage);
    let (low, high) = match kind {
        Kind::Return | Kind::Correction => {
            let passed = left_on.map_or(0, |left| school_year::of(today) - school_year::of(left));
            (grade, (grade + passed.max(0)).min(last))
        }
        Kind::Repeating => (grade - 1, grade - 1),
        Kind::Skipping => (grade + 1, grade + 1),
        _ => return None,
    };
    (low >= 1 && high <= last).then_some((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn after_a_leave_the_grade_lies_between_the_one_left_and_the_one_reached_meanwhile() {
        let left = Some(day("2025-10-01"));
        let fitting = |grade, today: &str| fitting(Kind::Return, 1, grade, left, day(today));
        assert_eq!(fitting(3, "2026-03-01"), Some((3, 3)));
        assert_eq!(fitting(3, "2026-09-01"), Some((3, 4)));
        assert_eq!(
            fitting(6, "2027-09-01"),
            Some((6, 6)),
            "no further than the stage"
        );
    }

    #[test]
    fn repeating_is_one_grade_lower_and_skipping_one_higher_within_the_stage() {
        let today = day("2026-09-01");
        assert_eq!(fitting(Kind::Repeating, 1, 4, None, today), Some((3, 3)));
        assert_eq!(fitting(Kind::Repeating, 1, 1, None, today), None);
        assert_eq!(fitting(Kind::Skipping, 2, 2, None, today), Some((3, 3)));
        assert_eq!(fitting(Kind::Skipping, 2, 3, None, today), None);
    }
}
