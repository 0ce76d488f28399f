//! What a student's record must look like, and who may change what of it.

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use junheng_kernel::fault::Violation;
use junheng_kernel::text::check_text;
use junheng_kernel::{identity_number, label};
use junheng_proto::registration::v1::Student;

use crate::entity::school_class;
use crate::entity::student::Model;

use super::standing::is_on_roll;
use super::{document, ethnic_group, number};

/// What names and describes a person as the household register has it, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The name, exactly as written.
    pub display_name: String,
    /// The kind of document.
    pub identity_type: i32,
    /// The number, normalised; empty without a document.
    pub identity_number: String,
    /// The sex (GB/T 2261.1).
    pub sex: i32,
    /// The date of birth, `YYYY-MM-DD`.
    pub birth_date: String,
    /// The code of the ethnic group (GB/T 3304).
    pub ethnicity: String,
    /// The student number that the student has already, or empty.
    pub student_number: String,
}

/// What `UpdateStudent` changes: what the school answers for.
pub const CHANGEABLE: &[&str] = &[
    "school_class",
    "boarder",
    "migrant",
    "left_behind",
    "disability",
    "placement",
    "hardship",
    "guardian_display_name",
    "guardian_phone",
    "residence",
];

/// What is wrong with the year in which a student of a grade entered the stage: repeating and leave put it before the year of
/// the grade, skipping after it.
pub fn check_entry_year(year: i32, of_grade: i32, earlier: u32, later: u32) -> Option<Violation> {
    let first = of_grade.saturating_sub_unsigned(earlier);
    let last = of_grade.saturating_add_unsigned(later);
    (!(first..=last).contains(&year)).then(|| {
        Violation::invalid(
            "entry_year",
            format!("must be {first} to {last}, for a student of the grade entered in {of_grade}"),
            format!("应为{first}至{last}:该年级学生的入学年份为{of_grade}"),
        )
    })
}

/// What is wrong with putting a student into a class by a mere update: who is not in school sits in none, and another stage
/// or grade is a promotion, repeating or skipping, which have steps of their own.
pub fn check_seat(student: &Model, class: &school_class::Model) -> Vec<Violation> {
    if student.school_class == Some(class.id) {
        return Vec::new();
    }
    let invalid = |why: &str, why_zh: &str| vec![Violation::invalid("school_class", why, why_zh)];
    // Who dropped out is given a class to come back to.
    if !is_on_roll(student.state) {
        return invalid(
            "takes students who attend; return, restore or settle the record first",
            "仅在读学生可以编班,请先办理复学等手续",
        );
    }
    if (student.stage, student.grade) != (class.stage, class.grade) {
        return invalid(
            "must be of the student's stage and grade; promotion, repeating and skipping have steps of their own",
            "应与学生的学段、年级一致,升级、留级、跳级须另行办理",
        );
    }
    Vec::new()
}

/// Whether a change gives a class to somebody who had none.
pub fn gets_a_class(before: &Model, after: &Model) -> bool {
    before.school_class.is_none() && after.school_class.is_some()
}

/// A field's name, and its value as text.
pub type KeyField = (&'static str, fn(&Student) -> String);

/// The fields that need proof and the county.
#[rustfmt::skip]
pub const KEY_FIELDS: [KeyField; 6] = [
    ("display_name",    |student| student.display_name.clone()),
    ("identity_type",   |student| student.identity_type.to_string()),
    ("identity_number", |student| student.identity_number.clone()),
    ("sex",             |student| student.sex.to_string()),
    ("birth_date",      |student| student.birth_date.clone()),
    ("ethnicity",       |student| student.ethnicity.clone()),
];

/// The fields that are given when a record is made, and changed by nobody here.
#[rustfmt::skip]
const FIXED_FIELDS: [(KeyField, &str, &str); 2] = [
    (("student_number", |student| student.student_number.clone()),  "is issued and exchanged by StudentNumberService", "学籍号由学籍号管理统一发放、更换"),
    (("entry_year",     |student| student.entry_year.to_string()),  "follows the entry and the changes of status",     "入学年份随入学及学籍异动确定"),
];

/// The names of the fields that an update does not change, of which it says so.
pub fn held_fields() -> Vec<&'static str> {
    let fixed = FIXED_FIELDS.iter().map(|((field, _), ..)| *field);
    KEY_FIELDS
        .iter()
        .map(|(field, _)| *field)
        .chain(fixed)
        .collect()
}

/// The fields fixed with the record in which `wanted` differs from `current`.
pub fn check_fixed(current: &Student, wanted: &Student) -> Vec<Violation> {
    FIXED_FIELDS
        .iter()
        .filter(|((_, value), ..)| value(current) != value(wanted))
        .map(|((field, _), why, why_zh)| Violation::invalid(field, *why, *why_zh))
        .collect()
}

/// Ages at which somebody can be a student of any stage, in years; wide, so that it catches slips only.
const AGES: RangeInclusive<u32> = 3..=25;

