//! Why a call about reports fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_kernel::workflow::WorkflowError;
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

/// Why a call about reports failed.
#[derive(Debug, thiserror::Error)]
pub enum DropoutReportError {
    /// The period has one.
    #[error("{name} is the report of {period}")]
    Exists {
        /// The report.
        name: String,
        /// The period.
        period: String,
    },
    /// Its first day has not come.
    #[error("{period} begins on {from_date}")]
    NotBegun {
        /// The period.
        period: String,
        /// Its first day.
        from_date: String,
    },
    /// Another level makes it.
    #[error("{kind} is made by clerks of {level}")]
    NotYours {
        /// The kind in Chinese.
        kind: &'static str,
        /// The level in Chinese.
        level: &'static str,
    },
    /// The item is not there, or not signed.
    #[error("{code} is no signed item of this report")]
    ItemUnknown {
        /// As it was named.
        code: String,
    },
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl DropoutReportError ===

impl Fault for DropoutReportError {
    fn reason(&self) -> Reason {
        match self {
            Self::Exists { .. } => Reason::DropoutReportExists,
            Self::NotBegun { .. } => Reason::DropoutPeriodNotBegun,
            Self::NotYours { .. } => Reason::DropoutReportNotYours,
            Self::ItemUnknown { .. } => Reason::DropoutItemUnknown,
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Exists { name, period } => {
                vec![("name", name.clone()), ("period", period.clone())]
            }
            Self::NotBegun { period, from_date } => {
                vec![("period", period.clone()), ("from_date", from_date.clone())]
            }
            Self::NotYours { kind, level } => {
                vec![("kind", (*kind).to_owned()), ("level", (*level).to_owned())]
            }
            Self::ItemUnknown { code } => vec![("code", code.clone())],
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

impl From<DbErr> for DropoutReportError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}

impl From<WorkflowError> for DropoutReportError {
    fn from(error: WorkflowError) -> Self {
        Self::Kernel(error.into())
    }
}
