//! Why a call about reorganisations fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_kernel::workflow::WorkflowError;
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

/// Why a call about reorganisations failed.
#[derive(Debug, thiserror::Error)]
pub enum ReorganisationError {
    /// A school is in another one.
    #[error("a school named here is in {name}, which has not ended")]
    UnderWay {
        /// The other one.
        name: String,
    },
    /// The new code belongs to a school, or did.
    #[error(
        "school code {school_code} belongs or belonged to a school; a code is never given twice"
    )]
    CodeTaken {
        /// The code.
        school_code: String,
    },
    /// The county's code has not ended, or nobody succeeds it.
    #[error("county code {code} is in force, unknown, or has no successor")]
    RegionInForce {
        /// The code.
        code: String,
    },
    /// A service that keeps what belongs to the school did not answer.
    #[error("{service} does not say what it still holds for the school; try again")]
    ObstaclesUnknown {
        /// Its name.
        service: &'static str,
    },
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl ReorganisationError ===

impl Fault for ReorganisationError {
    fn reason(&self) -> Reason {
        match self {
            Self::UnderWay { .. } => Reason::ReorganisationUnderWay,
            Self::CodeTaken { .. } => Reason::SchoolCodeTaken,
            Self::RegionInForce { .. } => Reason::RegionInForce,
            Self::ObstaclesUnknown { .. } => Reason::ObstaclesUnknown,
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::UnderWay { name } => vec![("name", name.clone())],
            Self::CodeTaken { school_code } => vec![("school_code", school_code.clone())],
            Self::RegionInForce { code } => vec![("code", code.clone())],
            Self::ObstaclesUnknown { service } => vec![("service", (*service).to_owned())],
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

impl From<DbErr> for ReorganisationError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}

impl From<WorkflowError> for ReorganisationError {
    fn from(error: WorkflowError) -> Self {
        Self::Kernel(error.into())
    }
}
