//! Why a call about grants fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_kernel::workflow::WorkflowError;
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

use crate::approval::error::ApprovalError;

/// Why a call about grants failed.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// The grant cannot be used.
    #[error(transparent)]
    Approval(#[from] ApprovalError),
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl GrantError ===

impl Fault for GrantError {
    fn reason(&self) -> Reason {
        match self {
            Self::Approval(error) => error.reason(),
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Approval(error) => error.metadata(),
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Approval(_) => &[],
            Self::Kernel(error) => error.violations(),
        }
    }
}

impl From<DbErr> for GrantError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}

impl From<WorkflowError> for GrantError {
    fn from(error: WorkflowError) -> Self {
        Self::Kernel(error.into())
    }
}
