//! Why a call about classes fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

/// Why a call about classes failed.
#[derive(Debug, thiserror::Error)]
pub enum SchoolClassError {
    /// The school has the class already.
    #[error("class {class} exists already")]
    Taken {
        /// The school's code and the class.
        class: String,
    },
    /// The school's kind does not run the stage.
    #[error("{school} does not run the stage {stage}")]
    StageNotRun {
        /// The school's name.
        school: String,
        /// The stage in Chinese.
        stage: &'static str,
    },
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl SchoolClassError ===

impl Fault for SchoolClassError {
    fn reason(&self) -> Reason {
        match self {
            Self::Taken { .. } => Reason::ClassTaken,
            Self::StageNotRun { .. } => Reason::StageNotRun,
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Taken { class } => vec![("class", class.clone())],
            Self::StageNotRun { school, stage } => {
                vec![("school", school.clone()), ("stage", (*stage).to_owned())]
            }
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Taken { .. } | Self::StageNotRun { .. } => &[],
            Self::Kernel(error) => error.violations(),
        }
    }
}

impl From<DbErr> for SchoolClassError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}
