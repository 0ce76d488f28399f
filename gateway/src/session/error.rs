//! What can go wrong when signing in and out.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_proto::error::v1::Reason;

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Unknown name, wrong password or no post: one answer for all.
    #[error("the name or the password is wrong, or the account has no post")]
    Refused,
    /// Too many failures for this name.
    #[error("too many failed attempts; try again in {retry_seconds} seconds")]
    Locked {
        /// Seconds until the lock ends.
        retry_seconds: i64,
    },
    /// Several posts, or one named that the account does not hold.
    #[error("choose one of the account's posts: {posts}")]
    PostNotChosen {
        /// The posts, as `county.approver@regions/630103`.
        posts: String,
    },
    /// More sign-ins at once than this process checks.
    #[error("too many people are signing in; try again")]
    Busy,
    /// The session ended meanwhile.
    #[error("the session has ended; sign in again")]
    Ended,
    /// Any room's faults.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

impl From<sea_orm::DbErr> for SessionError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Kernel(error.into())
    }
}

impl Fault for SessionError {
    fn reason(&self) -> Reason {
        match self {
            Self::Refused => Reason::SignInRefused,
            Self::Locked { .. } => Reason::SignInLocked,
            Self::PostNotChosen { .. } => Reason::PostNotChosen,
            Self::Busy => Reason::Unavailable,
            Self::Ended => Reason::NotSignedIn,
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Locked { retry_seconds } => vec![("retry_seconds", retry_seconds.to_string())],
            Self::PostNotChosen { posts } => vec![("posts", posts.clone())],
            Self::Kernel(error) => error.metadata(),
            Self::Refused | Self::Busy | Self::Ended => Vec::new(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Kernel(error) => error.violations(),
            _ => &[],
        }
    }
}
