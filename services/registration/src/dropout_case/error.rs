//! Why a call about dropout cases fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_kernel::workflow::WorkflowError;
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

/// Why a call about dropout cases failed.
#[derive(Debug, thiserror::Error)]
pub enum DropoutCaseError {
    /// One child, one case.
    #[error("{child} has an open case: {name}")]
    Open {
        /// The child.
        child: String,
        /// The case.
        name: String,
    },
    /// A partner is told no more.
    #[error("the report opens no case; the education authority knows of {child}")]
    NotTaken {
        /// The child.
        child: String,
    },
    /// The child is not to attend.
    #[error("{child} is not to attend: the record says {state} (义务教育法 2, 11)")]
    NotObliged {
        /// The child.
        child: String,
        /// The state of the record in Chinese.
        state: &'static str,
    },
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl DropoutCaseError ===

impl Fault for DropoutCaseError {
    fn reason(&self) -> Reason {
        match self {
            Self::Open { .. } => Reason::DropoutCaseOpen,
            Self::NotTaken { .. } => Reason::DropoutReportNotTaken,
            Self::NotObliged { .. } => Reason::DropoutChildNotObliged,
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Open { child, name } => vec![("child", child.clone()), ("name", name.clone())],
            Self::NotTaken { child } => vec![("child", child.clone())],
            Self::NotObliged { child, state } => {
                vec![("child", child.clone()), ("state", (*state).to_owned())]
            }
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

impl From<DbErr> for DropoutCaseError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}

impl From<WorkflowError> for DropoutCaseError {
    fn from(error: WorkflowError) -> Self {
        Self::Kernel(error.into())
    }
}
