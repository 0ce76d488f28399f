//! What all components of one process stand on: one clock, one region table, the keys, the order to stop.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use junheng_kernel::admission::{AccessTable, SigningKey, TrustedKeys};
use junheng_kernel::calendar::Calendar;
use junheng_kernel::clock::Clock;
use junheng_kernel::privacy::Keyring;
use junheng_kernel::region::RegionTable;
use junheng_kernel::service::Context;
use junheng_kernel::store::Store;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::component::Component;
use super::database::{self, FileLock};
use crate::config::{Config, Secrets};

/// Shared by the components of a process.
pub struct Ground {
    /// The settings.
    pub config: Config,
    /// The clock.
    pub clock: Clock,
    /// The region table.
    pub regions: Arc<RegionTable>,
    /// Background tasks of all components.
    pub tasks: TaskTracker,
    /// Cancelled when the process drains.
    pub stop: CancellationToken,
    calendar: Arc<Calendar>,
    access: Arc<AccessTable>,
    keyring: Arc<Keyring>,
    trusted: Arc<TrustedKeys>,
    secrets: Option<Secrets>,
    locks: Vec<FileLock>,
}

// === impl Ground ===

impl Ground {
    /// Reads keys and tables.
    ///
    /// # Errors
    /// Keys or a region file that cannot be read.
    pub fn new(config: Config) -> anyhow::Result<Self> {
        let clock = Clock::with_offset_seconds(config.clock.offset_seconds);
        let regions = regions(&config)?;
        let keys = Keys::read(&config)?;
        Ok(Self {
            clock,
            regions: Arc::new(regions),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            calendar: Arc::new(Calendar::builtin()),
            access: Arc::new(AccessTable::of_contract()),
            keyring: Arc::new(keys.keyring),
            trusted: Arc::new(keys.trusted),
            secrets: keys.secrets,
            locks: Vec::new(),
            config,
        })
    }

    /// Whose signatures are believed.
    pub fn trusted(&self) -> &TrustedKeys {
        &self.trusted
    }

    /// Locks, connects and migrates the database of a component, and gives it what it runs with.
    ///
    /// # Errors
    /// Those of the database, of a missing key, and of a file that another process works on.
    pub async fn context(&mut self, component: Component) -> anyhow::Result<Context> {
        let url = component.database_url(&self.config);
        self.locks.extend(database::lock(&url)?);
        if self.secrets.is_some() && url.starts_with("postgres") {
            tracing::warn!(
                folder = %self.config.serve.data_dir.display(),
                "the keys of this database are in secrets.toml of the data folder: without it nothing that names a \
                 person can be read again"
            );
        }
        database::prepare(component, &url, &self.stop).await?;
        let store = Store::open(&url, self.keyring.clone(), self.clock.clone()).await?;
        Ok(Context {
            name: component.name(),
            store,
            regions: self.regions.clone(),
            calendar: self.calendar.clone(),
            clock: self.clock.clone(),
            access: self.access.clone(),
            trusted: self.trusted.clone(),
            signing: self.signing(component)?,
            tasks: self.tasks.clone(),
            stop: self.stop.clone(),
        })
    }

    fn signing(&self, component: Component) -> anyhow::Result<SigningKey> {
        match (&self.secrets, self.config.identity.key.as_str()) {
            (Some(secrets), "") => secrets.key_of(component),
            (_, key) => SigningKey::from_config(key).context("settings: identity.key"),
        }
    }
}

/// Whom one believes, and the keys of personal fields; from the settings, or from the data folder.
pub struct Keys {
    /// The public keys.
    pub trusted: TrustedKeys,
    keyring: Keyring,
    secrets: Option<Secrets>,
}

// === impl Keys ===

impl Keys {
    /// The public keys alone, for those who only check signatures. Makes nothing.
    ///
    /// # Errors
    /// When neither the settings nor `folder` know any.
    pub fn believed(config: &Config, folder: &Path) -> anyhow::Result<TrustedKeys> {
        let identity = &config.identity;
        match (identity.trusted.as_str(), identity.key.as_str()) {
            ("", "") => Secrets::existing(folder)
                .context("the public keys are unknown; name their folder with --data-dir, or set identity.trusted")?
                .trusted(),
            ("", key) => trust_in_itself(key),
            (trusted, _) => TrustedKeys::from_config(trusted).context("settings: identity.trusted"),
        }
    }

    /// Reads what is set and makes the rest.
    ///
    /// # Errors
    /// A key that is none.
    pub fn read(config: &Config) -> anyhow::Result<Self> {
        let (identity, keyring) = (&config.identity, &config.privacy.keyring);
        let complete = !identity.key.is_empty() && !keyring.is_empty();
        let secrets = match complete {
            true => None,
            false => Some(Secrets::in_folder(&config.serve.data_dir)?),
        };
        let trusted = match (&secrets, identity.trusted.as_str()) {
            (Some(secrets), "") if identity.key.is_empty() => secrets.trusted()?,
            (_, "") => trust_in_itself(&identity.key)?,
            (_, trusted) => {
                TrustedKeys::from_config(trusted).context("settings: identity.trusted")?
            }
        };
        let keyring = match &secrets {
            Some(secrets) if keyring.is_empty() => Keyring::from_config(&secrets.keyring),
            _ => Keyring::from_config(keyring),
        };
        Ok(Self {
            trusted,
            keyring: keyring.context("settings: privacy.keyring")?,
            secrets,
        })
    }
}

/// With one key set and nobody named, every component of the process signs with it.
fn trust_in_itself(key: &str) -> anyhow::Result<TrustedKeys> {
    let public = SigningKey::from_config(key)
        .context("settings: identity.key")?
        .public();
    let mut trusted = TrustedKeys::default();
    for component in Component::ALL {
        trusted.trust(component.issuer(), public.clone());
    }
    Ok(trusted)
}

fn regions(config: &Config) -> anyhow::Result<RegionTable> {
    let file = &config.region.extra_file;
    let table = if file.is_empty() {
        RegionTable::builtin()
    } else {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("settings: region.extra_file {file} cannot be read"))?;
        RegionTable::with_extra(&text)
            .with_context(|| format!("settings: region.extra_file {file}"))?
    };
    table
        .require(&config.region.province_code())
        .context("settings: region.province")?;
    Ok(table)
}
