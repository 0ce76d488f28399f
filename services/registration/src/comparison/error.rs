//! Why a call about comparisons fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_kernel::label;
use junheng_proto::error::v1::Reason;
use junheng_proto::registration::v1::resident_list::State;
use sea_orm::DbErr;

/// Why a call about lists, comparisons or candidates failed.
#[derive(Debug, thiserror::Error)]
pub enum ComparisonError {
    /// Only the last complete list is compared.
    #[error("{name} is not live: only the last complete list of a source, kind and region is")]
    NotLive {
        /// The list.
        name: String,
        /// Where it stands.
        state: State,
    },
    /// A list whose stream broke off has ended.
    #[error(
        "{name} has ended: its stream broke off and was not taken up in time; send the list anew"
    )]
    BrokenOff {
        /// The list.
        name: String,
    },
    /// A department's list comes from its own system.
    #[error(
        "a list of {source_label} is sent by that department's own system, not by that of {department}"
    )]
    AnotherDepartment {
        /// Whose list it is said to be, in Chinese.
        source_label: &'static str,
        /// The department of the caller's post, in Chinese.
        department: &'static str,
    },
    /// One at a time.
    #[error("{name} of the same region is running; wait for its end")]
    Running {
        /// The comparison that runs.
        name: String,
    },
    /// A decision stands.
    #[error("{name} is decided, or the child is decided to be another student")]
    Decided {
        /// The candidate.
        name: String,
    },
    /// What any call can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl ComparisonError ===

impl Fault for ComparisonError {
    fn reason(&self) -> Reason {
        match self {
            Self::NotLive { .. } => Reason::ResidentListNotLive,
            Self::BrokenOff { .. } => Reason::ResidentListBrokenOff,
            Self::AnotherDepartment { .. } => Reason::ListOfAnotherDepartment,
            Self::Running { .. } => Reason::ComparisonRunning,
            Self::Decided { .. } => Reason::CandidateDecided,
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotLive { name, state } => vec![
                ("name", name.clone()),
                ("state", label::of(*state).to_owned()),
            ],
            Self::AnotherDepartment {
                source_label,
                department,
            } => vec![
                ("source", (*source_label).to_owned()),
                ("department", (*department).to_owned()),
            ],
            Self::BrokenOff { name } | Self::Running { name } | Self::Decided { name } => {
                vec![("name", name.clone())]
            }
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Kernel(error) => error.violations(),
            _ => &[],
        }
    }
}

impl From<DbErr> for ComparisonError {
    fn from(error: DbErr) -> Self {
        KernelError::from(error).into()
    }
}