/// Marks that stand between the parts of a name and nowhere else.
const MARKS: &[char] = &['·', '•', '・', '･', '‧', '∙', '⋅', '.', '．'];

/// Characters of a name.
const NAME_LENGTH: RangeInclusive<usize> = 1..=50;

/// Everything that is wrong with a draft on a day, one violation a field.
pub fn check(draft: &Draft, today: NaiveDate) -> Vec<Violation> {
    let mut wrong = check_identity(draft, today);
    let found = [
        Vec::from_iter(ethnic_group::check(&draft.ethnicity)),
        Vec::from_iter(number::check("student_number", &draft.student_number)),
    ];
    for violation in found.into_iter().flatten() {
        if wrong.iter().all(|earlier| earlier.field != violation.field) {
            wrong.push(violation);
        }
    }
    wrong
}

/// The same of what tells one child from another: name, document, sex and date of birth.
pub(crate) fn check_identity(draft: &Draft, today: NaiveDate) -> Vec<Violation> {
    let mut wrong: Vec<Violation> = Vec::new();
    let found = [
        document::check(draft, today),
        Vec::from_iter(check_name(&draft.display_name)),
        Vec::from_iter(label::check("sex", "junheng.education.v1.Sex", draft.sex)),
        Vec::from_iter(check_birth_date(&draft.birth_date, today)),
    ];
    for violation in found.into_iter().flatten() {
        if wrong.iter().all(|earlier| earlier.field != violation.field) {
            wrong.push(violation);
        }
    }
    wrong
}

/// The key fields in which `wanted` differs from `current`, each with what to do instead.
pub fn check_unchanged(current: &Student, wanted: &Student) -> Vec<Violation> {
    let differs = |value: &fn(&Student) -> String| value(current) != value(wanted);
    KEY_FIELDS
        .iter()
        .filter(|(_, value)| differs(value))
        .map(|(field, _)| {
            Violation::invalid(
                field,
                "is a key field: a change needs proof of the household register and the county's approval",
                "属于关键信息,变更须提供户籍证明并经县级学籍主管部门核准",
            )
        })
        .collect()
}

fn check_name(name: &str) -> Option<Violation> {
    let invalid = |why: &str, why_zh: &str| Some(Violation::invalid("display_name", why, why_zh));
    if name.is_empty() {
        return Some(Violation::required("display_name"));
    }
    if !NAME_LENGTH.contains(&name.chars().count()) {
        return invalid("must have 1 to 50 characters", "应为1至50个字");
    }
    if name.trim() != name {
        return invalid("must not begin or end with a blank", "前后不得有空格");
    }
    let is_mark = |end: Option<char>| end.is_some_and(|end| MARKS.contains(&end));
    if is_mark(name.chars().next()) || is_mark(name.chars().next_back()) {
        return invalid(
            "must not begin or end with an interpunct; it stands between two parts",
            "间隔号不得在首尾,应在两部分之间",
        );
    }
    if has_blank_beside_han(name) {
        return invalid(
            "must not have blanks between Chinese characters; leave them out",
            "汉字之间不得有空格,请删除空格",
        );
    }
    if let Some(wrong) = check_text("display_name", name) {
        return Some(wrong);
    }
    if name.chars().any(is_private) {
        return invalid(
            "must not hold a character of the private use area: it is another one on every computer; write the character \
             of Unicode",
            "含有自造字(专用区字符),在其他计算机上会显示为别的字,请改用国家标准编码的汉字",
        );
    }
    if name.chars().any(is_pictograph) || !name.chars().any(char::is_alphabetic) {
        return invalid(
            "must be written in letters or characters, as the household register has it",
            "应为文字,与户口簿一致,不得为符号、表情或纯数字",
        );
    }
    None
}

/// A character that each computer defines for itself (自造字): rare characters were typed so before Unicode had them.
fn is_private(character: char) -> bool {
    matches!(character, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
}

/// Arrows, dingbats and emoji.
fn is_pictograph(character: char) -> bool {
    matches!(character, '\u{2190}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}')
}

/// A blank that only aligns a printed list (李　四). Names in other letters have blanks between their parts.
fn has_blank_beside_han(name: &str) -> bool {
    let mut before = None;
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        let beside = [before, characters.peek().copied()];
        if character.is_whitespace() && beside.into_iter().flatten().any(is_han) {
            return true;
        }
        before = Some(character);
    }
    false
}

fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

fn check_birth_date(written: &str, today: NaiveDate) -> Option<Violation> {
    if written.is_empty() {
        return Some(Violation::required("birth_date"));
    }
    let Some(date) = identity_number::date_of(written) else {
        return Some(Violation::invalid(
            "birth_date",
            "must be a date written YYYY-MM-DD",
            "应为YYYY-MM-DD格式的日期",
        ));
    };
    let age = today.years_since(date);
    let (youngest, oldest) = (AGES.start(), AGES.end());
    (!age.is_some_and(|age| AGES.contains(&age))).then(|| {
        Violation::invalid(
            "birth_date",
            format!("is not that of a student of {youngest} to {oldest} years"),
            format!("按出生日期计算,年龄不在{youngest}至{oldest}岁之间"),
        )
    })
}

