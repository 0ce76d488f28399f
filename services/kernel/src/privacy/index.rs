//! Equality look-up over sealed fields.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sm3::Sm3;
use zeroize::Zeroizing;

use super::config::{self, INDEX_ID, INDEX_KEY_LEN, KeyringError};
use super::keyring::Keyring;
use crate::error::KernelError;

/// Keyed hash (HMAC-SM3) that lets equal values be found while none is stored in the clear.
///
/// Its key is not rotated with the cipher keys: a new one means computing every stored hash again.
#[derive(Clone)]
pub struct BlindIndex {
    key: Zeroizing<[u8; INDEX_KEY_LEN]>,
    /// HMAC with the key taken in, which would cost two blocks of the hash each time: a value costs one, and one for the end.
    keyed: Hmac<Sm3>,
}

// === impl BlindIndex ===

impl BlindIndex {
    pub(super) fn new(key: Zeroizing<[u8; INDEX_KEY_LEN]>) -> Self {
        let keyed = keyed(key.as_slice());
        Self { key, keyed }
    }

    pub(super) fn key(&self) -> &[u8] {
        self.key.as_slice()
    }

    /// Reads the entry `index:<base64 of 32 bytes>` from a keyring text; other entries are checked and left aside.
    ///
    /// # Errors
    /// [`KeyringError::NoIndexKey`], or the entry that is wrong.
    pub fn from_config(text: &str) -> Result<Self, KeyringError> {
        let entries = config::parse(text)?;
        let entry = entries
            .iter()
            .find(|entry| entry.id == INDEX_ID)
            .ok_or(KeyringError::NoIndexKey)?;
        let mut key = Zeroizing::new([0; INDEX_KEY_LEN]);
        key.copy_from_slice(&entry.key);
        Ok(Self::new(key))
    }

    /// The hash of `normalized` within `domain` (for example `students.identity_number`): 32 bytes.
    ///
    /// The caller normalises (upper-case X, no blanks), since only equal bytes give equal hashes. The same value in
    /// another domain gives another hash, so that two tables cannot be joined on it by mistake.
    pub fn index(&self, domain: &'static str, normalized: &str) -> [u8; 32] {
        self.hash(domain, normalized.as_bytes())
    }

    /// A domain is a word of ours without a zero, so that the first zero ends it.
    pub(super) fn hash(&self, domain: &'static str, value: &[u8]) -> [u8; 32] {
        debug_assert!(!domain.contains('\0'), "{domain:?}");
        hmac_sm3(&self.keyed, &[domain.as_bytes(), &[0], value])
    }
}

/// A digest of personal data, keyed within `domain`, so that nobody without the key can try values against it. Fails
/// when the keyring has no index key.
pub(crate) fn keyed_digest(
    keys: &Keyring,
    domain: &'static str,
    digest: &[u8],
) -> Result<[u8; 32], KernelError> {
    let index = keys
        .blind_index()
        .map_err(|error| KernelError::Stored(error.to_string()))?;
    Ok(index.hash(domain, digest))
}

impl fmt::Debug for BlindIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlindIndex")
    }
}

/// HMAC-SM3 with its key taken in (GM/T 0042 appendix, R+).
pub(super) fn keyed(key: &[u8]) -> Hmac<Sm3> {
    match Hmac::<Sm3>::new_from_slice(key) {
        Ok(mac) => mac,
        // HMAC takes keys of any length; the signature is that of fixed-length keys.
        Err(_) => unreachable!("HMAC takes keys of any length"),
    }
}

/// The hash of a message that comes in parts.
pub(super) fn hmac_sm3(keyed: &Hmac<Sm3>, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = keyed.clone();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
