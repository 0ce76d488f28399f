//! One table, one struct.
#![allow(
    clippy::disallowed_methods,
    missing_docs,
    reason = "the derive of an entity calls find; columns are documented where the contract names them"
)]

pub mod account;
pub mod account_post;
pub mod session;
pub mod sign_in_attempt;
