//! Who has been written since a first load began, in 16 bytes each.

use crate::entity::student::Model;

/// Shards keep the copy that an insertion moves small.
const SHARDS: usize = 4_096;

/// The first 8 bytes of the keyed hashes of documents and of student numbers. The hashes are HMAC-SM3: nobody without the key
/// can aim at a collision, and by chance two of five million meet once in a million loads; then the load ends early, and
/// nothing else happens.
#[derive(Clone, Debug, Default)]
pub(super) struct Met {
    documents: Prints,
    numbers: Prints,
}

#[derive(Clone, Debug, Default)]
struct Prints {
    /// Sorted; empty until the first comes.
    shards: Vec<Vec<u64>>,
    count: usize,
}

// === impl Met ===

impl Met {
    /// Takes all of these students in; `false` when somebody, or a number, was there before or comes twice.
    pub(super) fn claim<'a>(&mut self, students: impl Iterator<Item = &'a Model>) -> bool {
        let mut are_new = true;
        for student in students {
            are_new &= self.documents.claim(first_bytes(&student.identity_hash));
            are_new &= self.numbers.claim(first_bytes(&student.number_hash));
        }
        are_new
    }

    /// Whether one of these is the document of somebody who is there.
    pub(super) fn knows_any(&self, documents: &[Vec<u8>]) -> bool {
        let is_met = |hash: &Vec<u8>| self.documents.has(first_bytes(hash));
        documents.iter().any(is_met)
    }

    /// How many students there are.
    pub(super) fn count(&self) -> usize {
        self.documents.count
    }
}

// === impl Prints ===

impl Prints {
    fn has(&self, print: u64) -> bool {
        let shard = self.shards.get((print % SHARDS as u64) as usize);
        shard.is_some_and(|shard| shard.binary_search(&print).is_ok())
    }

    /// `false` when it is there.
    fn claim(&mut self, print: u64) -> bool {
        if self.shards.is_empty() {
            self.shards.resize_with(SHARDS, Vec::new);
        }
        // The remainder is below the number of shards.
        let Some(shard) = self.shards.get_mut((print % SHARDS as u64) as usize) else {
            return false;
        };
        match shard.binary_search(&print) {
            Ok(_) => false,
            Err(at) => {
                // A few more than needed, not twice as many.
                if shard.len() == shard.capacity() {
                    shard.reserve_exact(16 + shard.len() / 8);
                }
                shard.insert(at, print);
                self.count += 1;
                true
            }
        }
    }
}

fn first_bytes(hash: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    for (byte, of_hash) in bytes.iter_mut().zip(hash) {
        *byte = *of_hash;
    }
    u64::from_be_bytes(bytes)
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
            assert!(prints.claim(first_bytes(&hash(number))));
        }
        assert!(!prints.claim(first_bytes(&hash(77))));
        assert!(prints.has(first_bytes(&hash(77))));
        assert!(!prints.has(first_bytes(&hash(100_077))));
        assert_eq!(prints.count, 100_000);
        let held: usize = prints.shards.iter().map(Vec::capacity).sum();
        assert!(held * 8 < 100_000 * 16, "{held} places");
    }
}
