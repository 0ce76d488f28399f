//! The text form of a keyring: `k2:<base64>,k1:<base64>,index:<base64>`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::cipher::KEY_LEN;
use super::secret::Secret;

/// Id of the entry that holds the blind index's key.
pub(super) const INDEX_ID: &str = "index";
/// Length of the blind index's key in bytes: one SM3 digest.
pub(super) const INDEX_KEY_LEN: usize = 32;
/// Longest key id in bytes.
pub(super) const MAX_ID_LEN: usize = 16;

/// Why a keyring could not be built. Names entries by position (from 1) only: a misplaced key could stand where the id belongs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// The text has no cipher key.
    #[error("the keyring has no cipher key")]
    NoCipherKey,
    /// The text has no entry `index`.
    #[error("the keyring has no key for the blind index, entry \"index\"")]
    NoIndexKey,
    /// One entry is wrong.
    #[error("keyring entry {position}: {problem}")]
    Entry {
        /// Position of the entry in the text, from 1.
        position: usize,
        /// What is wrong with it.
        problem: EntryProblem,
    },
    /// The system gave no random bytes.
    #[error("no system randomness")]
    Random,
}

/// What is wrong with one keyring entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryProblem {
    /// No colon between id and key.
    #[error("expected id:base64")]
    Shape,
    /// The id is empty, longer than 16 bytes or has other characters than `a-z`, `0-9` and `-`.
    #[error("the id must be 1 to 16 characters of a-z, 0-9 and -")]
    Id,
    /// An earlier entry has the same id.
    #[error("the id repeats an earlier entry")]
    RepeatedId,
    /// An earlier entry has the same key.
    #[error("the key repeats an earlier entry")]
    RepeatedKey,
    /// The key is not base64 (standard alphabet, padded).
    #[error("the key is not base64")]
    Base64,
    /// The key has the wrong length: 16 bytes for a cipher key, 32 for the index.
    #[error("the key has {found} bytes, expected {expected}")]
    Length {
        /// Bytes the key must have.
        expected: usize,
        /// Bytes the key has.
        found: usize,
    },
}

/// One decoded entry.
pub(super) struct Entry {
    /// Key id, checked.
    pub(super) id: String,
    /// Key bytes: 32 when the id is `index`, else 16.
    pub(super) key: Zeroizing<Vec<u8>>,
}

/// Reads the entries in the order written. Blanks around an entry are ignored.
pub(super) fn parse(text: &str) -> Result<Vec<Entry>, KeyringError> {
    let mut entries: Vec<Entry> = Vec::new();
    for (at, written) in text.split(',').enumerate() {
        let written = written.trim();
        if written.is_empty() && text.trim().is_empty() {
            break;
        }
        let wrong = |problem| KeyringError::Entry {
            position: at + 1,
            problem,
        };
        let entry = parse_entry(written).map_err(wrong)?;
        if entries.iter().any(|earlier| earlier.id == entry.id) {
            return Err(wrong(EntryProblem::RepeatedId));
        }
        if entries.iter().any(|earlier| earlier.key == entry.key) {
            return Err(wrong(EntryProblem::RepeatedKey));
        }
        entries.push(entry);
    }
    Ok(entries)
}

fn parse_entry(written: &str) -> Result<Entry, EntryProblem> {
    let (id, key) = written.split_once(':').ok_or(EntryProblem::Shape)?;
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if id.is_empty() || id.len() > MAX_ID_LEN || !id.bytes().all(fits) {
        return Err(EntryProblem::Id);
    }
    let key = Zeroizing::new(STANDARD.decode(key).map_err(|_| EntryProblem::Base64)?);
    let expected = if id == INDEX_ID {
        INDEX_KEY_LEN
    } else {
        KEY_LEN
    };
    if key.len() != expected {
        return Err(EntryProblem::Length {
            expected,
            found: key.len(),
        });
    }
    Ok(Entry {
        id: id.to_owned(),
        key,
    })
}

/// Writes entries as text.
pub(super) fn write<'a>(entries: impl Iterator<Item = (&'a str, &'a [u8])>) -> Secret {
    // Room for a dozen keys, so that growing leaves no copy behind.
    let mut text = String::with_capacity(1024);
    for (id, key) in entries {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(id);
        text.push(':');
        text.push_str(&Zeroizing::new(STANDARD.encode(key)));
    }
    Secret::new(text.into_bytes())
}
