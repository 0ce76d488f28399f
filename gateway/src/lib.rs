//! The gateway of Junheng: the one door. gRPC, gRPC-Web and JSON arrive on one port; who calls, in which post, and
//! whether that role may call that method for that organisation is decided here, from the contract's own rules, before a
//! service sees a byte.
//!
//! A call's way: [`listen`] (connections, their limits and deadlines) → [`front`] (which of the three protocols) →
//! [`transcode`] for JSON → [`proxy`] with [`admission`] → a service. Accounts and sessions are the gateway's own rooms
//! ([`account`], [`session`]), reached like any other service.
//!
//! Invariants:
//! - message bytes go through untouched; only the scope field and the route field of the first message are read,
//! - a service never sees a caller's token, a caller never sets the identity that services believe,
//! - passwords and tokens stand in no journal, no log and no table; of a password the argon2id hash is kept,
//! - the role policy is loaded into casbin from the descriptors and must equal the kernel's table cell by cell.

pub mod account;
pub mod admission;
mod bootstrap;
pub mod entity;
pub mod error;
mod front;
mod gateway;
mod listen;
pub mod migration;
pub mod proxy;
pub mod session;
mod settings;
#[cfg(test)]
mod tests;
mod transcode;

pub use bootstrap::{FirstSignIn, bootstrap};
pub use gateway::{Gateway, Upstreams, service};
pub use migration::Migrator;
pub use settings::{Limits, Sessions, Settings};

/// The name of the gateway's database and journal: it keeps the accounts.
pub const NAME: &str = "accounts";
