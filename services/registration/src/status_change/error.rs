//! Why a call about changes of status fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

/// Why a call about changes of status failed.
#[derive(Debug, thiserror::Error)]
pub enum StatusChangeError {
    /// 退学 or 开除.
    #[error("{kind} does not exist in compulsory education (义务教育法 2, 27)")]
    NoLeavingSchool {
        /// The kind in Chinese.
        kind: &'static str,
    },
    /// The student's state does not allow the change.
    #[error("{kind} starts from a record that is {from}; this one is {state}")]
    NotApplicable {
        /// The kind in Chinese.
        kind: &'static str,
        /// The student's state in Chinese.
        state: &'static str,
        /// The states that it starts from, in Chinese.
        from: String,
    },
    /// Another change is under way.
    #[error("{name} is under way for this student; one change at a time")]
    UnderWay {
        /// The other change.
        name: String,
    },
    /// A proof is missing.
    #[error("{missing} is missing ({rule})")]
    ProofMissing {
        /// The rule.
        rule: &'static str,
        /// What is missing.
        missing: String,
        /// The same in Chinese.
        missing_zh: String,
    },
    /// The leave would last too long.
    #[error("it may last until {latest} at the latest ({rule})")]
    TooLong {
        /// The rule.
        rule: &'static str,
        /// The last day allowed.
        latest: String,
    },
    /// More leave is asked for too late.
    #[error("more leave had to be asked for by {last_day} ({rule})")]
    TooLate {
        /// The rule.
        rule: &'static str,
        /// The last day on which it could be asked for.
        last_day: String,
    },
    /// The class's grade does not fit.
    #[error("the class must be of {grades} ({rule})")]
    GradeNotFitting {
        /// The rule.
        rule: &'static str,
        /// The grades that fit, in Chinese.
        grades: String,
    },
    /// The province does not allow it.
    #[error("the province does not allow {kind} ({rule})")]
    NotAllowed {
        /// The kind in Chinese.
        kind: &'static str,
        /// The rule.
        rule: &'static str,
    },
    /// The class is none of the school's.
    #[error("class {class} is not registered in this school")]
    ClassUnknown {
        /// The class as it was named.
        class: String,
    },
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl StatusChangeError ===

impl Fault for StatusChangeError {
    fn reason(&self) -> Reason {
        match self {
            Self::NoLeavingSchool { .. } => Reason::NoLeavingSchool,
            Self::NotApplicable { .. } => Reason::StatusChangeNotApplicable,
            Self::UnderWay { .. } => Reason::StatusChangeUnderWay,
            Self::ProofMissing { .. } => Reason::ProofMissing,
            Self::TooLong { .. } => Reason::LeaveTooLong,
            Self::TooLate { .. } => Reason::ExtensionTooLate,
            Self::GradeNotFitting { .. } => Reason::GradeNotFitting,
            Self::NotAllowed { .. } => Reason::NotAllowedInProvince,
            Self::ClassUnknown { .. } => Reason::ClassUnknown,
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        let pairs: Vec<(&'static str, &str)> = match self {
            Self::NoLeavingSchool { kind } => vec![("kind", kind)],
            Self::NotApplicable { kind, state, from } => {
                vec![("kind", kind), ("state", state), ("from", from)]
            }
            Self::UnderWay { name } => vec![("name", name)],
            Self::ProofMissing {
                rule,
                missing,
                missing_zh,
            } => vec![
                ("rule", rule),
                ("missing", missing),
                ("missing_zh", missing_zh),
            ],
            Self::TooLong { rule, latest } => vec![("rule", rule), ("latest", latest)],
            Self::TooLate { rule, last_day } => vec![("rule", rule), ("last_day", last_day)],
            Self::GradeNotFitting { rule, grades } => vec![("rule", rule), ("grades", grades)],
            Self::NotAllowed { kind, rule } => vec![("kind", kind), ("rule", rule)],
            Self::ClassUnknown { class } => vec![("class", class)],
            Self::Kernel(error) => return error.metadata(),
        };
        let owned = |(key, value): (&'static str, &str)| (key, value.to_owned());
        pairs.into_iter().map(owned).collect()
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Kernel(error) => error.violations(),
            _ => &[],
        }
    }
}

impl From<DbErr> for StatusChangeError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}
