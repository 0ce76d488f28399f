//! What this service still holds for a school that is to close.

pub mod rpc;
