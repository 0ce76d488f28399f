//! What the services of Junheng share, and what knows no education noun.
//!
//! A request is admitted ([`admission`]), limited to the caller's [`scope`], judged by a room's rules, and written in the
//! one shape of [`store::Store::write`]: its rows and one [`journal`] row in one transaction. What can go wrong has a
//! reason in the contract and becomes a status in [`fault`] alone.
//!
//! Invariants:
//! - no query without a scope (`find` is banned by lint; [`scope::Scoped::visible_to`] is the way in),
//! - no mutation without a journal row, no journal row changed or deleted,
//! - no clock but [`clock::Clock`], no environment read outside the executable's configuration.

pub mod admission;
pub mod bulk;
pub mod calendar;
pub mod clock;
pub mod digest;
pub mod error;
pub mod fault;
pub mod health;
pub mod identity_number;
pub mod journal;
pub mod label;
pub mod mask;
pub mod name;
pub mod page;
pub mod post;
pub mod privacy;
pub mod region;
pub mod resource;
pub mod rule_book;
pub mod school_code;
pub mod scope;
pub mod service;
pub mod store;
pub mod tally;
pub mod telemetry;
pub mod text;
pub mod workflow;
