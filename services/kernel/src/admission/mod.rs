//! Admission: who calls, in which post, and may that role call this method.
//!
//! The rule stands beside the RPC in the contract. [`AccessTable`] reads it from the descriptors; the gateway checks it
//! when a call comes in and every service checks it again, with the same code, on the identity that the gateway signed.
//! A [`Caller`] exists only because a token was genuine.

mod access;
mod answer;
mod caller;
mod identities;
mod key;
mod layer;
mod token;

pub use access::{Access, AccessTable, Refusal};
pub use caller::Caller;
pub(crate) use key::is_genuine;
pub use key::{SigningKey, TrustedKeys};
pub use layer::{Admit, IDENTITY_HEADER, SERVICE_AUDIENCE};
pub use token::{Claims, TokenError, sign, verify};
