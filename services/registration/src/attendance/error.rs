//! Why a call about attendance fails.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

/// Why a call about attendance failed.
#[derive(Debug, thiserror::Error)]
pub enum AttendanceError {
    /// Schools do not teach on the day.
    #[error("{date} is no school day: a weekend, a holiday, or outside the terms")]
    NotASchoolDay {
        /// The day.
        date: NaiveDate,
    },
    /// The day has not come.
    #[error("{date} has not come yet")]
    DayAhead {
        /// The day.
        date: NaiveDate,
    },
    /// A school comes too late.
    #[error("schools could mark {date} until {until}; the county marks it now")]
    Closed {
        /// The day.
        date: NaiveDate,
        /// The last day for the school.
        until: NaiveDate,
    },
    /// The pupil is not on the roll.
    #[error("{student} was not on the roll of the class on {date}")]
    NotOnRoll {
        /// The pupil.
        student: String,
        /// The day.
        date: NaiveDate,
    },
    /// A sheet or mark stands.
    #[error("{name} stands; correct it with its etag and a reason")]
    Stands {
        /// The sheet.
        name: String,
    },
    /// Nobody is in the class.
    #[error("nobody is enrolled in {name}")]
    NoPupils {
        /// The class.
        name: String,
    },
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl AttendanceError ===

impl Fault for AttendanceError {
    fn reason(&self) -> Reason {
        match self {
            Self::NotASchoolDay { .. } => Reason::NotASchoolDay,
            Self::DayAhead { .. } => Reason::DayAhead,
            Self::Closed { .. } => Reason::AttendanceClosed,
            Self::NotOnRoll { .. } => Reason::NotOnRoll,
            Self::Stands { .. } => Reason::SheetStands,
            Self::NoPupils { .. } => Reason::ClassWithoutPupils,
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotASchoolDay { date } | Self::DayAhead { date } => {
                vec![("date", date.to_string())]
            }
            Self::Closed { date, until } => {
                vec![("date", date.to_string()), ("until", until.to_string())]
            }
            Self::NotOnRoll { student, date } => {
                vec![("student", student.clone()), ("date", date.to_string())]
            }
            Self::Stands { name } | Self::NoPupils { name } => vec![("name", name.clone())],
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

impl From<DbErr> for AttendanceError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}

impl From<AttendanceError> for KernelError {
    fn from(error: AttendanceError) -> Self {
        match error {
            AttendanceError::Kernel(error) => error,
            rule => Self::Rule(Box::new(rule)),
        }
    }
}
