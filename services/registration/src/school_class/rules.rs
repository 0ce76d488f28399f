//! What a class's place in its school must look like, and how it is called.

use std::fmt;

use chrono::NaiveDate;
use junheng_kernel::fault::Violation;
use junheng_kernel::label;
use junheng_proto::education::v1::Stage;

use crate::entity::school_class::Model;
use crate::promotion::rules::is_season;
use crate::school_year;

/// The grades of a stage by their Chinese names, grade 1 first.
struct StageRule {
    stage: Stage,
    key: &'static str,
    grades: &'static [&'static str],
}

#[rustfmt::skip]
const STAGES: &[StageRule] = &[
    StageRule { stage: Stage::Primary, key: "PRIMARY", grades: &["一年级", "二年级", "三年级", "四年级", "五年级", "六年级"] },
    StageRule { stage: Stage::Junior,  key: "JUNIOR",  grades: &["七年级", "八年级", "九年级"] },
    StageRule { stage: Stage::Senior,  key: "SENIOR",  grades: &["高一", "高二", "高三"] },
];

/// The highest number within a grade.
pub const MOST_CLASSES: i32 = 99;

/// Where a class stands in its school. As text, `PRIMARY/3/2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The stage (学段).
    pub stage: i32,
    /// The grade within the stage (年级), from 1.
    pub grade: i32,
    /// The number within the grade (班号), 1 to 99.
    pub number: i32,
}

/// The contract's name of a stage without its prefix, for example `PRIMARY`; empty for none.
pub fn stage_key(stage: i32) -> &'static str {
    rule_of(stage).map_or("", |rule| rule.key)
}

/// The last grade of a stage; 0 for none.
pub fn last_grade(stage: i32) -> i32 {
    let grades = rule_of(stage).map_or(0, |rule| rule.grades.len());
    i32::try_from(grades).unwrap_or(0)
}

/// The year in which the students of a class entered the stage (届), as its grade says it on a day: before September that of
/// a class which has been promoted already says the year that comes.
pub(crate) fn entered(class: &Model, today: NaiveDate) -> i32 {
    class.grade_year.max(school_year::of(today)) - (class.grade - 1)
}

/// The school year in which the grade of a class holds that opens on a day: the one that runs, or the next where the school's
/// other classes have been promoted into it.
pub(crate) fn opens_in(of_others: Option<&i32>, today: NaiveDate) -> i32 {
    let runs = school_year::of(today);
    of_others.map_or(runs, |promoted| runs.max(*promoted))
}

/// What is wrong with the grade of a row for a class whose grade holds in a school year, by the day on which the row was sent: a
/// row that waited over the turn of a school year names a grade in which its class, or its pupil, is no more. In summer a row
/// may speak of the year that comes.
pub(crate) fn check_sent(grade_year: i32, sent: NaiveDate) -> Option<Violation> {
    let said = school_year::of(sent);
    if grade_year <= said || is_season(grade_year, sent) {
        return None;
    }
    Some(Violation::invalid(
        "grade",
        format!(
            "was that of the school year {said}, in which the row was sent; the class is of {grade_year}: send the row again with the grade of today"
        ),
        format!("数据为{said}学年报送的年级,现有班级属{grade_year}学年,请按当前年级重新报送"),
    ))
}

/// A grade in Chinese, for example 三年级; its number for a grade that the stage does not have.
pub fn grade_name(stage: i32, grade: i32) -> String {
    let name = rule_of(stage).and_then(|rule| rule.grade(grade));
    name.map_or_else(|| format!("{grade}年级"), str::to_owned)
}

fn rule_of(stage: i32) -> Option<&'static StageRule> {
    STAGES.iter().find(|rule| rule.stage as i32 == stage)
}

/// Everything that is wrong with a place.
pub fn check(place: Place) -> Vec<Violation> {
    let mut wrong = Vec::new();
    wrong.extend(label::check(
        "stage",
        "junheng.education.v1.Stage",
        place.stage,
    ));
    if let Some(rule) = rule_of(place.stage)
        && rule.grade(place.grade).is_none()
    {
        let most = rule.grades.len();
        wrong.push(Violation::invalid(
            "grade",
            format!("must be 1 to {most} in this stage"),
            format!("该学段年级应为1至{most}"),
        ));
    }
    if !(1..=MOST_CLASSES).contains(&place.number) {
        wrong.push(Violation::invalid(
            "number",
            format!("must be 1 to {MOST_CLASSES}"),
            format!("班号应为1至{MOST_CLASSES}"),
        ));
    }
    wrong
}

