//! Who has been written since a first load began, in 24 bytes each.

use super::super::suspicion::is_numbered;
use crate::entity::student::Model;

/// Shards keep the copy that an insertion moves small.
const SHARDS: usize = 4_096;

/// A student of a set, with the date of birth, which the row has sealed.
pub(crate) type Newcomer<'a> = (&'a Model, &'a str);

/// The first 8 bytes of the keyed hashes of documents and of student numbers, and a print of name, sex and date of birth, by
/// which two records may be one child's where one of them shows no resident number. The hashes are HMAC-SM3: nobody without the key
/// can aim at a collision, and by chance two of five million meet once in a million loads; then the load ends early, and
/// nothing else happens.
#[derive(Clone, Debug, Default)]
pub(super) struct Met {
    documents: Prints,
    numbers: Prints,
    children: Prints,
    /// Of those who show no resident number.
    unnumbered: Prints,
}

#[derive(Clone, Debug, Default)]
struct Prints {
    /// Sorted; empty until the first comes.
    shards: Vec<Vec<u64>>,
    count: usize,
}

// === impl Met ===

impl Met {
    /// Takes all of these students in; `false` when somebody, or a number, was there before or comes twice, and when a child
    /// may have another record.
    pub(super) fn claim<'a>(&mut self, students: impl Iterator<Item = Newcomer<'a>>) -> bool {
        let mut are_new = true;
        for (student, birth_date) in students {
            are_new &= self.documents.claim(first_bytes(&student.identity_hash));
            are_new &= self.numbers.claim(first_bytes(&student.number_hash));
            let child = print_of(student, birth_date);
            are_new &= if is_numbered(student.identity_type) {
                self.children.claim(child);
                !self.unnumbered.holds(child)
            } else {
                self.unnumbered.claim(child);
                self.children.claim(child)
            };
        }
        are_new
    }

    /// How many students there are.
    pub(super) fn count(&self) -> usize {
        self.documents.count
    }
}

// === impl Prints ===

impl Prints {
    fn holds(&self, print: u64) -> bool {
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

/// The name's part is a keyed hash; sex and date of birth are spread over all of it.
fn print_of(student: &Model, birth_date: &str) -> u64 {
    let digits = birth_date.bytes().filter(u8::is_ascii_digit);
    let date = digits.fold(0_u64, |date, digit| {
        date.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'))
    });
    let rest = (date << 8) ^ u64::from(student.sex.unsigned_abs());
    student.name_key.cast_unsigned() ^ rest.wrapping_mul(0x9E37_79B9_7F4A_7C15)
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
        assert!(prints.holds(first_bytes(&hash(78))));
        assert_eq!(prints.count, 100_000);
        let held: usize = prints.shards.iter().map(Vec::capacity).sum();
        assert!(held * 8 < 100_000 * 16, "{held} places");
    }
}
