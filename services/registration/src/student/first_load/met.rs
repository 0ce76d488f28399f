//! Who has been written since a first load began, in twelve bytes each.

use crate::entity::student::Model;

/// How many parts the prints stand in, so that little is moved at a time, and each is large enough for the allocator to give back
/// what it leaves when it grows.
const SHARDS: usize = 256;
/// Of how many that are settled one more may wait.
const SETTLED_FOR_ONE: usize = 32;
/// So many may wait in any shard.
const WAITING: usize = 32;

/// The first 56 bits of the keyed hashes of documents and of student numbers. The hashes are HMAC-SM3: nobody without the key
/// can aim at a collision, and by chance two of five million meet once in three thousand loads; then the load ends early,
/// and nothing else happens.
#[derive(Clone, Debug, Default)]
pub(super) struct Met {
    documents: Prints,
    numbers: Prints,
}

#[derive(Clone, Debug, Default)]
struct Prints {
    /// By the first byte; empty until the first comes.
    shards: Vec<Shard>,
    count: usize,
}

#[derive(Clone, Debug, Default)]
struct Shard {
    /// Sorted.
    settled: Vec<Rest>,
    /// Sorted too, and few: they join the others together.
    waiting: Vec<Rest>,
}

/// A hash as it is kept: its first byte says in which shard, these follow it.
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
        shard.is_some_and(|shard| shard.has(rest))
    }

    /// `false` when it is there.
    fn claim(&mut self, hash: &[u8]) -> bool {
        if self.shards.is_empty() {
            self.shards.resize_with(SHARDS, Shard::default);
        }
        let (shard, rest) = print_of(hash);
        // A byte is below the number of shards.
        let shard = self.shards.get_mut(shard);
        let is_new = shard.is_some_and(|shard| shard.claim(rest));
        self.count += usize::from(is_new);
        is_new
    }
}

// === impl Shard ===

impl Shard {
    fn has(&self, rest: Rest) -> bool {
        position(&self.settled, rest).is_ok() || position(&self.waiting, rest).is_ok()
    }

    fn claim(&mut self, rest: Rest) -> bool {
        if position(&self.settled, rest).is_ok() {
            return false;
        }
        let Err(at) = position(&self.waiting, rest) else {
            return false;
        };
        self.waiting.insert(at, rest);
        if self.waiting.len() > WAITING + self.settled.len() / SETTLED_FOR_ONE {
            // No more than is needed, not twice as much.
            self.settled.reserve_exact(self.waiting.len());
            self.settled.append(&mut self.waiting);
            // Two sorted parts are merged in one pass.
            self.settled.sort();
        }
        true
    }
}

/// As a binary search finds it, which begins where a value of that size stands among values that are spread evenly.
fn position(sorted: &[Rest], rest: Rest) -> Result<usize, usize> {
    let [a, b, c, d, e, f] = rest;
    let value = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
    // A shard has less than 2^16 of the most that a load takes, so that the product fits; it comes below their number.
    let guess = ((value * sorted.len() as u64) >> 48) as usize;
    // Twice the greatest deviation that is common.
    let width = 2 * sorted.len().isqrt();
    let (from, to) = (guess.saturating_sub(width), sorted.len().min(guess + width));
    let near = sorted.get(from..to).unwrap_or_default();
    let holds = near.first().is_some_and(|first| *first <= rest)
        && near.last().is_some_and(|last| *last >= rest);
    if !holds {
        return sorted.binary_search(&rest);
    }
    let found = near.binary_search(&rest);
    found.map(|at| from + at).map_err(|at| from + at)
}

/// The first byte of a hash, which says the shard, and the six behind it.
fn print_of(hash: &[u8]) -> (usize, Rest) {
    let (first, rest) = hash.split_first().unwrap_or((&0, &[]));
    let mut kept = Rest::default();
    for (byte, of_hash) in kept.iter_mut().zip(rest) {
        *byte = *of_hash;
    }
    (usize::from(*first), kept)
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
        let known = (0..100_000).filter(|number| prints.has(&hash(*number)));
        assert_eq!(known.count(), 100_000);
        let places = |shard: &Shard| shard.settled.capacity() + shard.waiting.capacity();
        let held: usize = prints.shards.iter().map(places).sum();
        assert!(held * size_of::<Rest>() < 100_000 * 9, "{held} places");
    }

    #[test]
    fn a_print_is_found_where_a_search_of_all_finds_it_however_they_are_spread() {
        let rest = |number: u32| print_of(&Sm3::digest(number.to_be_bytes())).1;
        for length in [0, 1, 2, 77, 10_000] {
            let mut sorted: Vec<Rest> = (0..length).map(rest).collect();
            sorted.sort_unstable();
            let crowded = sorted.iter().map(|[a, b, ..]| [0, 0, 0, 0, *a, *b]);
            let mut crowded: Vec<Rest> = crowded.collect();
            crowded.sort_unstable();
            crowded.dedup();
            for some in [&sorted, &crowded] {
                for one in (0..length + 50).map(rest).chain(some.iter().copied()) {
                    assert_eq!(position(some, one), some.binary_search(&one));
                }
            }
        }
    }
}
