//! What can go wrong with accounts.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_proto::error::v1::Reason;

use crate::session::SessionError;

/// Why an account was not created or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Another account signs in with this name.
    #[error("the sign-in name {sign_in_name} belongs to another account")]
    SignInNameTaken {
        /// The name.
        sign_in_name: String,
    },
    /// An administrator's post would meet another duty.
    #[error("the posts of {name} would exclude each other: an administrator holds no other duty")]
    PostsExcludeEachOther {
        /// The account.
        name: String,
    },
    /// A security administrator gives no post to the own account.
    #[error("nobody grants a post to the own account {name}")]
    OwnAccount {
        /// The account.
        name: String,
    },
    /// The password could not be hashed now.
    #[error(transparent)]
    Password(#[from] SessionError),
    /// Any room's faults.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl AccountError ===

impl AccountError {
    /// One field at fault.
    pub fn field(violation: Violation) -> Self {
        Self::Kernel(KernelError::Fields(vec![violation]))
    }
}

impl From<sea_orm::DbErr> for AccountError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Kernel(error.into())
    }
}

impl Fault for AccountError {
    fn reason(&self) -> Reason {
        match self {
            Self::SignInNameTaken { .. } => Reason::SignInNameTaken,
            Self::PostsExcludeEachOther { .. } => Reason::PostsExcludeEachOther,
            Self::OwnAccount { .. } => Reason::SamePerson,
            Self::Password(error) => error.reason(),
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::SignInNameTaken { sign_in_name } => vec![("name", sign_in_name.clone())],
            Self::PostsExcludeEachOther { name } => vec![("name", name.clone())],
            Self::OwnAccount { name } => vec![
                ("name", name.clone()),
                ("step", "授予岗位".to_owned()),
                ("earlier", "担任岗位".to_owned()),
            ],
            Self::Password(error) => error.metadata(),
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Kernel(error) => error.violations(),
            Self::Password(error) => error.violations(),
            _ => &[],
        }
    }
}
