//! Why aid cannot be recorded.

use junheng_kernel::fault::{Fault, Violation};
use junheng_proto::error::v1::Reason;

/// Why one grant of aid is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AidError {
    /// The student is not entitled to it.
    #[error("the student is not entitled to {item} in {term}")]
    NotDue {
        /// The item's label.
        item: &'static str,
        /// The term.
        term: String,
    },
    /// It was recorded with another amount or day.
    #[error("{item} of {term} is recorded for the student already")]
    GrantedAlready {
        /// The item's label.
        item: &'static str,
        /// The term.
        term: String,
    },
}

// === impl AidError ===

impl Fault for AidError {
    fn reason(&self) -> Reason {
        match self {
            Self::NotDue { .. } => Reason::AidNotDue,
            Self::GrantedAlready { .. } => Reason::AidGrantedAlready,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        let (Self::NotDue { item, term } | Self::GrantedAlready { item, term }) = self;
        vec![("item", (*item).to_owned()), ("term", term.clone())]
    }

    fn violations(&self) -> &[Violation] {
        &[]
    }
}
