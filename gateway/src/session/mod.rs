//! Sessions 会话: who signed in, in which one post, and until when.
//!
//! A session is a row; its token is a signed statement about that row which lives for minutes. The row decides: a session
//! that was signed out, or whose post was revoked, is refused whatever tokens are about.

mod change;
mod error;
mod password;
mod rpc;
mod rules;
mod store;

pub use error::SessionError;
pub use password::{Passwords, random_password};
pub use rpc::Rpc;
pub use rules::is_same;
pub use store::{end_in_post, is_alive};

/// The audience of session tokens; no service takes one.
pub const SESSION_AUDIENCE: &str = "junheng-session";
