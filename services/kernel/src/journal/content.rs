//! The records and the answer of a journal row: what many records have in common is kept once (LZ4), and what names a person is
//! sealed. How long a sealed content is, who can read the database sees; of long ones that is how much of them repeats itself.

use junheng_proto::options::v1::DataClass;
use uuid::Uuid;

use crate::error::KernelError;
use crate::privacy::{Cipher as _, FieldAddress, Keyring};

/// The first byte of a content says how the rest is written.
const PLAIN: u8 = 0;
/// LZ4 behind the length that it opens to: what a set of an import tells repeats itself from record to record.
const PACKED: u8 = 1;
/// What is shorter stays as it is.
const SHORTEST: usize = 2_048;
/// LZ4 makes no more of one byte.
const MOST_OF_ONE: usize = 255;

/// Whether rows of a class are sealed: what names a person is; the rest stays readable for those who may read the journal.
pub(super) fn is_sealed(data_class: i32) -> bool {
    data_class >= DataClass::Personal as i32
}

/// Where a content stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) keys: &'a Keyring,
    /// The row.
    pub(super) id: Uuid,
    pub(super) data_class: i32,
    /// The column.
    pub(super) field: &'static str,
}

// === impl Place ===

impl Place<'_> {
    /// The bytes as they are stored here.
    pub(super) fn close(self, bytes: &[u8]) -> Result<Vec<u8>, KernelError> {
        if bytes.is_empty() {
            return Ok(Vec::new());
        }
        let content = packed(bytes);
        if !is_sealed(self.data_class) {
            return Ok(content);
        }
        let sealed = self.keys.seal(&content, &self.address());
        sealed.map_err(|error| KernelError::Stored(error.to_string()))
    }

    /// The reverse of [`close`](Self::close).
    pub(super) fn open(self, stored: &[u8]) -> Result<Vec<u8>, KernelError> {
        if stored.is_empty() {
            return Ok(Vec::new());
        }
        if !is_sealed(self.data_class) {
            return unpacked(stored);
        }
        let content = self.keys.open(stored, &self.address());
        let content = content.map_err(|error| KernelError::Stored(error.to_string()))?;
        unpacked(content.as_bytes())
    }

    fn address(self) -> Vec<u8> {
        FieldAddress {
            table: "journal",
            field: self.field,
            row: &self.id.to_string(),
        }
        .to_aad()
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    if bytes.len() >= SHORTEST {
        let shorter = lz4_flex::block::compress_prepend_size(bytes);
        if shorter.len() < bytes.len() {
            return [&[PACKED], shorter.as_slice()].concat();
        }
    }
    [&[PLAIN], bytes].concat()
}

fn unpacked(content: &[u8]) -> Result<Vec<u8>, KernelError> {
    let wrong = |why: String| KernelError::Stored(format!("a row of the journal: {why}"));
    match content.split_first() {
        Some((&PLAIN, rest)) => Ok(rest.to_vec()),
        Some((&PACKED, rest)) => {
            let (length, block) = lz4_flex::block::uncompressed_size(rest)
                .map_err(|error| wrong(error.to_string()))?;
            if length > block.len().saturating_mul(MOST_OF_ONE) {
                return Err(wrong(format!(
                    "{length} bytes cannot be in {}",
                    block.len()
                )));
            }
            let opened = lz4_flex::block::decompress(block, length)
                .map_err(|error| wrong(error.to_string()))?;
            match opened.len() == length {
                true => Ok(opened),
                false => Err(wrong(format!("{length} bytes were to be {}", opened.len()))),
            }
        }
        _ => Err(wrong("written in no known way".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_opens_to_what_it_was_whether_it_repeats_itself_or_not() {
        let noise = |length: u32| -> Vec<u8> {
            let words = (0..length).map(|at| crate::digest::sm3(&at.to_be_bytes()));
            words.flatten().collect()
        };
        for bytes in [vec![7], vec![7; 5_000], noise(10), noise(1_000)] {
            assert_eq!(unpacked(&packed(&bytes)).unwrap(), bytes);
        }
        assert!(packed(&[7; 5_000]).len() < 100);
        assert_eq!(
            packed(&noise(1_000)).len(),
            32_001,
            "not longer than it was"
        );
    }

    #[test]
    fn a_content_that_cannot_be_is_an_error() {
        let whole = packed(&[7; 5_000]);
        let said_to_have = |length: u32| {
            let mut content = whole.clone();
            content[1..5].copy_from_slice(&length.to_le_bytes());
            content
        };
        let cut = whole[..whole.len() - 3].to_vec();
        let lengths = [4_999, 5_001, u32::MAX].map(said_to_have);
        let unknown = [vec![PACKED], vec![9, 9], Vec::new()];
        for content in lengths.into_iter().chain(unknown).chain([cut]) {
            let error = unpacked(&content).unwrap_err().to_string();
            assert!(error.contains("a row of the journal"), "{error}");
        }
    }
}
