//! The contract of Junheng: every message, service and client of the suite, and the descriptors that carry who may call
//! what. Other systems use this crate, or the `.proto` files beside it, as their SDK.
//!
//! A method without an access rule, an element without a comment or an enum value without its Chinese term does not
//! build.

#[allow(missing_docs, clippy::all, reason = "generated from the contract")]
mod contract {
    include!(concat!(env!("OUT_DIR"), "/contract.rs"));
}

use std::sync::LazyLock;

use prost_reflect::DescriptorPool;

pub use contract::google;
pub use contract::junheng::*;

/// The encoded `FileDescriptorSet` of the contract, with comments and options, for reflection and transcoding.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/contract.fds"));

/// The decoded descriptors.
pub static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(DESCRIPTORS).expect("the descriptors were built with this crate")
});
