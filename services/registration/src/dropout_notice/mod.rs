//! Written notices of dropout control 控辍文书 (未成年人保护法 28, 83; 义务教育法 14, 58; 行政处罚法 44, 45, 61, 72; 行政强制法 54). The kinds are
//! data in `data/dropout_notices.toml`: who draws each, when, on which articles, in which words.
//!
//! Invariants:
//! - a notice is frozen when it is drawn: what is printed is sealed in its row with its digest, and no call changes it,
//! - its number follows its issuer's last of the year, counted in the same transaction: no gap, no number twice,
//! - what says that days have passed is drawn when they have, counted from the day on which service counts ([`service`]),
//! - a mistaken one is revoked and another drawn; while a step of the case rests on it, it cannot be revoked: a right one is drawn first,
//! - a penalty's notices are drawn only where the place has a legal basis on record.

mod draw;
mod encode;
pub mod error;
pub mod kinds;
mod number;
mod print;
pub mod rpc;
mod serve;
pub(crate) mod service;
pub(crate) mod store;
