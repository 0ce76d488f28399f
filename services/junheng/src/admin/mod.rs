//! What administrators do beside running services.

mod accounts;
mod audit;
mod keys;
mod migrate;

pub use accounts::bootstrap;
pub use audit::verify;
pub use keys::keys;
pub use migrate::migrate;
