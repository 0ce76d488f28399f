//! Why a call about reports fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_kernel::workflow::WorkflowError;
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

/// Why a call about reports failed.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl ReportError ===

impl Fault for ReportError {
    fn reason(&self) -> Reason {
        match self {
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Kernel(error) => error.violations(),
        }
    }
}

impl From<DbErr> for ReportError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}

impl From<WorkflowError> for ReportError {
    fn from(error: WorkflowError) -> Self {
        Self::Kernel(error.into())
    }
}
