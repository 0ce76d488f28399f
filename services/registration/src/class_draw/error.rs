//! Why a call about class draws fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_kernel::workflow::WorkflowError;
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

/// Why a call about class draws failed.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// The grade has a draw of this year.
    #[error("the grade has a draw of this school year: {name}")]
    Taken {
        /// The draw that stands.
        name: String,
    },
    /// The grade has no class to draw for.
    #[error("{class} has no class yet; register its classes first")]
    NoClass {
        /// School and grade.
        class: String,
    },
    /// Classes would be too large.
    #[error("classes would have {size} pupils; at most {most} are allowed")]
    ClassSize {
        /// Pupils of the largest class.
        size: i64,
        /// The most allowed.
        most: i64,
    },
    /// The part told is not the one committed.
    #[error("the part of the seed is not the text whose digest was published ({name})")]
    NotAsCommitted {
        /// The draw.
        name: String,
    },
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl DrawError ===

impl Fault for DrawError {
    fn reason(&self) -> Reason {
        match self {
            Self::Taken { .. } => Reason::PlanTaken,
            Self::NoClass { .. } => Reason::ClassUnknown,
            Self::ClassSize { .. } => Reason::ClassSizeExceeded,
            Self::NotAsCommitted { .. } => Reason::SeedNotAsCommitted,
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Taken { name } | Self::NotAsCommitted { name } => vec![("name", name.clone())],
            Self::NoClass { class } => vec![("class", class.clone())],
            Self::ClassSize { size, most } => {
                vec![("size", size.to_string()), ("most", most.to_string())]
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

impl From<DbErr> for DrawError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}

impl From<WorkflowError> for DrawError {
    fn from(error: WorkflowError) -> Self {
        Self::Kernel(error.into())
    }
}
