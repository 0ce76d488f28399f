//! One small struct per concern. What each setting means stands in `junheng.default.toml`.

use std::path::PathBuf;

use serde::Deserialize;

/// Where the process keeps its files and listens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serve {
    /// The folder of SQLite files and generated secrets.
    pub data_dir: PathBuf,
    /// `address:port`.
    pub listen: String,
}

/// One URL per service; empty for the SQLite file in the data folder.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Registration's.
    pub registration: String,
    /// Staffing's.
    pub staffing: String,
    /// Assets'.
    pub assets: String,
    /// Inspection's.
    pub inspection: String,
    /// The gateway's.
    pub accounts: String,
}

/// Where services in other processes are, `http://host:port`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Services {
    /// Registration.
    pub registration: String,
    /// Staffing.
    pub staffing: String,
    /// Assets.
    pub assets: String,
    /// Inspection.
    pub inspection: String,
}

/// Signing keys.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The process's own key.
    pub key: String,
    /// The public keys believed.
    pub trusted: String,
}

/// The keys of personal fields.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Privacy {
    /// As the kernel's keyring reads it.
    pub keyring: String,
}

/// The rehearsal's clock.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Seconds ahead of the system's clock.
    pub offset_seconds: i64,
}

/// Logs, traces and metrics.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// A filter such as `info`.
    pub log: String,
    /// JSON logs.
    pub json: bool,
    /// The collector; empty for none.
    pub otlp_endpoint: String,
}

/// Registration's own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// A file of local rules; empty for none.
    pub rules_file: String,
}

/// Inspection's own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inspection {
    /// Working days of publicity.
    pub publicity_working_days: u32,
}

/// Which regions there are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Two or six digits.
    pub province: String,
    /// A file of further regions; empty for none.
    pub extra_file: String,
}

/// Pages in browsers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Browser {
    /// Origins with commas between.
    pub origins: String,
}

/// The client commands' defaults.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// The gateway, `http://host:port`.
    pub endpoint: String,
    /// The account's name.
    pub sign_in: String,
    /// Its password.
    pub password: String,
    /// The post to act in.
    pub post: String,
}

// === impl Region ===

impl Region {
    /// The six-digit code of the province.
    pub fn province_code(&self) -> String {
        format!("{:0<6}", self.province)
    }
}

// === impl Browser ===

impl Browser {
    /// The origins, one by one.
    pub fn list(&self) -> Vec<String> {
        let origins = self.origins.split(',').map(str::trim);
        origins
            .filter(|origin| !origin.is_empty())
            .map(str::to_owned)
            .collect()
    }
}
