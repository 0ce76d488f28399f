//! The software key holder: several SM4 keys by id, the first of them active.

use std::fmt;

use rand::Rng as _;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use super::cipher::{
    Cipher, CipherError, KEY_LEN, NONCE_LEN, Sm4Gcm, TAG_LEN, schedule, sm4_gcm_open, sm4_gcm_seal,
};
use super::config::{self, INDEX_ID, INDEX_KEY_LEN, KeyringError, MAX_ID_LEN};
use super::index::BlindIndex;
use super::secret::Secret;

/// First byte of every sealed value: the layout below, with SM4-GCM.
///
/// `version (1) | length of key id (1) | key id | nonce (12) | cipher text | tag (16)`. All before the nonce is bound by the tag too.
const VERSION: u8 = 1;

/// Cipher keys by id and the blind index's key. The first key seals, every key opens.
///
/// Nonces are random 96-bit numbers: rotate before one key has sealed 2^32 values (NIST SP 800-38D, 8.3).
pub struct Keyring {
    /// Active first; never empty.
    keys: Vec<NamedKey>,
    index: Option<BlindIndex>,
    random: SystemRandom,
}

struct NamedKey {
    id: String,
    bytes: Zeroizing<[u8; KEY_LEN]>,
    /// The same key, made ready once: a value is a few blocks, and the round keys would cost as much.
    cipher: Sm4Gcm,
}

// === impl NamedKey ===

impl NamedKey {
    fn new(id: String, bytes: Zeroizing<[u8; KEY_LEN]>) -> Self {
        let cipher = schedule(&bytes);
        Self { id, bytes, cipher }
    }
}

// === impl Keyring ===

impl Keyring {
    /// Reads `k2:<base64>,k1:<base64>,index:<base64>`: cipher keys of 16 bytes, the first active; the entry `index` (32 bytes) may
    /// stand anywhere or be absent. Base64 is the standard alphabet with padding; ids are 1 to 16 of `a-z`, `0-9`, `-`.
    ///
    /// # Errors
    /// [`KeyringError`] naming the wrong entry by position, never its content.
    pub fn from_config(text: &str) -> Result<Self, KeyringError> {
        let mut keys = Vec::new();
        let mut index = None;
        for entry in config::parse(text)? {
            if entry.id == INDEX_ID {
                let mut key = Zeroizing::new([0; INDEX_KEY_LEN]);
                key.copy_from_slice(&entry.key);
                index = Some(BlindIndex::new(key));
            } else {
                let mut bytes = Zeroizing::new([0; KEY_LEN]);
                bytes.copy_from_slice(&entry.key);
                keys.push(NamedKey::new(entry.id, bytes));
            }
        }
        if keys.is_empty() {
            return Err(KeyringError::NoCipherKey);
        }
        Ok(Self {
            keys,
            index,
            random: SystemRandom::new(),
        })
    }

    /// Makes a keyring of one new cipher key `k1` and a new index key. Keep it with [`to_config`](Self::to_config).
    ///
    /// # Errors
    /// [`KeyringError::Random`].
    pub fn generate() -> Result<Self, KeyringError> {
        let random = SystemRandom::new();
        let first = NamedKey::new("k1".to_owned(), fresh(&random)?);
        let index = Some(BlindIndex::new(fresh(&random)?));
        Ok(Self {
            keys: vec![first],
            index,
            random,
        })
    }

    /// Adds a new active key; the earlier ones still open. The id is `k` and the lowest number above every `k` number in use.
    /// Values sealed before keep their key until [`needs_reseal`](Self::needs_reseal) is acted on.
    ///
    /// # Errors
    /// [`KeyringError::Random`].
    pub fn rotate(&mut self) -> Result<(), KeyringError> {
        let numbers = self
            .keys
            .iter()
            .filter_map(|key| key.id.strip_prefix('k')?.parse::<u32>().ok());
        let next = numbers.max().unwrap_or(0).saturating_add(1);
        let key = NamedKey::new(format!("k{next}"), fresh(&self.random)?);
        self.keys.insert(0, key);
        Ok(())
    }

