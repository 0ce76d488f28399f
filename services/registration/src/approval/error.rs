//! Why an approval cannot be used.

use junheng_kernel::fault::Fault;
use junheng_proto::error::v1::Reason;

/// Why an approval cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// Somebody else asked for it, or the same person in another post.
    #[error("{name} can be used only by who asked for it, in the post that asked")]
    NotTheHolder {
        /// The grant or export.
        name: String,
    },
    /// It awaits approval, was refused or was revoked.
    #[error("{name} is not in force: it is in {state_name}")]
    NotInForce {
        /// The grant or export.
        name: String,
        /// The state's label.
        state: &'static str,
        /// The state's name.
        state_name: &'static str,
    },
    /// Its last day has passed.
    #[error("{name} expired: its last day was {until}")]
    Expired {
        /// The grant or export.
        name: String,
        /// The last day.
        until: String,
    },
    /// Its quota is used up.
    #[error("the quota of {name}, {quota}, is used up; ask for another")]
    Exhausted {
        /// The grant or export.
        name: String,
        /// The quota.
        quota: i64,
    },
    /// The student is not among those it covers.
    #[error("{name} covers the students of {students_of} only")]
    StudentOutside {
        /// The grant.
        name: String,
        /// Whose students it covers.
        students_of: String,
    },
}

// === impl ApprovalError ===

impl Fault for ApprovalError {
    fn reason(&self) -> Reason {
        match self {
            Self::NotTheHolder { .. } => Reason::NotTheHolder,
            Self::NotInForce { .. } => Reason::NotInForce,
            Self::Expired { .. } => Reason::ApprovalExpired,
            Self::Exhausted { .. } => Reason::GrantExhausted,
            Self::StudentOutside { .. } => Reason::StudentOutOfGrant,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        let (name, more) = match self {
            Self::NotTheHolder { name } => (name, None),
            Self::NotInForce { name, state, .. } => (name, Some(("state", (*state).to_owned()))),
            Self::Expired { name, until } => (name, Some(("until", until.clone()))),
            Self::Exhausted { name, quota } => (name, Some(("quota", quota.to_string()))),
            Self::StudentOutside { name, students_of } => {
                (name, Some(("students_of", students_of.clone())))
            }
        };
        std::iter::once(("name", name.clone()))
            .chain(more)
            .collect()
    }
}
