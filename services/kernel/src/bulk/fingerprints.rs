//! A compact set of what the rows of an import are told apart by.

use std::hash::{BuildHasher as _, Hash, RandomState};

/// Shards keep the copy that an insertion moves small: half a million keys are some hundred in each.
const SHARDS: usize = 4_096;

/// Keys, each with the first row that had it, 16 bytes a row.
///
/// A key is kept as its 64-bit SipHash under a random key that lives as long as the import. Nobody can aim at a collision
/// without that key, and by chance two of two million rows meet with a probability of 2·10^12 / 2^64, one import in nine
/// million; then a row is named that repeats another and does not, and goes in by itself with the next import.
#[derive(Clone, Debug, Default)]
pub(super) struct Fingerprints {
    hasher: RandomState,
    /// Sorted; empty until the first key comes.
    shards: Vec<Vec<(u64, i64)>>,
}

// === impl Fingerprints ===

impl Fingerprints {
    /// Keeps `row` as the first of `key`, or gives the row that came before it.
    pub(super) fn claim(&mut self, key: &impl Hash, row: i64) -> Result<(), i64> {
        if self.shards.is_empty() {
            self.shards.resize_with(SHARDS, Vec::new);
        }
        let print = self.hasher.hash_one(key);
        // The remainder is below the number of shards.
        let shard = (print % SHARDS as u64) as usize;
        let Some(shard) = self.shards.get_mut(shard) else {
            return Ok(());
        };
        match shard.binary_search_by_key(&print, |(print, _)| *print) {
            Ok(at) => Err(shard.get(at).map_or(0, |(_, row)| *row)),
            Err(at) => {
                // A few more than needed, not twice as many.
                if shard.len() == shard.capacity() {
                    shard.reserve_exact(8 + shard.len() / 8);
                }
                shard.insert(at, (print, row));
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hundred_thousand_keys_are_told_apart_in_few_bytes() {
        let mut prints = Fingerprints::default();
        for row in 0..200_000_i64 {
            assert_eq!(prints.claim(&format!("{row}"), row), Ok(()));
        }
        assert_eq!(prints.claim(&"77", 300_000), Err(77));
        let held: usize = prints.shards.iter().map(Vec::capacity).sum();
        assert!(held * 16 < 200_000 * 22, "{held} places");
    }
}
