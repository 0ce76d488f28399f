//! Why a call about certificates fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

/// Why a call about certificates failed.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// There is nobody to certify, or somebody who cannot be.
    #[error("{why}")]
    NoCertificate {
        /// Why.
        why: String,
        /// The same in Chinese.
        why_zh: String,
    },
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl CertificateError ===

impl Fault for CertificateError {
    fn reason(&self) -> Reason {
        match self {
            Self::NoCertificate { .. } => Reason::NoCertificate,
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NoCertificate { why, why_zh } => {
                vec![("why", why.clone()), ("why_zh", why_zh.clone())]
            }
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::NoCertificate { .. } => &[],
            Self::Kernel(error) => error.violations(),
        }
    }
}

impl From<DbErr> for CertificateError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}
