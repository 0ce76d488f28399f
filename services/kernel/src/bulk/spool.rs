//! Rows that have been judged, kept until the whole stream has been: on disk and out of memory.
//!
//! The file has no name from the moment it is made and every frame is sealed under a key that only this value knows, so
//! that nothing readable is left when the process ends, however it ends.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};

use prost::Message;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::digest::{Context, SHA256};
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

use super::IMPORT_SET;
use crate::digest::PartsDigest;
use crate::error::KernelError;

/// A frame ends with this many bytes, however few rows it holds, so that few large rows do not fill the memory.
const FRAME_BYTES: usize = 2 << 20;

/// Rows on their way to disk, in frames of one set each.
pub(super) struct Spool {
    key: LessSafeKey,
    file: Option<File>,
    frames: Vec<Frame>,
    open: OpenFrame,
}

/// A row as it was sent and as it waits, so that it need not be kept while it is judged.
#[derive(Default)]
pub(super) struct EncodedRow(Zeroizing<Vec<u8>>);

/// The rows of a spool, to be read once, in order.
pub(super) struct Spooled {
    key: LessSafeKey,
    file: Option<File>,
    frames: std::vec::IntoIter<Frame>,
    /// The nonce of the next frame.
    number: u64,
    last: Option<OpenFrame>,
    digest: [u8; 32],
}

/// One set of rows.
pub(super) struct Frameful<R> {
    /// The rows.
    pub(super) rows: Vec<R>,
    /// SHA-256 over them as they were sent. Only a keyed hash of it is ever kept.
    pub(super) digest: [u8; 32],
}

struct Frame {
    /// Sealed.
    length: usize,
    digest: [u8; 32],
}

/// The frame that is being filled; it stays in memory when it is the last.
struct OpenFrame {
    bytes: Zeroizing<Vec<u8>>,
    rows: usize,
    digest: Context,
}

// === impl EncodedRow ===

impl EncodedRow {
    /// Takes another row in place of the one before.
    pub(super) fn set(&mut self, row: &impl Message) -> Result<(), KernelError> {
        self.0.clear();
        row.encode_length_delimited(&mut *self.0)
            .map_err(|error| KernelError::Stored(error.to_string()))
    }
}

// === impl Spool ===

impl Spool {
    /// An empty one. Makes no file before a frame is full.
    pub(super) fn new() -> Result<Self, KernelError> {
        let mut bytes = Zeroizing::new([0; 32]);
        SystemRandom::new()
            .fill(bytes.as_mut_slice())
            .map_err(no_key)?;
        let key = UnboundKey::new(&AES_256_GCM, bytes.as_slice()).map_err(no_key)?;
        Ok(Self {
            key: LessSafeKey::new(key),
            file: None,
            frames: Vec::new(),
            open: OpenFrame::default(),
        })
    }

    /// Adds a row.
    pub(super) fn add(&mut self, row: &EncodedRow) -> Result<(), KernelError> {
        let OpenFrame {
            bytes,
            rows,
            digest,
        } = &mut self.open;
        bytes.extend_from_slice(&row.0);
        // Preceded by its length, as it is encoded.
        digest.update(&row.0);
        *rows += 1;
        if *rows == IMPORT_SET || bytes.len() >= FRAME_BYTES {
            self.close_frame()?;
        }
        Ok(())
    }

    /// The rows, to be read back.
    pub(super) fn finish(mut self) -> Result<Spooled, KernelError> {
        if let Some(file) = &mut self.file {
            file.seek(SeekFrom::Start(0)).map_err(failed)?;
        }
        let last = Some(self.open).filter(|open| open.rows > 0);
        let mut digest = PartsDigest::default();
        for frame in &self.frames {
            digest.add(&frame.digest);
        }
        if let Some(last) = &last {
            digest.add(&last.digest());
        }
        Ok(Spooled {
            key: self.key,
            file: self.file,
            frames: self.frames.into_iter(),
            number: 0,
            last,
            digest: digest.finish(),
        })
    }

