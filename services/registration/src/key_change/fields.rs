//! Key fields before and after, as they are compared, judged and sealed.

use std::fmt;

use junheng_kernel::label;
use junheng_kernel::privacy::mask;
use junheng_proto::registration::v1::{KeyFieldChange, KeyFields};

use crate::entity::student::Model;
use crate::student::document;
use crate::student::person::Person;
use crate::student::rules::Draft;

/// The key fields of a student.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub(super) struct Fields {
    /// The name.
    #[prost(string, tag = "1")]
    pub(super) display_name: String,
    /// The kind of document.
    #[prost(int32, tag = "2")]
    pub(super) identity_type: i32,
    /// The number, normalised.
    #[prost(string, tag = "3")]
    pub(super) identity_number: String,
    /// The sex.
    #[prost(int32, tag = "4")]
    pub(super) sex: i32,
    /// The date of birth.
    #[prost(string, tag = "5")]
    pub(super) birth_date: String,
    /// The ethnic group.
    #[prost(string, tag = "6")]
    pub(super) ethnicity: String,
}

/// The sealed part of a change's row.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub(super) struct Asked {
    /// The fields as the change was filed for.
    #[prost(message, required, tag = "1")]
    pub(super) before: Fields,
    /// The fields as they should be.
    #[prost(message, required, tag = "2")]
    pub(super) after: Fields,
    /// Why it is asked for.
    #[prost(string, tag = "3")]
    pub(super) note: String,
    /// Why it was rejected, or empty.
    #[prost(string, tag = "4")]
    pub(super) reject_reason: String,
}

/// A field's name, its Chinese term, and its value as callers see it.
type Shown = (&'static str, &'static str, fn(&Fields) -> String);

#[rustfmt::skip]
const SHOWN: [Shown; 6] = [
    ("display_name",    "姓名",         |fields| fields.display_name.clone()),
    ("identity_type",   "身份证件类型", |fields| label::by_number("junheng.registration.v1.Student.IdentityType", fields.identity_type).to_owned()),
    ("identity_number", "身份证件号",   |fields| mask::identity_number(&fields.identity_number)),
    ("sex",             "性别",         |fields| label::by_number("junheng.education.v1.Sex", fields.sex).to_owned()),
    ("birth_date",      "出生日期",     |fields| fields.birth_date.clone()),
    ("ethnicity",       "民族",         |fields| fields.ethnicity.clone()),
];

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fields")
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asked")
    }
}

// === impl Fields ===

impl Fields {
    /// Those of a student.
    pub(super) fn of(row: &Model, person: &Person) -> Self {
        Self {
            display_name: person.display_name.clone(),
            identity_type: row.identity_type,
            identity_number: person.identity_number.clone(),
            sex: row.sex,
            birth_date: person.birth_date.clone(),
            ethnicity: row.ethnicity.clone(),
        }
    }

    /// These with what is wanted: what is empty or 0 stays. A kind of document comes with its number, which may be none.
    pub(super) fn with(&self, wanted: &KeyFields) -> Self {
        let text = |wanted: &str, own: &str| match wanted {
            "" => own.to_owned(),
            wanted => wanted.to_owned(),
        };
        let number = |wanted: i32, own: i32| if wanted == 0 { own } else { wanted };
        let identity_number = document::normalize(&wanted.identity_number);
        Self {
            display_name: text(&wanted.display_name, &self.display_name),
            identity_type: number(wanted.identity_type, self.identity_type),
            identity_number: match wanted.identity_type {
                0 => text(&identity_number, &self.identity_number),
                _ => identity_number,
            },
            sex: number(wanted.sex, self.sex),
            birth_date: text(&wanted.birth_date, &self.birth_date),
            ethnicity: text(&wanted.ethnicity, &self.ethnicity),
        }
    }

    /// As a draft, to be judged by the rules of every student.
    pub(super) fn draft(&self) -> Draft {
        Draft {
            display_name: self.display_name.clone(),
            identity_type: self.identity_type,
            identity_number: self.identity_number.clone(),
            sex: self.sex,
            birth_date: self.birth_date.clone(),
            ethnicity: self.ethnicity.clone(),
            student_number: String::new(),
        }
    }
}

// === impl Asked ===

impl Asked {
    /// What changes, one entry a field, numbers masked. Two numbers can look alike when masked; both are shown.
    pub(super) fn changes(&self) -> Vec<KeyFieldChange> {
        let (before, after) = (&self.before, &self.after);
        let differs = |field: &str, shown: fn(&Fields) -> String| match field {
            "identity_number" => before.identity_number != after.identity_number,
            _ => shown(before) != shown(after),
        };
        SHOWN
            .iter()
            .filter(|(field, _, shown)| differs(field, *shown))
            .map(|(field, term, shown)| KeyFieldChange {
                field: (*field).to_owned(),
                field_label: (*term).to_owned(),
                before: shown(before),
                after: shown(after),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Fields {
        Fields {
            display_name: "张三".into(),
            identity_type: 1,
            identity_number: "620422201403150019".into(),
            sex: 1,
            birth_date: "2014-03-15".into(),
            ethnicity: "01".into(),
        }
    }

    #[test]
    fn what_is_not_wanted_stays_and_a_document_comes_with_its_number() {
        let renamed = KeyFields {
            display_name: "张四".into(),
            ..KeyFields::default()
        };
        let changed = fields().with(&renamed);
        assert_eq!(changed.display_name, "张四");
        assert_eq!(
            changed.draft(),
            Draft {
                display_name: "张四".into(),
                ..fields().draft()
            }
        );
        let without = KeyFields {
            identity_type: 9,
            ..KeyFields::default()
        };
        let changed = fields().with(&without);
        assert_eq!(
            (changed.identity_type, changed.identity_number.as_str()),
            (9, "")
        );
        let number = KeyFields {
            identity_number: " 42900420130909108x".into(),
            ..KeyFields::default()
        };
        assert_eq!(fields().with(&number).identity_number, "42900420130909108X");
        assert_eq!(fields().with(&KeyFields::default()), fields());
    }

    #[test]
    fn a_change_shows_its_fields_and_no_identity_number() {
        let after = Fields {
            display_name: "张四".into(),
            identity_number: "620422201403150999".into(),
            ..fields()
        };
        let asked = Asked {
            before: fields(),
            after,
            ..Asked::default()
        };
        let changes = asked.changes();
        let shown: Vec<_> = changes
            .iter()
            .map(|change| {
                (
                    change.field_label.as_str(),
                    change.before.as_str(),
                    change.after.as_str(),
                )
            })
            .collect();
        assert_eq!(
            shown,
            [("姓名", "张三", "张四"), ("身份证件号", "6***9", "6***9")]
        );
    }
}
