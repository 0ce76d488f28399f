//! Why a call about attendance zones fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_kernel::workflow::WorkflowError;
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

/// Why a call about attendance zones failed.
#[derive(Debug, thiserror::Error)]
pub enum ZoneError {
    /// The county has zones of this year and stage.
    #[error("the county has zones of this school year and stage: {name}")]
    Taken {
        /// The plan that stands.
        name: String,
    },
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl ZoneError ===

impl Fault for ZoneError {
    fn reason(&self) -> Reason {
        match self {
            Self::Taken { .. } => Reason::PlanTaken,
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Taken { name } => vec![("name", name.clone())],
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Taken { .. } => &[],
            Self::Kernel(error) => error.violations(),
        }
    }
}

impl From<DbErr> for ZoneError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}

impl From<WorkflowError> for ZoneError {
    fn from(error: WorkflowError) -> Self {
        Self::Kernel(error.into())
    }
}
