//! Why a call about cases of double registration fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_kernel::workflow::WorkflowError;
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

use crate::student::error::StudentError;

/// Why a call about cases failed.
#[derive(Debug, thiserror::Error)]
pub enum DuplicateCaseError {
    /// The claim is none of the case's.
    #[error("{claim} is none of this case's claims")]
    ClaimUnknown {
        /// As it was named.
        claim: String,
    },
    /// What students' records refuse.
    #[error(transparent)]
    Student(#[from] StudentError),
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl DuplicateCaseError ===

impl Fault for DuplicateCaseError {
    fn reason(&self) -> Reason {
        match self {
            Self::ClaimUnknown { .. } => Reason::ClaimUnknown,
            Self::Student(error) => error.reason(),
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::ClaimUnknown { claim } => vec![("claim", claim.clone())],
            Self::Student(error) => error.metadata(),
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::ClaimUnknown { .. } => &[],
            Self::Student(error) => error.violations(),
            Self::Kernel(error) => error.violations(),
        }
    }
}

impl From<DbErr> for DuplicateCaseError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}

impl From<WorkflowError> for DuplicateCaseError {
    fn from(error: WorkflowError) -> Self {
        Self::Kernel(error.into())
    }
}
