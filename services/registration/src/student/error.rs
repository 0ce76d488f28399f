//! Why a call about students fails.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

/// Where a person is registered, as far as the caller may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// In a school that the caller's post covers, by its name.
    School(String),
    /// In a school that a school's post does not cover.
    AnotherSchool,
    /// In a county that the caller's post does not cover.
    AnotherCounty,
}

/// Why a call about students failed.
#[derive(Debug, thiserror::Error)]
pub enum StudentError {
    /// The person has a record already.
    #[error(
        "this child is registered in {}: one child has one record, told by the identity document, or without one by name, \
         sex and date of birth", .0.english()
    )]
    PersonRegistered(Whereabouts),
    /// The class is none of the school's.
    #[error("class {class} is not registered in this school")]
    ClassUnknown {
        /// The class as it was named.
        class: String,
    },
    /// The child enters below the age of the law.
    #[error("is below {age} years on {date}, the age at which children enter")]
    TooYoung {
        /// The age of entry.
        age: i64,
        /// The day on which it is to be reached.
        date: NaiveDate,
    },
    /// The student number is, or was, another student's.
    #[error("student number {number} is another student's: one person, one number")]
    NumberTaken {
        /// The number, masked.
        number: String,
    },
    /// No formal number can be made of the student's document.
    #[error(
        "student number {number} cannot be exchanged: there is no usable identity number; change the key fields first"
    )]
    NumberNotExchangeable {
        /// The number, masked.
        number: String,
    },
    /// A recognition in force proves a flag that would be taken off.
    #[error("a recognition in force proves {group}; end the recognition first")]
    FlagProven {
        /// The group, in Chinese.
        group: &'static str,
    },
    /// A draw that has not ended has the student on its list.
    #[error("the student is on the list of {draw}; until it ends, only the draw gives a class")]
    ClassDrawUnderWay {
        /// The draw.
        draw: String,
    },
    /// A row names nobody in its parent.
    #[error("no student {student} in the parent")]
    StudentUnknown {
        /// As it was named.
        student: String,
    },
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl Whereabouts ===

impl Whereabouts {
    /// For the English message.
    pub fn english(&self) -> &str {
        match self {
            Self::School(name) => name,
            Self::AnotherSchool => "another school",
            Self::AnotherCounty => "another county",
        }
    }

    /// For the Chinese message.
    pub fn chinese(&self) -> &str {
        match self {
            Self::School(name) => name,
            Self::AnotherSchool => "其他学校",
            Self::AnotherCounty => "其他县(区)",
        }
    }

    /// What is wrong with an import row of such a person, who is now claimed in a case (双重学籍).
    pub fn disputed(&self, case: &str) -> Violation {
        Violation {
            field: "identity_number".into(),
            reason: Reason::PersonRegistered,
            why: format!(
                "is that of somebody registered in {}; the claim is settled in {case}, a move is a transfer",
                self.english()
            ),
            why_zh: format!(
                "该生已在{}登记,已列入双重学籍核查({case});转学请办理转学手续,不得重复建籍",
                self.chinese()
            ),
        }
    }
}

// === impl StudentError ===

impl Fault for StudentError {
    fn reason(&self) -> Reason {
        match self {
            Self::PersonRegistered(_) => Reason::PersonRegistered,
            Self::ClassUnknown { .. } => Reason::ClassUnknown,
            Self::TooYoung { .. } => Reason::TooYoung,
            Self::NumberTaken { .. } => Reason::StudentNumberTaken,
            Self::NumberNotExchangeable { .. } => Reason::NumberNotExchangeable,
            Self::FlagProven { .. } => Reason::FlagProven,
            Self::ClassDrawUnderWay { .. } => Reason::ClassDrawUnderWay,
            Self::StudentUnknown { .. } => Reason::StudentUnknown,
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::PersonRegistered(place) => vec![("where", place.chinese().to_owned())],
            Self::ClassUnknown { class } => vec![("class", class.clone())],
            Self::TooYoung { age, date } => {
                vec![("age", age.to_string()), ("date", date.to_string())]
            }
            Self::NumberTaken { number } | Self::NumberNotExchangeable { number } => {
                vec![("number", number.clone())]
            }
            Self::ClassDrawUnderWay { draw } => vec![("name", draw.clone())],
            Self::FlagProven { group } => vec![("group", (*group).to_owned())],
            Self::StudentUnknown { student } => vec![("student", student.clone())],
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Kernel(error) => error.violations(),
            _ => &[],
        }
    }
}

impl From<DbErr> for StudentError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}
