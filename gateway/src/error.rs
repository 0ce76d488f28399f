//! What the gateway itself refuses, before any service is asked.

use junheng_kernel::admission::Refusal;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_proto::error::v1::Reason;

/// Why a call did not reach a service.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// No token, or one that expired, ended or is not genuine: one answer for all.
    #[error("no valid sign-in; send `authorization: Bearer` with the token that SignIn gave")]
    NotSignedIn,
    /// The role may not call the method, or there is no such method.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The organisation named is not the caller's, a field is wrong, or the database failed.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// The account, or the address of an anonymous caller, calls too often.
    #[error("too many calls; try again in {retry_seconds} seconds")]
    RateLimited {
        /// When the next call is welcome.
        retry_seconds: u64,
    },
    /// The account has as many streams open as it may.
    #[error(
        "the account has {most} streams open; end one, or try again in {retry_seconds} seconds"
    )]
    TooManyStreams {
        /// The limit.
        most: u32,
        /// When to try again.
        retry_seconds: u64,
    },
    /// The message is not one of this method's.
    #[error("the request cannot be read: {why}")]
    Unreadable {
        /// Why, without internals.
        why: &'static str,
    },
    /// A message over the limit.
    #[error("a message is larger than {most} bytes")]
    MessageTooLarge {
        /// The limit.
        most: usize,
    },
    /// A service does not answer.
    #[error("{service} does not answer; try again")]
    Unavailable {
        /// Its name.
        service: &'static str,
    },
}

// === impl GatewayError ===

impl GatewayError {
    /// The contract has no method at this path or URL.
    pub fn method_unknown(method: &str) -> Self {
        Self::Refused(Refusal::MethodUnknown {
            method: method.to_owned(),
        })
    }

    /// One field at fault.
    pub fn field(violation: Violation) -> Self {
        Self::Kernel(KernelError::Fields(vec![violation]))
    }
}

impl Fault for GatewayError {
    fn reason(&self) -> Reason {
        match self {
            Self::NotSignedIn => Reason::NotSignedIn,
            Self::Refused(refusal) => refusal.reason(),
            Self::Kernel(error) => error.reason(),
            Self::RateLimited { .. } | Self::TooManyStreams { .. } => Reason::RateLimited,
            Self::Unreadable { .. } | Self::MessageTooLarge { .. } => Reason::MessageUnreadable,
            Self::Unavailable { .. } => Reason::Unavailable,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Refused(refusal) => refusal.metadata(),
            Self::Kernel(error) => error.metadata(),
            Self::RateLimited { retry_seconds } | Self::TooManyStreams { retry_seconds, .. } => {
                vec![("retry_seconds", retry_seconds.to_string())]
            }
            Self::NotSignedIn
            | Self::Unreadable { .. }
            | Self::MessageTooLarge { .. }
            | Self::Unavailable { .. } => Vec::new(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Kernel(error) => error.violations(),
            _ => &[],
        }
    }
}
