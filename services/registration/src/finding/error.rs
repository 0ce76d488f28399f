//! Why a call about finding fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

use crate::dropout_case::error::DropoutCaseError;

/// Why a call about finding failed.
#[derive(Debug, thiserror::Error)]
pub enum FindingError {
    /// A round of the county runs.
    #[error("{name} runs; two rounds of a county never run at once")]
    Runs {
        /// The round.
        name: String,
    },
    /// A case whose child is back cannot be settled.
    #[error(transparent)]
    Settling(DropoutCaseError),
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl FindingError ===

impl Fault for FindingError {
    fn reason(&self) -> Reason {
        match self {
            Self::Runs { .. } => Reason::FindingRuns,
            Self::Settling(error) => error.reason(),
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Runs { name } => vec![("name", name.clone())],
            Self::Settling(error) => error.metadata(),
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Runs { .. } => &[],
            Self::Settling(error) => error.violations(),
            Self::Kernel(error) => error.violations(),
        }
    }
}

impl From<DbErr> for FindingError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}
