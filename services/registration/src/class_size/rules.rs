//! What a plan must look like, and which class is large. Pure.

use chrono::{Months, NaiveDate};
use junheng_kernel::fault::Violation;
use junheng_kernel::identity_number::date_of;
use junheng_kernel::label;
use junheng_kernel::text::check_lines;
use junheng_kernel::workflow::Unmet;
use junheng_proto::registration::v1::{ClassSizeBand, ReliefPlan};

use super::workflow::Guard;

/// The smallest class of a band, and the largest; none for the last.
struct Limits {
    band: ClassSizeBand,
    least: i64,
    most: Option<i64>,
}

/// The bands of large classes (班额, V). The form of the statistics draws the same borders.
const BANDS: [Limits; 2] = [
    Limits {
        band: ClassSizeBand::Large,
        least: 56,
        most: Some(65),
    },
    Limits {
        band: ClassSizeBand::Oversized,
        least: 66,
        most: None,
    },
];

/// The smallest large class.
pub const LARGE: i64 = BANDS[0].least;

/// The band of a class; none when it is not large.
pub fn band_of(students: i64) -> Option<ClassSizeBand> {
    let found = BANDS.iter().find(|limits| limits.holds(students));
    found.map(|limits| limits.band)
}

/// The sizes that a list asks for: at least, and at most. Fails with `FIELD_INVALID` for an unknown band.
pub fn sizes_of(band: i32) -> Result<(i64, Option<i64>), Violation> {
    if band == ClassSizeBand::Unspecified as i32 {
        return Ok((LARGE, None));
    }
    let found = BANDS.iter().find(|limits| limits.band as i32 == band);
    found
        .map(|limits| (limits.least, limits.most))
        .ok_or_else(|| {
            Violation::invalid(
                "band",
                "must be 1 for large, 2 for oversized, or left out",
                "应为1大班额、2超大班额或不填",
            )
        })
}

/// School years of the longest stage.
const LONGEST_STAGE: u32 = 6;

/// Everything that is wrong with a plan on a day.
pub fn check(plan: &ReliefPlan, today: NaiveDate) -> Vec<Violation> {
    let full_name = "junheng.registration.v1.ReliefPlan.Measure";
    let mut wrong = Vec::from_iter(label::check("relief_plan.measure", full_name, plan.measure));
    wrong.extend(check_lines("relief_plan.statement", &plan.statement));
    if !(5..=1_000).contains(&plan.statement.trim().chars().count()) {
        wrong.push(Violation::invalid(
            "relief_plan.statement",
            "must say in 5 to 1,000 characters how the class becomes smaller",
            "应以5至1000字说明消除办法",
        ));
    }
    // Nobody sits in a class longer than the longest stage: a plan beyond it relieves nobody.
    let last = today.checked_add_months(Months::new(12 * LONGEST_STAGE));
    let is_near = |end: NaiveDate| end > today && last.is_none_or(|last| end <= last);
    if !date_of(&plan.end_date).is_some_and(is_near) {
        wrong.push(Violation::invalid(
            "relief_plan.end_date",
            format!(
                "must be a date after today and within {LONGEST_STAGE} years, written YYYY-MM-DD"
            ),
            format!("应为今天之后{LONGEST_STAGE}年以内的日期,格式YYYY-MM-DD"),
        ));
    }
    wrong
}

/// Judges one guard by the number of students in the class.
pub fn judge(guard: Guard, students: i64) -> Result<(), Unmet> {
    match guard {
        Guard::ClassRelieved if students < LARGE => Ok(()),
        Guard::ClassRelieved => Err(Unmet::Missing(
            format!("the class still has {students} students; large from {LARGE} on"),
            format!("该班现有{students}人,仍达到{LARGE}人以上"),
        )),
    }
}

// === impl Limits ===

impl Limits {
    fn holds(&self, students: i64) -> bool {
        students >= self.least && self.most.is_none_or(|most| students <= most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_large_from_56_and_oversized_from_66() {
        assert_eq!(band_of(55), None);
        assert_eq!(band_of(56), Some(ClassSizeBand::Large));
        assert_eq!(band_of(65), Some(ClassSizeBand::Large));
        assert_eq!(band_of(66), Some(ClassSizeBand::Oversized));
        assert_eq!(sizes_of(0), Ok((56, None)));
        assert_eq!(sizes_of(1), Ok((56, Some(65))));
        assert!(sizes_of(3).is_err());
    }

    #[test]
    fn a_plan_ends_while_the_class_still_sits_together() {
        let today = "2026-11-22".parse().unwrap();
        let wrong = |end_date: &str| {
            let plan = ReliefPlan {
                end_date: end_date.into(),
                ..ReliefPlan::default()
            };
            let wrong = check(&plan, today);
            wrong.iter().any(|one| one.field == "relief_plan.end_date")
        };
        for (end_date, is_wrong) in [
            ("2026-11-22", true),
            ("2026-11-23", false),
            ("2032-11-22", false),
            ("2032-11-23", true),
            ("9999-12-31", true),
        ] {
            assert_eq!(wrong(end_date), is_wrong, "{end_date}");
        }
    }

    #[test]
    fn a_plan_is_fulfilled_when_the_class_is_large_no_more() {
        assert!(judge(Guard::ClassRelieved, 55).is_ok());
        assert!(judge(Guard::ClassRelieved, 56).is_err());
    }
}
