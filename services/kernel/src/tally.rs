//! Sums over records that can be checked later: beside the value stands a digest of which records, in which version,
//! were counted.

use uuid::Uuid;

use crate::digest::PartsDigest;

/// One sum under way. Records are added in the order of their ids, so that the same records give the same digest.
#[derive(Clone, Default)]
pub struct Tally {
    value: i64,
    digest: PartsDigest,
}

// === impl Tally ===

impl Tally {
    /// Counts a record with `amount`.
    pub fn add(&mut self, id: Uuid, version: i64, amount: i64) {
        self.value += amount;
        self.digest.add(id.as_bytes()).add_number(version);
    }

    /// The sum, and SM3 over ids and versions in hexadecimal.
    pub fn finish(self) -> (i64, String) {
        (self.value, self.digest.finish_hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest_of(version: i64, amount: i64) -> String {
        let mut tally = Tally::default();
        tally.add(Uuid::from_u128(7), version, amount);
        tally.finish().1
    }

    #[test]
    fn the_digest_changes_with_the_version_of_a_record() {
        assert_eq!(digest_of(1, 3), digest_of(1, 3));
        assert_ne!(digest_of(1, 3), digest_of(2, 3));
        assert_ne!(Tally::default().finish().1, digest_of(1, 0));
    }
}
