//! Personal data at rest and on screen: field encryption, blind look-up, masks.
//!
//! * [`Cipher`] seals one field of one row; [`Keyring`] is the software default (SM4-GCM, RFC 8998; SM4 is GB/T 32907).
//!   A hardware module takes its place by implementing the same trait (GB/T 39786 level 3 asks for certified modules, R+).
//! * [`BlindIndex`] answers "is this number already known" without storing it: HMAC-SM3 (GB/T 32905) under its own key.
//! * [`mask`] shortens what people see: identity number `6***4`, name `王**`, phone, address.
//!
//! Keys come from the environment as one text (see [`Keyring::from_config`]). No type here prints a key or a plain text.

mod cipher;
mod config;
mod index;
mod keyring;
pub mod mask;
mod message;
mod secret;

pub use cipher::{Cipher, CipherError, FieldAddress};
pub use config::{EntryProblem, KeyringError};
pub use index::BlindIndex;
pub(crate) use index::keyed_digest;
pub use keyring::Keyring;
pub use secret::Secret;

#[cfg(test)]
mod tests;
