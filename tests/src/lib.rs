//! Drives the real `junheng` over real sockets and real databases, for the stories in `suite/`.
//!
//! A [`World`] is one installation: a `junheng serve` process with its databases, and the officers who sign in to it
//! through the gateway like anybody else. Stories share a world and stay apart by county; a story that kills or damages
//! something asks for an installation of its own.
//!
//! Invariants:
//! - a story reaches the product only through the gateway, the command line or, as an attacker, the database;
//! - what is expected is written here, not computed with the product's own code;
//! - a missing PostgreSQL is an error of the run, never a skip.

pub mod binary;
pub mod bytes_codec;
pub mod campaign;
pub mod classroom;
pub mod county;
pub mod database;
pub mod duplicates;
pub mod http;
pub mod locks;
pub mod officer;
pub mod person;
pub mod postgres;
pub mod pupils;
pub mod refusal;
pub mod regions;
pub mod rolls;
pub mod school_year;
pub mod server;
pub mod story;
pub mod world;

pub use county::{County, School};
pub use database::Database;
pub use officer::Officer;
pub use refusal::Refused;
pub use story::{Story, story};
pub use world::World;

/// A new request id.
pub fn request_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// The day in China so many days from now, `YYYY-MM-DD`.
#[expect(
    clippy::disallowed_methods,
    reason = "a story has no clock but the system's"
)]
pub fn days_from_now(days: i64) -> String {
    let here = chrono::Utc::now() + chrono::TimeDelta::hours(8) + chrono::TimeDelta::days(days);
    here.date_naive().to_string()
}
