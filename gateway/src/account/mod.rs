//! Accounts 账号 and their posts 岗位.
//!
//! It takes two to let somebody in: the system administrator creates the account, the security administrator gives it a
//! post, and the audit administrator reads the journal of both. The three exclude each other and every other duty in one
//! account (三员分立, GB/T 22239-2019 8.1.5).

mod error;
mod organisation;
mod rpc;
pub mod rules;
pub mod store;

pub use error::AccountError;
pub use organisation::of_region;
pub use rpc::{Rpc, encode, encode_post};
