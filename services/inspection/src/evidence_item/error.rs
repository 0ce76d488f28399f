//! Why a call about items fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_kernel::workflow::WorkflowError;
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

use crate::framework::FrameworkError;
use crate::framework::fault::FrameworkFault;

/// Why a call about items failed.
#[derive(Debug, thiserror::Error)]
pub enum ItemError {
    /// The county has signed the item.
    #[error("{name} is signed and locked until it is given back")]
    Locked {
        /// The item.
        name: String,
    },
    /// The framework cannot be applied.
    #[error(transparent)]
    Framework(#[from] FrameworkFault),
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl ItemError ===

impl Fault for ItemError {
    fn reason(&self) -> Reason {
        match self {
            Self::Locked { .. } => Reason::ItemLocked,
            Self::Framework(error) => error.reason(),
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Locked { name } => vec![("name", name.clone())],
            Self::Framework(error) => error.metadata(),
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Locked { .. } => &[],
            Self::Framework(error) => error.violations(),
            Self::Kernel(error) => error.violations(),
        }
    }
}

impl From<DbErr> for ItemError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}

impl From<FrameworkError> for ItemError {
    fn from(error: FrameworkError) -> Self {
        Self::Framework(error.into())
    }
}

impl From<WorkflowError> for ItemError {
    fn from(error: WorkflowError) -> Self {
        Self::Kernel(error.into())
    }
}
