//! The trait every cipher provider implements, and the software SM4-GCM beneath the default one.

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{AesGcm, Nonce};
use sm4::Sm4;

use super::secret::Secret;

/// Seals and opens single fields. Implemented by [`Keyring`](super::Keyring) in software and by hardware modules in production.
///
/// `aad` is bound to the sealed bytes and not stored in them: opening with another `aad` fails. Take it from
/// [`FieldAddress::to_aad`], so that a sealed value moved to another row or column does not open.
pub trait Cipher: Send + Sync {
    /// Seals `plain` under the active key. The same input gives different bytes each time.
    ///
    /// # Errors
    /// [`CipherError::TooLong`] for a value above the cipher's limit.
    fn seal(&self, plain: &[u8], aad: &[u8]) -> Result<Vec<u8>, CipherError>;

    /// Opens what [`seal`](Cipher::seal) made, under any key still held. The answer is wiped when dropped.
    ///
    /// # Errors
    /// [`CipherError::Malformed`], [`CipherError::UnknownKey`] or, for altered bytes or a wrong `aad`, [`CipherError::Rejected`].
    fn open(&self, sealed: &[u8], aad: &[u8]) -> Result<Secret, CipherError>;
}

/// Why a value could not be sealed or opened. Carries no key and no plain text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CipherError {
    /// The bytes do not have the shape of a sealed value.
    #[error("the sealed value is malformed")]
    Malformed,
    /// The value was sealed under a key that the keyring does not hold.
    #[error("the sealed value needs key {id}, which is not in the keyring")]
    UnknownKey {
        /// Id of the missing key, as written in the sealed value.
        id: String,
    },
    /// The tag does not fit: the bytes were altered, or they belong to another table, field or row.
    #[error("the sealed value was altered or belongs to another row or field")]
    Rejected,
    /// The value is longer than the cipher takes.
    #[error("the value is too long to seal")]
    TooLong,
}

/// Where a sealed value lives: table, field and row id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldAddress<'a> {
    /// Table name, for example `students`.
    pub table: &'a str,
    /// Column name, for example `identity_number`.
    pub field: &'a str,
    /// Row id as text.
    pub row: &'a str,
}

// === impl FieldAddress ===

impl FieldAddress<'_> {
    /// The bytes to bind: each part preceded by its length (8 bytes, big endian), so that no two addresses give the same bytes.
    pub fn to_aad(self) -> Vec<u8> {
        let [table, field, row] = [self.table, self.field, self.row].map(str::as_bytes);
        let length = |part: &[u8]| (part.len() as u64).to_be_bytes();
        let lengths = [length(table), length(field), length(row)];
        [&lengths[0], table, &lengths[1], field, &lengths[2], row].concat()
    }
}

// === SM4-GCM ===

/// Length of an SM4 key in bytes (GB/T 32907).
pub(super) const KEY_LEN: usize = 16;
/// Length of the nonce in bytes.
pub(super) const NONCE_LEN: usize = 12;
/// Length of the tag in bytes.
pub(super) const TAG_LEN: usize = 16;

/// SM4-GCM under one key, its round keys made.
pub(super) type Sm4Gcm = AesGcm<Sm4, U12>;

/// Makes the round keys.
pub(super) fn schedule(key: &[u8; KEY_LEN]) -> Sm4Gcm {
    Sm4Gcm::new(&(*key).into())
}

/// AEAD_SM4_GCM of RFC 8998: cipher text followed by the 16-byte tag.
pub(super) fn sm4_gcm_seal(
    cipher: &Sm4Gcm,
    nonce: [u8; NONCE_LEN],
    plain: &[u8],
    aad: &[u8],
) -> Result<Vec<u8>, CipherError> {
    cipher
        .encrypt(&Nonce::<U12>::from(nonce), Payload { msg: plain, aad })
        .map_err(|_| CipherError::TooLong)
}

/// The reverse of [`sm4_gcm_seal`].
pub(super) fn sm4_gcm_open(
    cipher: &Sm4Gcm,
    nonce: [u8; NONCE_LEN],
    sealed: &[u8],
    aad: &[u8],
) -> Result<Secret, CipherError> {
    cipher
        .decrypt(&Nonce::<U12>::from(nonce), Payload { msg: sealed, aad })
        .map(Secret::new)
        .map_err(|_| CipherError::Rejected)
}
