//! Why a call about promotion fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

/// Why a call about promotion failed.
#[derive(Debug, thiserror::Error)]
pub enum PromotionError {
    /// Not the time for it.
    #[error("the promotion into this school year is done from {from} to {to}")]
    OutOfSeason {
        /// The first day.
        from: String,
        /// The last day.
        to: String,
    },
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl PromotionError ===

impl Fault for PromotionError {
    fn reason(&self) -> Reason {
        match self {
            Self::OutOfSeason { .. } => Reason::PromotionOutOfSeason,
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::OutOfSeason { from, to } => vec![("from", from.clone()), ("to", to.clone())],
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::OutOfSeason { .. } => &[],
            Self::Kernel(error) => error.violations(),
        }
    }
}

impl From<DbErr> for PromotionError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}
