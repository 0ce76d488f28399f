//! Why a call about sites fails.

use junheng_directory::ReferenceError;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

/// Why a call about sites failed.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The school has a site of this name already.
    #[error("the school has a site {site} already; change that one or choose another name")]
    SiteTaken {
        /// The site's name within the school.
        site: String,
    },
    /// The school is unknown, out of reach, or does not run the stage.
    #[error(transparent)]
    School(#[from] ReferenceError),
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl SiteError ===

impl Fault for SiteError {
    fn reason(&self) -> Reason {
        match self {
            Self::SiteTaken { .. } => Reason::SiteTaken,
            Self::School(error) => error.reason(),
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::SiteTaken { site } => vec![("site", site.clone())],
            Self::School(error) => error.metadata(),
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::SiteTaken { .. } => &[],
            Self::School(error) => error.violations(),
            Self::Kernel(error) => error.violations(),
        }
    }
}

impl From<DbErr> for SiteError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}
