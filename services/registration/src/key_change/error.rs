//! Why a call about a change of key fields fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_kernel::workflow::WorkflowError;
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

use crate::student::error::StudentError;

/// Why a call about a change of key fields failed.
#[derive(Debug, thiserror::Error)]
pub enum KeyChangeError {
    /// Nothing given proves a field.
    #[error("a change of key fields needs {missing} (教基一〔2013〕7号)")]
    ProofMissing {
        /// What is missing.
        missing: String,
        /// The same in Chinese.
        missing_zh: String,
    },
    /// Another change is under way.
    #[error("the student has a change of key fields that has not ended ({name})")]
    Open {
        /// The other change.
        name: String,
    },
    /// What any call about students can meet.
    #[error(transparent)]
    Student(#[from] StudentError),
}

// === impl KeyChangeError ===

impl Fault for KeyChangeError {
    fn reason(&self) -> Reason {
        match self {
            Self::ProofMissing { .. } => Reason::ProofMissing,
            Self::Open { .. } => Reason::KeyChangeOpen,
            Self::Student(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::ProofMissing {
                missing,
                missing_zh,
            } => vec![
                ("rule", "教基一〔2013〕7号".to_owned()),
                ("missing", missing.clone()),
                ("missing_zh", missing_zh.clone()),
            ],
            Self::Open { name } => vec![("name", name.clone())],
            Self::Student(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::ProofMissing { .. } | Self::Open { .. } => &[],
            Self::Student(error) => error.violations(),
        }
    }
}

impl From<KernelError> for KeyChangeError {
    fn from(error: KernelError) -> Self {
        Self::Student(error.into())
    }
}

impl From<WorkflowError> for KeyChangeError {
    fn from(error: WorkflowError) -> Self {
        KernelError::from(error).into()
    }
}

impl From<DbErr> for KeyChangeError {
    fn from(error: DbErr) -> Self {
        KernelError::from(error).into()
    }
}
