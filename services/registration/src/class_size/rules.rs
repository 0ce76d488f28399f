//! What a plan must look like, and which class is large. Pure.

use chrono::{Months, NaiveDate};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::identity_number::date_of;
use junheng_kernel::label;
use junheng_kernel::text::check_lines;
use junheng_kernel::workflow::Unmet;
use junheng_proto::registration::v1::{ClassSizeBand, ReliefPlan};

use super::workflow::Guard;
use crate::statistic::band;

/// The bands of large classes by their keys among all bands.
const LARGE: [(ClassSizeBand, &str); 2] = [
    (ClassSizeBand::Large, "large"),
    (ClassSizeBand::Oversized, "over_large"),
];

/// The band of a class on a day; none when it is not large.
pub fn band_of(students: i64, today: NaiveDate) -> Option<ClassSizeBand> {
    let key = band::of(students, today)?.key;
    let found = LARGE.iter().find(|(_, known)| *known == key);
    found.map(|(band, _)| *band)
}

/// The sizes that a list asks for: at least, and at most. Fails with `FIELD_INVALID` for an unknown band.
pub fn sizes_of(wanted: i32, today: NaiveDate) -> Result<(i64, Option<i64>), KernelError> {
    if wanted == ClassSizeBand::Unspecified as i32 {
        return Ok((band::large_from(today)?, None));
    }
    let found = LARGE.iter().find(|(band, _)| *band as i32 == wanted);
    let band = found.and_then(|(_, key)| band::named(key, today));
    band.map(|band| (band.least, Some(band.most).filter(|most| *most < i64::MAX)))
        .ok_or_else(|| {
            KernelError::Fields(vec![Violation::invalid(
                "band",
                "must be 1 for large, 2 for oversized, or left out",
                "应为1大班额、2超大班额或不填",
            )])
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

/// Judges one guard by the number of students in the class, of which `large_from` are too many.
pub fn judge(guard: Guard, students: i64, large_from: i64) -> Result<(), Unmet> {
    match guard {
        Guard::ClassRelieved if students < large_from => Ok(()),
        Guard::ClassRelieved => Err(Unmet::Missing(
            format!("the class still has {students} students; large from {large_from} on"),
            format!("该班现有{students}人,仍达到{large_from}人以上"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_large_from_56_and_oversized_from_66() {
        let today = "2026-11-22".parse().unwrap();
        assert_eq!(band_of(55, today), None);
        assert_eq!(band_of(56, today), Some(ClassSizeBand::Large));
        assert_eq!(band_of(65, today), Some(ClassSizeBand::Large));
        assert_eq!(band_of(66, today), Some(ClassSizeBand::Oversized));
        assert_eq!(sizes_of(0, today).unwrap(), (56, None));
        assert_eq!(sizes_of(1, today).unwrap(), (56, Some(65)));
        assert_eq!(sizes_of(2, today).unwrap(), (66, None));
        assert!(sizes_of(3, today).is_err());
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
        assert!(judge(Guard::ClassRelieved, 55, 56).is_ok());
        assert!(judge(Guard::ClassRelieved, 56, 56).is_err());
    }
}
