//! The settings: `junheng.default.toml`, which is also the manual, then a file, the environment and the command line.

mod environment;
mod secrets;
mod sections;
#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::Context as _;
use figment::Figment;
use figment::providers::{Format as _, Toml};
use junheng_gateway::{Limits, Sessions};
use serde::Deserialize;

use environment::Environment;
pub use secrets::Secrets;
pub use sections::{
    Browser, Client, Clock, Database, Identity, Inspection, Privacy, Region, Registration, Serve,
    Services, Telemetry,
};

/// The defaults, and the manual.
pub const DEFAULTS: &str = include_str!("../../junheng.default.toml");

/// Every setting. Holds secrets, so it is never printed.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to run.
    pub serve: Serve,
    /// The databases.
    pub database: Database,
    /// Where the other services are.
    pub services: Services,
    /// Who signs and whom one believes.
    pub identity: Identity,
    /// The keys of personal fields.
    pub privacy: Privacy,
    /// The rehearsal's clock.
    pub clock: Clock,
    /// Logs, traces and metrics.
    pub telemetry: Telemetry,
    /// Registration's own.
    pub registration: Registration,
    /// Inspection's own.
    pub inspection: Inspection,
    /// Which regions there are.
    pub region: Region,
    /// What callers may take of the gateway.
    pub limits: Limits,
    /// How people sign in and stay signed in.
    pub sessions: Sessions,
    /// Pages in browsers.
    pub browser: Browser,
    /// The client commands' defaults.
    pub client: Client,
}

/// Reads the settings of this process.
///
/// # Errors
/// A file that cannot be read, a key that does not exist (by name), a value of another type.
pub fn load(file: Option<&Path>) -> anyhow::Result<Config> {
    load_with(
        file,
        std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }),
    )
}

fn load_with(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> anyhow::Result<Config> {
    let defaults = Figment::from(Toml::string(DEFAULTS));
    let mut figment = defaults.clone();
    if let Some(file) = file {
        std::fs::metadata(file)
            .with_context(|| format!("the settings file {} cannot be read", file.display()))?;
        figment = figment.merge(Toml::file_exact(file));
    }
    let environment = Environment::read(&defaults, environment)?;
    figment
        .merge(environment)
        .extract()
        .map_err(|error| anyhow::anyhow!("settings: {error}"))
}
