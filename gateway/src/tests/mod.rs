//! The gateway whole, in process, before a service that remembers what reached it.

mod accounts;
mod admitted;
pub mod fixture;
mod frames;
mod ports;
mod sessions;
