//! Why a call about schools fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

/// Why a call about schools failed.
#[derive(Debug, thiserror::Error)]
pub enum SchoolError {
    /// Another school has the code.
    #[error("school code {school_code} belongs to another school; a code is never given twice")]
    CodeTaken {
        /// The code.
        school_code: String,
    },
    /// The school is closed or does not run yet.
    #[error("{school} takes nobody: it is in the state {state}")]
    NotOpen {
        /// The school's name.
        school: String,
        /// The state in Chinese.
        state: &'static str,
    },
    /// The closing of the school is approved.
    #[error("{school} closes; nothing new comes to it")]
    Closes {
        /// The school's name.
        school: String,
    },
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl SchoolError ===

impl Fault for SchoolError {
    fn reason(&self) -> Reason {
        match self {
            Self::CodeTaken { .. } => Reason::SchoolCodeTaken,
            Self::NotOpen { .. } => Reason::SchoolNotOpen,
            Self::Closes { .. } => Reason::SchoolCloses,
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::CodeTaken { school_code } => vec![("school_code", school_code.clone())],
            Self::NotOpen { school, state } => {
                vec![("school", school.clone()), ("state", (*state).to_owned())]
            }
            Self::Closes { school } => vec![("school", school.clone())],
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::CodeTaken { .. } | Self::NotOpen { .. } | Self::Closes { .. } => &[],
            Self::Kernel(error) => error.violations(),
        }
    }
}

impl From<DbErr> for SchoolError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}
