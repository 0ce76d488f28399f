//! School reports 学校数据确认表. A school types nothing: it sees what the services hold about it, confirms with the digest of
//! what it saw, and the figures are frozen. If a record changes between seeing and confirming, the confirmation is
//! refused with what changed. Until the county signs, the county may give a report back with a reason; after that only a
//! review can. A set of figures that a later one replaces is kept.

mod confirm;
pub mod encode;
pub mod error;
mod previews;
pub mod rpc;
pub mod store;
pub mod workflow;

pub use previews::Previews;
