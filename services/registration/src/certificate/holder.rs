//! Whom a certificate names, as on the day of issue, and how it reads.

use std::fmt;

use junheng_kernel::error::KernelError;
use junheng_kernel::privacy::{FieldAddress, Keyring};
use uuid::Uuid;

use crate::entity::certificate::Model;
use crate::entity::{school, student};
use crate::student::person::Person;

/// The sealed part of a certificate.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub(super) struct Holder {
    /// The name.
    #[prost(string, tag = "1")]
    pub(super) display_name: String,
    /// The sex (GB/T 2261.1).
    #[prost(int32, tag = "2")]
    pub(super) sex: i32,
    /// The date of birth, `YYYY-MM-DD`.
    #[prost(string, tag = "3")]
    pub(super) birth_date: String,
    /// The school's name on the day of issue.
    #[prost(string, tag = "4")]
    pub(super) school_display_name: String,
}

// === impl Holder ===

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Holder")
    }
}

impl Holder {
    /// Whom a certificate given today would name.
    pub(super) fn now(
        keys: &Keyring,
        student: &student::Model,
        school: &school::Model,
    ) -> Result<Self, KernelError> {
        let person = Person::of(keys, student)?;
        Ok(Self {
            display_name: person.display_name,
            sex: student.sex,
            birth_date: person.birth_date,
            school_display_name: school.display_name.clone(),
        })
    }

    /// Opens the sealed part of a row.
    pub(super) fn of(keys: &Keyring, row: &Model) -> Result<Self, KernelError> {
        keys.open_message(address(&row.id.to_string()), &row.holder)
    }

    /// Seals it for the row.
    pub(super) fn seal(&self, keys: &Keyring, id: Uuid) -> Result<Vec<u8>, KernelError> {
        keys.seal_message(address(&id.to_string()), self)
    }

    /// The certificate's text.
    pub(super) fn text(&self, row: &Model, code: &str, county: &str) -> String {
        let Self {
            display_name,
            sex,
            birth_date,
            school_display_name,
        } = self;
        let sex = junheng_kernel::label::by_number("junheng.education.v1.Sex", *sex);
        [
            "义务教育证书".to_owned(),
            String::new(),
            format!("学生 {display_name},{sex},{}生。", day(birth_date)),
            format!(
                "于{}年在{school_display_name}完成九年义务教育,特发此证。",
                row.graduation_year
            ),
            String::new(),
            format!("证书编号:{}", row.number),
            format!("查验码:{code}"),
            format!("发证学校:{school_display_name}"),
            format!("验印机关:{county}教育行政部门"),
            format!("发证日期:{}", day(&row.issue_date)),
        ]
        .join("\n")
    }
}

/// A date in Chinese, for example 2011年3月5日.
fn day(date: &str) -> String {
    let parts: Vec<u32> = date
        .split('-')
        .filter_map(|part| part.parse().ok())
        .collect();
    match parts.as_slice() {
        [year, month, day] => format!("{year}年{month}月{day}日"),
        _ => date.to_owned(),
    }
}

fn address(row: &str) -> FieldAddress<'_> {
    FieldAddress {
        table: "certificates",
        field: "holder",
        row,
    }
}
