//! Why a call about teachers fails.

use junheng_directory::ReferenceError;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

/// Why a call about teachers failed.
#[derive(Debug, thiserror::Error)]
pub enum TeacherError {
    /// The identity number stands in another record.
    #[error("a person of this identity number is registered already: {place}")]
    PersonRegistered {
        /// The record, where the caller may see it, or else its county.
        place: String,
    },
    /// The school is unknown, out of reach, or does not run the stage.
    #[error(transparent)]
    School(#[from] ReferenceError),
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl TeacherError ===

impl Fault for TeacherError {
    fn reason(&self) -> Reason {
        match self {
            Self::PersonRegistered { .. } => Reason::PersonRegistered,
            Self::School(error) => error.reason(),
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::PersonRegistered { place } => vec![("where", place.clone())],
            Self::School(error) => error.metadata(),
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::PersonRegistered { .. } => &[],
            Self::School(error) => error.violations(),
            Self::Kernel(error) => error.violations(),
        }
    }
}

impl From<DbErr> for TeacherError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}
