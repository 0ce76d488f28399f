//! Why a call about campaigns fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

use crate::framework::FrameworkError;
use crate::framework::fault::FrameworkFault;

/// Why a call about campaigns failed.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// The county has a campaign under the framework that has not ended.
    #[error("{name} is under way in this county under the same framework")]
    UnderWay {
        /// The campaign that is.
        name: String,
    },
    /// The framework is unknown or not in force.
    #[error(transparent)]
    Framework(#[from] FrameworkFault),
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl CampaignError ===

impl Fault for CampaignError {
    fn reason(&self) -> Reason {
        match self {
            Self::UnderWay { .. } => Reason::CampaignUnderWay,
            Self::Framework(error) => error.reason(),
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::UnderWay { name } => vec![("name", name.clone())],
            Self::Framework(error) => error.metadata(),
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Kernel(error) => error.violations(),
            Self::Framework(error) => error.violations(),
            Self::UnderWay { .. } => &[],
        }
    }
}

impl From<DbErr> for CampaignError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}

impl From<FrameworkError> for CampaignError {
    fn from(error: FrameworkError) -> Self {
        Self::Framework(error.into())
    }
}