#[cfg(test)]
mod tests {
    use junheng_proto::error::v1::Reason;

    use super::*;

    fn draft() -> Draft {
        Draft {
            display_name: "张三".into(),
            identity_type: 1,
            identity_number: "620422201403150019".into(),
            sex: 1,
            birth_date: "2014-03-15".into(),
            ethnicity: "01".into(),
            student_number: String::new(),
        }
    }

    fn wrong(draft: &Draft) -> Vec<Violation> {
        check(draft, NaiveDate::from_ymd_opt(2020, 9, 1).unwrap())
    }

    fn fields(draft: &Draft) -> Vec<String> {
        wrong(draft).into_iter().map(|wrong| wrong.field).collect()
    }

    fn named(name: &str) -> Vec<String> {
        fields(&Draft {
            display_name: name.into(),
            ..draft()
        })
    }

    #[test]
    fn a_whole_record_passes() {
        assert_eq!(wrong(&draft()), []);
    }

    #[test]
    fn names_are_kept_as_the_household_register_has_them() {
        for name in [
            "买买提·艾力",
            "阿卜杜外力·阿卜杜如苏力",
            "O’Brien",
            "ㄅ明",
            "陈Ａ",
            "爨邯",
            "陈𬭎",
            "𠮷田",
            "㛃",
            "𬭸",
            "葛\u{E0100}",
            "〇",
            "བཀྲ་ཤིས",
            "张三2",
            "O'Neil Mary-Ann",
            &"甲".repeat(50),
        ] {
            assert_eq!(named(name), Vec::<String>::new(), "{name}");
        }
    }

    #[test]
    fn names_that_nobody_could_read_are_refused() {
        for name in [
            "",
            " 张三",
            "张三　",
            "张\u{0}三",
            "张\n三",
            "张\u{202E}三",
            "张\u{200B}三",
            "王 五",
            "李　四",
            "刘·",
            "·刘",
            "\u{200B}",
            "123",
            "😀",
            "张😀",
            "张\u{E000}",
            "\u{F0000}",
            "__",
            &"甲".repeat(51),
        ] {
            assert_eq!(named(name), ["display_name"], "{name:?}");
        }
    }

    #[test]
    fn each_wrong_field_is_named_once() {
        let broken = Draft {
            sex: 0,
            birth_date: "2014-3-15".into(),
            ethnicity: "99".into(),
            ..draft()
        };
        assert_eq!(fields(&broken), ["sex", "birth_date", "ethnicity"]);
        let broken = Draft {
            identity_number: "620422201403150018".into(),
            ..draft()
        };
        assert_eq!(wrong(&broken)[0].reason, Reason::CheckDigitWrong);
    }

    #[test]
    fn a_birth_date_must_be_that_of_a_student() {
        let born = |date: &str| {
            fields(&Draft {
                identity_type: 9,
                identity_number: String::new(),
                birth_date: date.into(),
                ..draft()
            })
        };
        assert_eq!(
            born("2017-09-01"),
            Vec::<String>::new(),
            "three years today"
        );
        assert_eq!(born("2017-09-02"), ["birth_date"]);
        assert_eq!(
            born("1994-09-02"),
            Vec::<String>::new(),
            "25 years until tomorrow"
        );
        assert_eq!(born("1994-09-01"), ["birth_date"]);
        assert_eq!(born("2021-01-01"), ["birth_date"]);
        assert_eq!(born("2014-02-30"), ["birth_date"]);
    }

    #[test]
    fn a_year_of_entry_fits_the_grade() {
        for (year, fits) in [
            (2022, false),
            (2023, true),
            (2026, true),
            (2027, true),
            (2028, false),
        ] {
            assert_eq!(check_entry_year(year, 2026, 3, 1).is_none(), fits, "{year}");
        }
        for year in [i32::MIN, -5, 1900, i32::MAX] {
            assert!(check_entry_year(year, 2026, 3, 1).is_some(), "{year}");
        }
    }

    #[test]
    fn key_fields_are_told_from_what_the_school_changes() {
        let current = Student {
            display_name: "张三".into(),
            identity_number: "6***9".into(),
            boarder: false,
            ..Student::default()
        };
        let wanted = Student {
            boarder: true,
            ..current.clone()
        };
        assert_eq!(check_unchanged(&current, &wanted), []);
        let renamed = Student {
            display_name: "张四".into(),
            sex: 2,
            ..current.clone()
        };
        let wrong = check_unchanged(&current, &renamed);
        assert_eq!(wrong.len(), 2);
        assert_eq!(wrong[0].field, "display_name");
    }
}
