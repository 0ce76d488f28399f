//! Who has been written since a first load began, in some sixteen bytes each.

use crate::entity::student::Model;

/// How many parts the prints stand in, so that little is moved at a time when one grows, and each is large enough for the
/// allocator to give back what it leaves.
const SHARDS: usize = 256;
/// How many places a shard begins with.
const FEW: usize = 64;

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
}

/// A table whose places are handed out in the order of the prints: one stands where its value lies among all values, or behind
/// the smaller ones that stood in its way, and so is found by one look mostly.
#[derive(Clone, Debug, Default)]
struct Shard {
    /// As many as are handed out, and more where the last ones were pushed behind them.
    places: Vec<[u8; 6]>,
    /// How many places are handed out.
    width: usize,
    held: usize,
}

/// What a place holds that nobody has.
const FREE: u64 = 0;

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
        self.documents.shards.iter().map(|shard| shard.held).sum()
    }
}

// === impl Prints ===

impl Prints {
    fn has(&self, hash: &[u8]) -> bool {
        let (shard, print) = print_of(hash);
        let shard = self.shards.get(shard);
        shard.is_some_and(|shard| shard.find(print).is_ok())
    }

    /// `false` when it is there.
    fn claim(&mut self, hash: &[u8]) -> bool {
        if self.shards.is_empty() {
            self.shards.resize_with(SHARDS, Shard::default);
        }
        let (shard, print) = print_of(hash);
        // A byte is below the number of shards.
        let shard = self.shards.get_mut(shard);
        shard.is_some_and(|shard| shard.claim(print))
    }
}

// === impl Shard ===

impl Shard {
    fn claim(&mut self, print: u64) -> bool {
        let Err(mut at) = self.find(print) else {
            return false;
        };
        // Nine places of ten are taken at most.
        if 10 * self.held >= 9 * self.width {
            self.grow();
            at = self.find(print).unwrap_or_else(|at| at);
        }
        // What stands here moves up to the next place that is free.
        let mut free = at;
        while self.at(free).is_some_and(|held| held != FREE) {
            free += 1;
        }
        self.put(free, print);
        if let Some(moved) = self.places.get_mut(at..=free) {
            moved.rotate_right(1);
        }
        self.held += 1;
        true
    }

    /// Where a print stands, or where it would.
    fn find(&self, print: u64) -> Result<usize, usize> {
        let mut at = self.home(print);
        loop {
            match self.at(at) {
                Some(held) if held == print => return Ok(at),
                Some(held) if held != FREE && held < print => at += 1,
                _ => return Err(at),
            }
        }
    }

    fn grow(&mut self) {
        // A quarter more, not twice as many.
        self.width = FEW.max(self.width + self.width / 4);
        let mut larger = Vec::with_capacity(self.width + FEW);
        larger.resize(self.width, [0; 6]);
        let smaller = std::mem::replace(&mut self.places, larger);
        let mut next = 0;
        // They come in their order.
        for print in smaller
            .into_iter()
            .map(value)
            .filter(|print| *print != FREE)
        {
            let at = next.max(self.home(print));
            self.put(at, print);
            next = at + 1;
        }
    }

    fn at(&self, place: usize) -> Option<u64> {
        self.places.get(place).copied().map(value)
    }

    fn put(&mut self, place: usize, print: u64) {
        if place >= self.places.len() {
            self.places.resize(place + 1, [0; 6]);
        }
        let [_, _, kept @ ..] = print.to_be_bytes();
        if let Some(place) = self.places.get_mut(place) {
            *place = kept;
        }
    }

    /// Where a value lies among all values.
    fn home(&self, print: u64) -> usize {
        ((u128::from(print) * self.width as u128) >> 48) as usize
    }
}

fn value([a, b, c, d, e, f]: [u8; 6]) -> u64 {
    u64::from_be_bytes([0, 0, a, b, c, d, e, f])
}

/// The first byte of a hash, which says the shard, and the six behind it as a number, which is never [`FREE`].
fn print_of(hash: &[u8]) -> (usize, u64) {
    let (first, rest) = hash.split_first().unwrap_or((&0, &[]));
    let mut kept = [0; 6];
    for (byte, of_hash) in kept.iter_mut().zip(rest) {
        *byte = *of_hash;
    }
    (usize::from(*first), value(kept).max(FREE + 1))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sm3::{Digest as _, Sm3};

    use super::*;

    fn hash(number: u32) -> Vec<u8> {
        Sm3::digest(number.to_be_bytes()).to_vec()
    }

    #[test]
    fn a_hash_is_met_the_second_time() {
        let mut prints = Prints::default();
        for number in 0..100_000 {
            assert!(prints.claim(&hash(number)));
        }
        assert!(!prints.claim(&hash(77)));
        assert!(prints.has(&hash(77)));
        assert!(!prints.has(&hash(100_077)));
        let known = (0..100_000).filter(|number| prints.has(&hash(*number)));
        assert_eq!(known.count(), 100_000);
        let shards = prints.shards.iter();
        let places: usize = shards.map(|shard| shard.places.capacity()).sum();
        // Two prints a student: less than twenty bytes.
        assert!(places * size_of::<[u8; 6]>() < 100_000 * 10, "{places}");
    }

    #[test]
    fn a_print_is_found_however_unevenly_they_are_spread() {
        let even = |number: u32| print_of(&hash(number)).1;
        let first = |number: u32| u64::from(number) + 1;
        let last = |number: u32| (1 << 48) - 1 - u64::from(number);
        let crowded = |number: u32| (1 << 40) + u64::from(number.reverse_bits());
        for spread in [even, first, last, crowded] {
            let (mut shard, mut known) = (Shard::default(), BTreeSet::new());
            for number in (0..2_000).chain(1_000..3_000) {
                let print = spread(number);
                assert_eq!(
                    shard.find(print).is_ok(),
                    known.contains(&print),
                    "{number}"
                );
                assert_eq!(shard.claim(print), known.insert(print), "{number}");
            }
            let held: Vec<u64> = shard.places.iter().copied().map(value).collect();
            let held: Vec<u64> = held.into_iter().filter(|print| *print != FREE).collect();
            assert!(held.iter().eq(&known), "in their order");
        }
    }

    #[test]
    fn a_hash_of_zeros_is_met_like_any_other() {
        let mut prints = Prints::default();
        assert!(prints.claim(&[0; 32]));
        assert!(!prints.claim(&[0; 32]));
    }
}