    /// The keyring as the text [`from_config`](Self::from_config) reads. A secret; wiped when dropped.
    pub fn to_config(&self) -> Secret {
        let keys = self
            .keys
            .iter()
            .map(|key| (key.id.as_str(), key.bytes.as_slice()));
        config::write(keys.chain(self.index.iter().map(|index| (INDEX_ID, index.key()))))
    }

    /// The blind index of this keyring.
    ///
    /// # Errors
    /// [`KeyringError::NoIndexKey`] when the text had no entry `index`.
    pub fn blind_index(&self) -> Result<&BlindIndex, KeyringError> {
        self.index.as_ref().ok_or(KeyringError::NoIndexKey)
    }

    /// Id of the key that seals now.
    pub fn active_id(&self) -> &str {
        self.keys.first().map_or("", |key| key.id.as_str())
    }

    /// Whether the value was sealed under another key than the active one.
    ///
    /// # Errors
    /// [`CipherError::Malformed`].
    pub fn needs_reseal(&self, sealed: &[u8]) -> Result<bool, CipherError> {
        Ok(Sealed::read(sealed)?.key_id != self.active_id())
    }
}

impl Cipher for Keyring {
    fn seal(&self, plain: &[u8], aad: &[u8]) -> Result<Vec<u8>, CipherError> {
        let key = self
            .keys
            .first()
            .ok_or_else(|| CipherError::UnknownKey { id: String::new() })?;
        let mut nonce = [0; NONCE_LEN];
        // Cryptographically secure, and seeded from the system's randomness; asking the system each time costs a call a value.
        rand::rng().fill_bytes(&mut nonce);
        let header = header(&key.id);
        let body = sm4_gcm_seal(&key.cipher, nonce, plain, &bound(&header, aad))?;
        Ok([header.as_slice(), &nonce, &body].concat())
    }

    fn open(&self, sealed: &[u8], aad: &[u8]) -> Result<Secret, CipherError> {
        let parts = Sealed::read(sealed)?;
        let key = self
            .keys
            .iter()
            .find(|key| key.id == parts.key_id)
            .ok_or_else(|| CipherError::UnknownKey {
                id: parts.key_id.to_owned(),
            })?;
        sm4_gcm_open(
            &key.cipher,
            parts.nonce,
            parts.body,
            &bound(&header(&key.id), aad),
        )
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.keys.iter().map(|key| key.id.as_str()).collect();
        f.debug_struct("Keyring")
            .field("ids", &ids)
            .finish_non_exhaustive()
    }
}

// === the sealed layout ===

/// The parts of a sealed value.
struct Sealed<'a> {
    key_id: &'a str,
    nonce: [u8; NONCE_LEN],
    body: &'a [u8],
}

impl<'a> Sealed<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, CipherError> {
        Self::parts(bytes).ok_or(CipherError::Malformed)
    }

    fn parts(bytes: &'a [u8]) -> Option<Self> {
        let (&version, rest) = bytes.split_first()?;
        let (&id_len, rest) = rest.split_first()?;
        let id_len = usize::from(id_len);
        if version != VERSION || id_len == 0 || id_len > MAX_ID_LEN {
            return None;
        }
        let (id, rest) = rest.split_at_checked(id_len)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>()?;
        if body.len() < TAG_LEN || !id.is_ascii() {
            return None;
        }
        Some(Self {
            key_id: str::from_utf8(id).ok()?,
            nonce: *nonce,
            body,
        })
    }
}

fn header(key_id: &str) -> Vec<u8> {
    // Ids are at most 16 bytes, checked where they enter.
    let mut bytes = vec![VERSION, key_id.len() as u8];
    bytes.extend_from_slice(key_id.as_bytes());
    bytes
}

fn bound(header: &[u8], aad: &[u8]) -> Vec<u8> {
    [header, aad].concat()
}

fn fresh<const N: usize>(random: &SystemRandom) -> Result<Zeroizing<[u8; N]>, KeyringError> {
    let mut bytes = Zeroizing::new([0; N]);
    random
        .fill(bytes.as_mut_slice())
        .map_err(|_| KeyringError::Random)?;
    Ok(bytes)
}
