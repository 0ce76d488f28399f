//! The columns that an export of students can have: named and written as an import's row is, so that a file reads back.

use junheng_kernel::label;
use junheng_proto::registration::v1::{ClearField, Student};

use crate::student::person::Person;

/// One student of a file.
#[derive(Debug)]
pub(super) struct Line {
    /// As callers see the student: masked.
    pub(super) shown: Student,
    /// What is sealed, for the fields that the approval names.
    pub(super) person: Person,
    /// The school's identification code (学校标识码).
    pub(super) school_code: String,
    /// The school's name.
    pub(super) school_name: String,
    /// The class's number, or empty.
    pub(super) class_number: String,
}

/// A field that can be approved to be shown in clear, and where it stands.
pub(super) type Clear = (ClearField, fn(&Person) -> &str);

/// One column.
pub(super) struct Column {
    /// The name in a request: the field of an import's row.
    pub(super) name: &'static str,
    /// The header.
    pub(super) zh: &'static str,
    /// What it is in clear, where it is masked otherwise.
    pub(super) clear: Option<Clear>,
    /// The cell; masked where it can be.
    pub(super) cell: fn(&Line) -> String,
}

/// Every column, in the order of a file with all of them.
#[rustfmt::skip]
pub(super) const COLUMNS: &[Column] = &[
    plain("school_code",           "学校标识码",     |line| line.school_code.clone()),
    plain("school_name",           "学校名称",       |line| line.school_name.clone()),
    plain("stage",                 "学段",           |line| told("education.v1.Stage", line.shown.stage)),
    plain("grade",                 "年级",           |line| line.shown.grade.to_string()),
    plain("class_number",          "班号",           |line| line.class_number.clone()),
    masked("student_number",       "学籍号",         |line| line.shown.student_number.clone(), ClearField::StudentNumber, |person| &person.student_number),
    plain("display_name",          "姓名",           |line| line.shown.display_name.clone()),
    plain("identity_type",         "身份证件类型",   |line| told("registration.v1.Student.IdentityType", line.shown.identity_type)),
    masked("identity_number",      "身份证件号",     |line| line.shown.identity_number.clone(), ClearField::IdentityNumber, |person| &person.identity_number),
    plain("sex",                   "性别",           |line| told("education.v1.Sex", line.shown.sex)),
    plain("birth_date",            "出生日期",       |line| line.shown.birth_date.clone()),
    plain("ethnicity",             "民族",           |line| line.shown.ethnicity.clone()),
    plain("state",                 "学籍状态",       |line| told("registration.v1.Student.State", line.shown.state)),
    plain("entry_year",            "入学年份",       |line| line.shown.entry_year.to_string()),
    plain("boarder",               "寄宿",           |line| flag(line.shown.boarder)),
    plain("migrant",               "随迁子女",       |line| flag(line.shown.migrant)),
    plain("left_behind",           "留守儿童",       |line| flag(line.shown.left_behind)),
    plain("disability",            "残疾类别",       |line| told("registration.v1.Student.Disability", line.shown.disability)),
    plain("placement",             "残疾学生就读方式", |line| told("registration.v1.Student.Placement", line.shown.placement)),
    plain("hardship",              "家庭经济困难",   |line| flag(line.shown.hardship)),
    plain("guardian_display_name", "监护人姓名",     |line| line.shown.guardian_display_name.clone()),
    masked("guardian_phone",       "监护人电话",     |line| line.shown.guardian_phone.clone(), ClearField::GuardianPhone, |person| &person.guardian_phone),
    masked("residence",            "家庭住址",       |line| line.shown.residence.clone(), ClearField::Residence, |person| &person.residence),
];

/// The header of the last column, which names the source of the file in every row.
pub(super) const WATERMARK: &str = "导出水印";

const fn plain(name: &'static str, zh: &'static str, cell: fn(&Line) -> String) -> Column {
    Column {
        name,
        zh,
        clear: None,
        cell,
    }
}

const fn masked(
    name: &'static str,
    zh: &'static str,
    cell: fn(&Line) -> String,
    field: ClearField,
    clear: fn(&Person) -> &str,
) -> Column {
    Column {
        name,
        zh,
        clear: Some((field, clear)),
        cell,
    }
}

// === impl Column ===

impl Column {
    /// The column of a name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        COLUMNS.iter().find(|column| column.name == name)
    }

    /// The cell, in clear if the approval names the field.
    pub(super) fn write(&self, line: &Line, in_clear: &[i32]) -> String {
        match self.clear {
            Some((field, clear)) if in_clear.contains(&(field as i32)) => {
                clear(&line.person).to_owned()
            }
            _ => (self.cell)(line),
        }
    }
}

/// The Chinese term of a value; empty for none.
fn told(enum_name: &str, number: i32) -> String {
    label::by_number(&format!("junheng.{enum_name}"), number).to_owned()
}

fn flag(set: bool) -> String {
    (if set { "是" } else { "否" }).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_masked_unless_the_approval_names_it() {
        let person = Person {
            student_number: "G620422201403150019".into(),
            display_name: "马小花".into(),
            identity_number: "620422201403150019".into(),
            birth_date: "2014-03-15".into(),
            guardian_display_name: String::new(),
            guardian_phone: "13812345678".into(),
            residence: "青海省西宁市城中区南大街1号".into(),
        };
        let line = Line {
            shown: Student {
                identity_number: "6***9".into(),
                student_number: "G***9".into(),
                guardian_phone: "138****5678".into(),
                residence: "青海省西宁市城中区****".into(),
                ..Student::default()
            },
            person,
            school_code: "2163990001".into(),
            school_name: "南大街小学".into(),
            class_number: "2".into(),
        };
        for column in COLUMNS.iter().filter(|column| column.clear.is_some()) {
            let (field, _) = column.clear.unwrap();
            let all_but = [1, 2, 3, 4].map(|one| if one == field as i32 { 0 } else { one });
            assert!(
                column.write(&line, &all_but).contains('*'),
                "{}",
                column.name
            );
            assert!(
                !column.write(&line, &[field as i32]).contains('*'),
                "{}",
                column.name
            );
        }
        let masked = COLUMNS.iter().filter(|column| column.clear.is_some());
        assert_eq!(masked.count(), 4);
    }

    #[test]
    fn every_name_is_once_and_found() {
        for (index, column) in COLUMNS.iter().enumerate() {
            let first = COLUMNS.iter().position(|other| other.name == column.name);
            assert_eq!(first, Some(index));
            assert!(Column::named(column.name).is_some());
        }
        assert!(Column::named("personal").is_none());
    }
}
