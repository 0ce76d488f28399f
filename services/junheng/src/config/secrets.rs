//! The secrets of an installation: made once, kept in the data folder for every role that shares it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use junheng_kernel::admission::{SigningKey, TrustedKeys};
use junheng_kernel::privacy::Keyring;
use serde::{Deserialize, Serialize};

use crate::private;
use crate::serve::Component;

/// The file's name in the data folder.
const FILE: &str = "secrets.toml";

/// A signing key for each component, and the keys of personal fields.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// As [`Keyring::from_config`] reads it.
    pub keyring: String,
    /// By issuer; as [`SigningKey::from_config`] reads them.
    pub keys: BTreeMap<String, String>,
}

// === impl Secrets ===

impl Secrets {
    /// A fresh set.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn generate() -> anyhow::Result<Self> {
        let mut keys = BTreeMap::new();
        for component in Component::ALL {
            keys.insert(
                component.issuer().to_owned(),
                SigningKey::generate()?.to_config(),
            );
        }
        let keyring = Keyring::generate()?.to_config();
        Ok(Self {
            keyring: keyring.as_str().unwrap_or_default().to_owned(),
            keys,
        })
    }

    /// The set of a data folder, made when there is none. Processes that start together get the same one.
    ///
    /// # Errors
    /// When the folder or file cannot be written or read.
    pub fn in_folder(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        if !path.exists() {
            private::folder(folder)?;
            Self::generate()?.publish(&path)?;
        }
        Self::existing(folder)
    }

    /// The set of a data folder that has one.
    ///
    /// # Errors
    /// When there is none, or it is damaged.
    pub fn existing(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        // The parser's message would quote the line, which may hold a key.
        toml::from_str(&text).map_err(|_| anyhow::anyhow!("{} is damaged", path.display()))
    }

    /// The public keys of all components.
    ///
    /// # Errors
    /// When a key is no key.
    pub fn trusted(&self) -> anyhow::Result<TrustedKeys> {
        let mut trusted = TrustedKeys::default();
        for (issuer, key) in &self.keys {
            trusted.trust(issuer, SigningKey::from_config(key)?.public());
        }
        Ok(trusted)
    }

    /// The key of one component.
    ///
    /// # Errors
    /// When the set has none, or it is no key.
    pub fn key_of(&self, component: Component) -> anyhow::Result<SigningKey> {
        let key = self.keys.get(component.issuer());
        SigningKey::from_config(key.with_context(|| format!("no key of {}", component.issuer()))?)
    }

    /// Puts the set at `path` whole, unless another process was first.
    fn publish(&self, path: &Path) -> anyhow::Result<()> {
        let draft = path.with_extension(format!("{}.draft", std::process::id()));
        private::write(&draft, &toml::to_string(self)?)?;
        let linked = std::fs::hard_link(&draft, path);
        std::fs::remove_file(&draft)?;
        match linked {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                Err(error).with_context(|| format!("{} cannot be written", path.display()))
            }
            _ => Ok(()),
        }
    }
}
