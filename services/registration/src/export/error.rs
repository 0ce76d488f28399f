//! Why a call about exports fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_kernel::workflow::WorkflowError;
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

use crate::approval::error::ApprovalError;

/// Why a call about exports failed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The export cannot be used.
    #[error(transparent)]
    Approval(#[from] ApprovalError),
    /// As many downloads as may be are being sent.
    #[error("other downloads are being sent; try again in a while")]
    Busy,
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl ExportError ===

impl Fault for ExportError {
    fn reason(&self) -> Reason {
        match self {
            Self::Approval(error) => error.reason(),
            Self::Busy => Reason::Unavailable,
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Approval(error) => error.metadata(),
            Self::Busy => Vec::new(),
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Approval(_) | Self::Busy => &[],
            Self::Kernel(error) => error.violations(),
        }
    }
}

impl From<DbErr> for ExportError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}

impl From<WorkflowError> for ExportError {
    fn from(error: WorkflowError) -> Self {
        Self::Kernel(error.into())
    }
}
