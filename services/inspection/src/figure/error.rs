//! Why a call about figures fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

use crate::framework::fault::FrameworkFault;

/// Why a call about figures failed.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// The framework cannot be applied.
    #[error(transparent)]
    Framework(#[from] FrameworkFault),
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl FigureError ===

impl Fault for FigureError {
    fn reason(&self) -> Reason {
        match self {
            Self::Framework(error) => error.reason(),
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Framework(error) => error.metadata(),
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Framework(error) => error.violations(),
            Self::Kernel(error) => error.violations(),
        }
    }
}

impl From<DbErr> for FigureError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}
