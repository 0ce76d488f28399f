//! Why a call about transfers fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_kernel::workflow::WorkflowError;
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

use super::block::Blocked;
use crate::student::error::StudentError;

/// Why a call about transfers failed.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The school that has the student tries to begin the transfer.
    #[error(
        "the student is in {school}; only the receiving school begins a transfer (教基一〔2013〕7号; 义务教育法 27)"
    )]
    NotBySender {
        /// The school.
        school: String,
    },
    /// The student has an open transfer.
    #[error("{name} has a transfer under way")]
    UnderWay {
        /// The student.
        name: String,
    },
    /// A rule of the place stands against it.
    #[error("{} ({})", .0.why, .0.source)]
    Blocked(Blocked),
    /// The record cannot move.
    #[error("a record that is {state} does not transfer")]
    State {
        /// The state's label.
        state: &'static str,
    },
    /// No record agrees.
    #[error("no record agrees with number, name and date of birth together")]
    NotMatched,
    /// What students' records refuse.
    #[error(transparent)]
    Student(#[from] StudentError),
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl TransferError ===

impl Fault for TransferError {
    fn reason(&self) -> Reason {
        match self {
            Self::NotBySender { .. } => Reason::TransferNotBySender,
            Self::UnderWay { .. } => Reason::TransferUnderWay,
            Self::Blocked(_) => Reason::TransferBlocked,
            Self::State { .. } => Reason::TransferState,
            Self::NotMatched => Reason::StudentNotMatched,
            Self::Student(error) => error.reason(),
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotBySender { school } => vec![("school", school.clone())],
            Self::UnderWay { name } => vec![("name", name.clone())],
            Self::Blocked(blocked) => vec![
                ("why", blocked.why_zh.clone()),
                ("source", blocked.source.to_owned()),
            ],
            Self::State { state } => vec![("state", (*state).to_owned())],
            Self::NotMatched => Vec::new(),
            Self::Student(error) => error.metadata(),
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Student(error) => error.violations(),
            Self::Kernel(error) => error.violations(),
            _ => &[],
        }
    }
}

impl From<DbErr> for TransferError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}

impl From<WorkflowError> for TransferError {
    fn from(error: WorkflowError) -> Self {
        Self::Kernel(error.into())
    }
}
