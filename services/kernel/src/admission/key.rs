//! Ed25519 keys: one to sign with in each component, and the public keys that a component trusts.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SecureRandom;
use ring::signature::{Ed25519KeyPair, KeyPair, UnparsedPublicKey};

/// A component's own key.
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<Ed25519KeyPair>,
    seed: [u8; 32],
}

/// Who may sign what: the gateway for people, each service for itself.
#[derive(Clone, Debug, Default)]
pub struct TrustedKeys(BTreeMap<String, Vec<u8>>);

// === impl SigningKey ===

impl SigningKey {
    /// A new random key.
    pub fn generate() -> anyhow::Result<Self> {
        let mut seed = [0_u8; 32];
        ring::rand::SystemRandom::new()
            .fill(&mut seed)
            .map_err(|_| anyhow::anyhow!("the system gives no random numbers"))?;
        Self::from_seed(seed)
    }

    /// The key of a seed written as base64, 32 bytes.
    pub fn from_config(text: &str) -> anyhow::Result<Self> {
        let seed = STANDARD.decode(text.trim()).ok();
        let seed = seed.and_then(|seed| <[u8; 32]>::try_from(seed).ok());
        Self::from_seed(seed.ok_or_else(|| {
            anyhow::anyhow!("a signing key is 32 bytes in base64; make one with `junheng keys`")
        })?)
    }

    fn from_seed(seed: [u8; 32]) -> anyhow::Result<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed)
            .map_err(|_| anyhow::anyhow!("the seed makes no Ed25519 key"))?;
        Ok(Self {
            pair: Arc::new(pair),
            seed,
        })
    }

    /// The seed as base64, for a configuration file or secret.
    pub fn to_config(&self) -> String {
        STANDARD.encode(self.seed)
    }

    /// The public key, 32 bytes.
    pub fn public(&self) -> Vec<u8> {
        self.pair.public_key().as_ref().to_vec()
    }

    /// Signs; 64 bytes.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningKey(..)")
    }
}

/// Whether `signature` over `message` was made by the holder of `public`.
pub(crate) fn is_genuine(public: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ring::signature::ED25519, public)
        .verify(message, signature)
        .is_ok()
}

// === impl TrustedKeys ===

impl TrustedKeys {
    /// Reads `gateway:base64,registration:base64`.
    pub fn from_config(text: &str) -> anyhow::Result<Self> {
        let mut keys = Self::default();
        for entry in text
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
        {
            let (issuer, key) = entry
                .split_once(':')
                .ok_or_else(|| anyhow::anyhow!("a trusted key is written issuer:base64"))?;
            let key = STANDARD.decode(key).ok().filter(|key| key.len() == 32);
            let key = key
                .ok_or_else(|| anyhow::anyhow!("the key of {issuer} is not 32 bytes in base64"))?;
            keys.trust(issuer, key);
        }
        Ok(keys)
    }

    /// Trusts what `issuer` signs with the key of `public`.
    pub fn trust(&mut self, issuer: &str, public: Vec<u8>) {
        self.0.insert(issuer.to_owned(), public);
    }

    /// The public key of an issuer.
    pub fn get(&self, issuer: &str) -> Option<&[u8]> {
        self.0.get(issuer).map(Vec::as_slice)
    }

    /// `gateway:base64,…`, as [`Self::from_config`] reads it.
    pub fn to_config(&self) -> String {
        let entries: Vec<String> = self
            .0
            .iter()
            .map(|(issuer, key)| format!("{issuer}:{}", STANDARD.encode(key)))
            .collect();
        entries.join(",")
    }
}
