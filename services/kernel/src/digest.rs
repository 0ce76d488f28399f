//! SM3 (GB/T 32905), the digest of the journal, of frozen measures and of requests.

use ::sm3::{Digest as _, Sm3};

/// SM3 over `bytes`.
pub fn sm3(bytes: &[u8]) -> [u8; 32] {
    Sm3::digest(bytes).into()
}

/// Digests parts so that no two lists of parts give the same bytes: each is preceded by its length.
#[derive(Clone, Default)]
pub struct PartsDigest(Sm3);

// === impl PartsDigest ===

impl PartsDigest {
    /// Adds a part.
    pub fn add(&mut self, part: &[u8]) -> &mut Self {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
        self
    }

    /// Adds a number.
    pub fn add_number(&mut self, number: i64) -> &mut Self {
        self.add(&number.to_be_bytes())
    }

    /// The digest, 32 bytes.
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }

    /// The digest in hexadecimal.
    pub fn finish_hex(self) -> String {
        hex::encode(self.finish())
    }
}

/// Digests bytes that come in pieces; the same as [`sm3()`] over the whole.
#[derive(Clone, Default)]
pub struct BytesDigest(Sm3);

// === impl BytesDigest ===

impl BytesDigest {
    /// Adds the next bytes.
    pub fn add(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update(bytes);
        self
    }

    /// The digest in hexadecimal.
    pub fn finish_hex(self) -> String {
        hex::encode(self.0.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GB/T 32905-2016, example 1.
    #[test]
    fn sm3_is_the_standards() {
        assert_eq!(
            hex::encode(sm3(b"abc")),
            "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
        );
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let digest = |parts: &[&[u8]]| {
            let mut digest = PartsDigest::default();
            for part in parts {
                digest.add(part);
            }
            digest.finish()
        };
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
    }
}