// === impl StageRule ===

impl StageRule {
    fn grade(&self, grade: i32) -> Option<&'static str> {
        let index = usize::try_from(grade).ok()?.checked_sub(1)?;
        self.grades.get(index).copied()
    }
}

// === impl Place ===

impl Place {
    /// The place of a class.
    pub fn of(class: &Model) -> Self {
        Self {
            stage: class.stage,
            grade: class.grade,
            number: class.number,
        }
    }

    /// The class within its stage, for example 三年级2班. A grade that the stage does not have shows as its number.
    pub fn display_name(&self) -> String {
        let Self {
            stage,
            grade,
            number,
        } = self;
        match rule_of(*stage).and_then(|rule| rule.grade(*grade)) {
            Some(name) => format!("{name}{number}班"),
            None => format!("{grade}年级{number}班"),
        }
    }

    /// The class within its school, for example 小学三年级2班.
    pub fn full_name(&self) -> String {
        let stage = Stage::try_from(self.stage).unwrap_or_default();
        format!("{}{}", label::of(stage), self.display_name())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}",
            stage_key(self.stage),
            self.grade,
            self.number
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(stage: Stage, grade: i32, number: i32) -> Place {
        Place {
            stage: stage as i32,
            grade,
            number,
        }
    }

    fn fields(place: Place) -> Vec<String> {
        check(place).into_iter().map(|wrong| wrong.field).collect()
    }

    #[test]
    fn classes_are_called_as_schools_call_them() {
        assert_eq!(place(Stage::Primary, 3, 2).full_name(), "小学三年级2班");
        assert_eq!(place(Stage::Junior, 1, 11).display_name(), "七年级11班");
        assert_eq!(place(Stage::Senior, 3, 1).display_name(), "高三1班");
        assert_eq!(place(Stage::Primary, 3, 2).to_string(), "PRIMARY/3/2");
    }

    #[test]
    fn a_class_says_the_year_of_entry_by_the_school_year_in_which_its_grade_holds() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let of = |grade_year| Model {
            id: uuid::Uuid::nil(),
            school: uuid::Uuid::nil(),
            place: 0,
            stage: Stage::Primary as i32,
            grade: 3,
            grade_year,
            number: 1,
            version: 1,
        };
        assert_eq!(entered(&of(2025), day("2026-03-01")), 2023);
        assert_eq!(entered(&of(2026), day("2026-08-05")), 2024, "promoted");
        assert_eq!(opens_in(None, day("2026-08-05")), 2025);
        assert_eq!(opens_in(Some(&2026), day("2026-08-05")), 2026);
        assert_eq!(opens_in(Some(&2020), day("2026-10-05")), 2026);
    }

    #[test]
    fn a_row_speaks_of_the_school_year_in_which_it_was_sent() {
        let sent = |day: &str, grade_year| check_sent(grade_year, day.parse().unwrap()).is_none();
        assert!(sent("2020-09-03", 2020));
        assert!(!sent("2020-09-03", 2021));
        assert!(sent("2020-08-20", 2020), "ahead of the first day");
        assert!(!sent("2020-05-20", 2020));
    }

    #[test]
    fn each_stage_has_its_own_grades() {
        assert_eq!(check(place(Stage::Primary, 6, 99)), []);
        assert_eq!(check(place(Stage::Junior, 3, 1)), []);
        assert_eq!(fields(place(Stage::Junior, 4, 1)), ["grade"]);
        assert_eq!(fields(place(Stage::Primary, 0, 100)), ["grade", "number"]);
        assert_eq!(fields(place(Stage::Unspecified, 1, 1)), ["stage"]);
    }

    #[test]
    fn a_place_that_cannot_be_still_has_a_name() {
        assert_eq!(place(Stage::Unspecified, -4, 0).full_name(), "-4年级0班");
    }
}
