//! Who has been written since a first load began, in 12 bytes each.

use crate::entity::student::Model;

/// Shards keep the copy that an insertion moves small.
const SHARDS: usize = 4_096;

/// The first 60 bits of the keyed hashes of documents and of student numbers. The hashes are HMAC-SM3: nobody without the key
/// can aim at a collision, and by chance two of five million meet once in fifty thousand loads; then the load ends early,
/// and nothing else happens.
#[derive(Clone, Debug, Default)]
pub(super) struct Met {
    documents: Prints,
    numbers: Prints,
}

#[derive(Clone, Debug, Default)]
struct Prints {
    /// Sorted; empty until the first comes.
    shards: Vec<Vec<Rest>>,
    count: usize,
}

/// A hash as it is kept: its first 12 bits say in which shard, these follow them.
type Rest = [u8; 6];

// === impl Met ===

impl Met {
    /// Takes all of these students in; `false` when somebody, or a number, was there before or comes twice.
    pub(super) fn claim<'a>(&mut self, students: impl Iterator<Item = &'a Model>) -> bool {
        let mut are_new = true;
        for student in students {
            are_new &= self.documents.claim(&student.identity_hash);
            are_new &= self.numbers.claim(&student.number_hash);
        }
        are_new
    }

    /// Whether one of these is the document of somebody who is there.
    pub(super) fn knows_any(&self, documents: &[Vec<u8>]) -> bool {
        let is_met = |hash: &Vec<u8>| self.documents.has(hash);
        documents.iter().any(is_met)
    }

    /// How many students there are.
    pub(super) fn count(&self) -> usize {
        self.documents.count
    }
}

// === impl Prints ===

impl Prints {
    fn has(&self, hash: &[u8]) -> bool {
        let (shard, rest) = print_of(hash);
        let shard = self.shards.get(shard);
        shard.is_some_and(|shard| shard.binary_search(&rest).is_ok())
    }

    /// `false` when it is there.
    fn claim(&mut self, hash: &[u8]) -> bool {
        if self.shards.is_empty() {
            self.shards.resize_with(SHARDS, Vec::new);
        }
        let (shard, rest) = print_of(hash);
        // Twelve bits are below the number of shards.
        let Some(shard) = self.shards.get_mut(shard) else {
            return false;
        };
        match shard.binary_search(&rest) {
            Ok(_) => false,
            Err(at) => {
                // A few more than needed, not twice as many.
                if shard.len() == shard.capacity() {
                    shard.reserve_exact(16 + shard.len() / 8);
                }
                shard.insert(at, rest);
                self.count += 1;
                true
            }
        }
    }
}

/// The first 12 bits of a hash, and the 48 behind them.
fn print_of(hash: &[u8]) -> (usize, Rest) {
    let mut bytes = [0; 8];
    for (byte, of_hash) in bytes.iter_mut().zip(hash) {
        *byte = *of_hash;
    }
    let first = u64::from_be_bytes(bytes);
    let [_, _, rest @ ..] = (first >> 4 & 0xFFFF_FFFF_FFFF).to_be_bytes();
    ((first >> 52) as usize, rest)
}

#[cfg(test)]
mod tests {
    use sm3::{Digest as _, Sm3};

    use super::*;

    #[test]
    fn a_hash_is_met_the_second_time() {
        let mut prints = Prints::default();
        let hash = |number: u32| Sm3::digest(number.to_be_bytes());
        for number in 0..100_000 {
            assert!(prints.claim(&hash(number)));
        }
        assert!(!prints.claim(&hash(77)));
        assert!(prints.has(&hash(77)));
        assert!(!prints.has(&hash(100_077)));
        assert_eq!(prints.count, 100_000);
        let held: usize = prints.shards.iter().map(Vec::capacity).sum();
        assert!(held * size_of::<Rest>() < 100_000 * 12, "{held} places");
    }
}