    fn close_frame(&mut self) -> Result<(), KernelError> {
        let OpenFrame { bytes, digest, .. } = std::mem::take(&mut self.open);
        let mut bytes = bytes;
        let nonce = nonce(self.frames.len() as u64);
        self.key
            .seal_in_place_append_tag(nonce, Aad::empty(), &mut *bytes)
            .map_err(no_key)?;
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(tempfile::tempfile().map_err(failed)?),
        };
        file.write_all(&bytes).map_err(failed)?;
        self.frames.push(Frame {
            length: bytes.len(),
            digest: finished(digest),
        });
        Ok(())
    }
}

// === impl OpenFrame ===

impl OpenFrame {
    fn digest(&self) -> [u8; 32] {
        finished(self.digest.clone())
    }
}

impl Default for OpenFrame {
    fn default() -> Self {
        Self {
            bytes: Zeroizing::default(),
            rows: 0,
            digest: Context::new(&SHA256),
        }
    }
}

// === impl Spooled ===

impl Spooled {
    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        let last = self.last.as_ref().map_or(0, |last| last.rows);
        self.frames.len() * IMPORT_SET + last
    }

    /// SM3 over the digests of its sets.
    pub(super) fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The next set; `None` at the end.
    pub(super) fn next<R: Message + Default>(
        &mut self,
    ) -> Result<Option<Frameful<R>>, KernelError> {
        let Some(frame) = self.frames.next() else {
            let Some(last) = self.last.take() else {
                return Ok(None);
            };
            return Ok(Some(Frameful {
                rows: rows_of(&last.bytes)?,
                digest: last.digest(),
            }));
        };
        let file = self
            .file
            .as_mut()
            .ok_or_else(|| KernelError::Stored("the spool of an import is gone".into()))?;
        let mut bytes = Zeroizing::new(vec![0; frame.length]);
        file.read_exact(&mut bytes).map_err(failed)?;
        let nonce = nonce(self.number);
        self.number += 1;
        let plain = self
            .key
            .open_in_place(nonce, Aad::empty(), &mut bytes)
            .map_err(|_| KernelError::Stored("the spool of an import was altered".into()))?;
        Ok(Some(Frameful {
            rows: rows_of(plain)?,
            digest: frame.digest,
        }))
    }
}

fn rows_of<R: Message + Default>(mut bytes: &[u8]) -> Result<Vec<R>, KernelError> {
    let mut rows = Vec::new();
    while !bytes.is_empty() {
        let row = R::decode_length_delimited(&mut bytes)
            .map_err(|error| KernelError::Stored(error.to_string()))?;
        rows.push(row);
    }
    Ok(rows)
}

fn finished(digest: Context) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.finish().as_ref());
    bytes
}

/// A number is used once: the key lives for one spool.
fn nonce(number: u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&number.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

fn no_key(_: ring::error::Unspecified) -> KernelError {
    KernelError::Stored("the spool of an import could not be sealed".into())
}

fn failed(error: std::io::Error) -> KernelError {
    KernelError::Stored(format!("the spool of an import: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spooled(rows: usize) -> Spooled {
        let mut spool = Spool::new().unwrap();
        let mut encoded = EncodedRow::default();
        for row in 0..rows {
            encoded.set(&format!("row {row}")).unwrap();
            spool.add(&encoded).unwrap();
            assert!(spool.open.rows < IMPORT_SET, "a full set leaves the memory");
        }
        spool.finish().unwrap()
    }

    #[test]
    fn rows_come_back_in_order_and_in_sets() {
        let mut spooled = spooled(2 * IMPORT_SET + 7);
        let mut sizes = Vec::new();
        let mut all = Vec::new();
        while let Some(frame) = spooled.next::<String>().unwrap() {
            sizes.push(frame.rows.len());
            all.extend(frame.rows);
        }
        assert_eq!(sizes, [IMPORT_SET, IMPORT_SET, 7]);
        let expected: Vec<String> = (0..all.len()).map(|row| format!("row {row}")).collect();
        assert_eq!(all, expected);
    }

    #[test]
    fn nothing_on_disk_is_readable() {
        let mut spooled = spooled(IMPORT_SET);
        let mut bytes = Vec::new();
        spooled
            .file
            .as_mut()
            .unwrap()
            .read_to_end(&mut bytes)
            .unwrap();
        assert!(bytes.len() > IMPORT_SET);
        assert!(!bytes.windows(4).any(|window| window == b"row "));
    }

    #[test]
    fn a_small_import_touches_no_disk() {
        assert!(spooled(IMPORT_SET - 1).file.is_none());
    }
}
