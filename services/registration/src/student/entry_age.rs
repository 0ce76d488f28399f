//! The age of entry (入学年龄): children enter in the school year before which they have become six, where conditions lack
//! seven (义务教育法 11); later with an approved deferral, or with a disability (残疾人教育条例).
//!
//! Whoever registers a child in the first grade by hand is held to it: one below the age of the law is refused, one beyond it
//! is taken with a warning, since the deferral may lie in a file. An import takes the roll as it stands, for a pupil who
//! attends is never without a record; one who entered below the age is shown with the warning from then on.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::identity_number::date_of;
use junheng_kernel::region::RegionTable;
use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::Warning;

use crate::approval;
use crate::entity::student::Model;
use crate::rule_book::{RegionPath, RuleBook};

/// An age of entry outside the law's bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unusual {
    /// The age in years on the last day before the school year of entry.
    age: i64,
    /// That day.
    pub(super) date: NaiveDate,
    /// The bound that it passes.
    pub(super) bound: i64,
}

// === impl Unusual ===

impl Unusual {
    /// Whether the child is below the age of entry, and not beyond it.
    pub(super) fn is_below(&self) -> bool {
        self.age < self.bound
    }

    /// As it is shown beside the record.
    pub(super) fn warning(&self) -> Warning {
        let Self { age, date, bound } = self;
        let (message, message_zh) = if self.is_below() {
            (
                format!(
                    "is {age} years on {date}; children enter at {bound} (Compulsory Education Law 11)"
                ),
                format!("截至{date}为{age}周岁,未满{bound}周岁,未达入学年龄(义务教育法第十一条)"),
            )
        } else {
            (
                format!(
                    "is {age} years on {date}; children enter by {bound}, later by an approved deferral or with a disability (Compulsory Education Law 11)"
                ),
                format!(
                    "截至{date}已满{age}周岁,超过{bound}周岁入学须有经批准的延缓入学或残疾证明,请核对(义务教育法第十一条)"
                ),
            )
        };
        Warning {
            field: "birth_date".into(),
            message,
            message_zh,
        }
    }
}

/// What is unusual about the age at which a pupil of the first grade of primary school entered.
pub(super) fn unusual(
    regions: &RegionTable,
    student: &Model,
    birth_date: &str,
) -> Result<Option<Unusual>, KernelError> {
    if (student.stage, student.grade) != (Stage::Primary as i32, 1) {
        return Ok(None);
    }
    let date = NaiveDate::from_ymd_opt(student.entry_year, 8, 31).unwrap_or_default();
    let Some(born) = date_of(birth_date) else {
        return Ok(None);
    };
    let age = i64::from(date.years_since(born).unwrap_or(0));
    let book = RuleBook::builtin()?;
    let path = RegionPath::of(regions, &approval::region_of(student.place));
    let earliest = book.number("entry.age", &path, date)?;
    let latest = book.number("entry.latest_age", &path, date)?;
    let bound = match age {
        age if age < earliest => earliest,
        age if age > latest && student.disability == 0 => latest,
        _ => return Ok(None),
    };
    Ok(Some(Unusual { age, date, bound }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_grade_is_entered_at_six_or_seven_and_later_with_a_disability() {
        let regions = RegionTable::builtin();
        let pupil = |entry_year| Model {
            place: 630_103_000_000,
            entry_year,
            ..Model::sample()
        };
        let of = |pupil: &Model, born: &str| {
            let found = unusual(&regions, pupil, born).unwrap();
            found.map(|found| (found.is_below(), found.bound))
        };
        assert_eq!(of(&pupil(2020), "2014-08-31"), None, "six that day");
        assert_eq!(of(&pupil(2020), "2014-09-01"), Some((true, 6)));
        assert_eq!(of(&pupil(2020), "2017-03-01"), Some((true, 6)));
        assert_eq!(of(&pupil(2020), "2012-09-01"), None, "seven still");
        assert_eq!(of(&pupil(2020), "2012-08-31"), Some((false, 7)));
        let disabled = Model {
            disability: 1,
            ..pupil(2020)
        };
        assert_eq!(of(&disabled, "2010-01-01"), None);
        for (stage, grade) in [(1, 2), (2, 1)] {
            let other = Model {
                stage,
                grade,
                ..pupil(2020)
            };
            assert_eq!(of(&other, "2017-03-01"), None);
        }
    }
}
