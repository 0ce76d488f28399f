//! Why a call about frameworks fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_proto::error::v1::Reason;

use super::FrameworkError;

/// Why a call about frameworks failed.
#[derive(Debug, thiserror::Error)]
pub enum FrameworkFault {
    /// There is no such framework.
    #[error("there is no framework {id}")]
    Unknown {
        /// The id asked for.
        id: String,
    },
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl FrameworkFault ===

impl From<FrameworkError> for FrameworkFault {
    fn from(error: FrameworkError) -> Self {
        let why = error.to_string();
        let refuse = |field: &str, why_zh: String| {
            Self::Kernel(KernelError::Fields(vec![Violation::invalid(
                field,
                why.clone(),
                why_zh,
            )]))
        };
        match error {
            FrameworkError::Unknown { id } => Self::Unknown { id },
            FrameworkError::NotInForce {
                framework,
                region,
                date,
            } => refuse(
                "as_of_date",
                format!("指标体系{framework}在{region}于{date}尚未施行或已停止施行"),
            ),
            FrameworkError::SchoolTwice { key } => refuse("schools", format!("学校{key}重复出现")),
            // The files ship with the program, so a broken one is our fault and not the caller's.
            FrameworkError::Malformed(_) | FrameworkError::Inconsistent { .. } => {
                Self::Kernel(KernelError::Stored(why))
            }
        }
    }
}

impl Fault for FrameworkFault {
    fn reason(&self) -> Reason {
        match self {
            Self::Unknown { .. } => Reason::FrameworkUnknown,
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Unknown { id } => vec![("framework", format!("frameworks/{id}"))],
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Unknown { .. } => &[],
            Self::Kernel(error) => error.violations(),
        }
    }
}
