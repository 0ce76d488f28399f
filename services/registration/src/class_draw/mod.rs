//! Balanced parallel classes 均衡分班, 阳光分班: no key classes (义务教育法 22), and nobody chooses who sits where.
//!
//! The list is frozen and its digest published; then school and county each publish the digest of a part of the seed, and only
//! then tell the parts. Neither can choose the seed alone, and neither can change a part once it is committed. What follows is
//! arithmetic that anyone can repeat ([`algorithm`]; described in the contract; `tests/python/replay_class_draw.py` does it
//! without this program). Who does not tell a committed part stops the draw, in sight of everybody; giving it up is the
//! county's step and stays in the history.

pub mod algorithm;
pub mod error;
pub mod rpc;
mod steps;
pub mod store;
pub mod workflow;
