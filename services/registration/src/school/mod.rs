//! Schools 学校. A school's identification code (学校标识码) stays for its whole life: a new name keeps it, a change of
//! kind or a closure ends it, and an old code is never given again (ministry's code rules, published statistics forms).
//! The code is an attribute; the key is the id, so that everything else about a school may change.

pub mod error;
mod import;
pub(crate) mod parent;
pub mod rpc;
pub mod rules;
pub mod store;
