//! Why a call about recognitions fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_kernel::workflow::WorkflowError;
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

/// Why a call about recognitions failed.
#[derive(Debug, thiserror::Error)]
pub enum RecognitionError {
    /// One for the student and group stands or waits.
    #[error("{name} for the same student and group stands or waits")]
    Recognised {
        /// The recognition.
        name: String,
        /// The group's label.
        group: &'static str,
    },
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl RecognitionError ===

impl Fault for RecognitionError {
    fn reason(&self) -> Reason {
        match self {
            Self::Recognised { .. } => Reason::GroupRecognised,
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Recognised { name, group } => {
                vec![("name", name.clone()), ("group", (*group).to_owned())]
            }
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Recognised { .. } => &[],
            Self::Kernel(error) => error.violations(),
        }
    }
}

impl From<DbErr> for RecognitionError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}

impl From<WorkflowError> for RecognitionError {
    fn from(error: WorkflowError) -> Self {
        Self::Kernel(error.into())
    }
}
