//! Why a call about class sizes fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_kernel::workflow::WorkflowError;
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

/// Why a call about class sizes failed.
#[derive(Debug, thiserror::Error)]
pub enum ClassSizeError {
    /// There is nothing to relieve.
    #[error("{class} has {students} students and is not large; large from {limit} on")]
    NotLarge {
        /// The class.
        class: String,
        /// Its students.
        students: i64,
        /// The smallest large class.
        limit: i64,
    },
    /// A plan for the class has not ended.
    #[error("{name} for this class has not ended")]
    UnderWay {
        /// The plan.
        name: String,
    },
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl ClassSizeError ===

impl Fault for ClassSizeError {
    fn reason(&self) -> Reason {
        match self {
            Self::NotLarge { .. } => Reason::ClassNotLarge,
            Self::UnderWay { .. } => Reason::ReliefPlanUnderWay,
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotLarge {
                class,
                students,
                limit,
            } => vec![
                ("class", class.clone()),
                ("students", students.to_string()),
                ("limit", limit.to_string()),
            ],
            Self::UnderWay { name } => vec![("name", name.clone())],
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

impl From<DbErr> for ClassSizeError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}

impl From<WorkflowError> for ClassSizeError {
    fn from(error: WorkflowError) -> Self {
        Self::Kernel(error.into())
    }
}
