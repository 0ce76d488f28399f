//! Finds rows that repeat an earlier one of the same file.

use std::hash::Hash;

use super::duplicate_of;
use super::fingerprints::Fingerprints;
use crate::fault::Violation;

/// The first row of each key.
#[derive(Debug)]
pub struct FirstRows {
    field: &'static str,
    rows: Fingerprints,
}

// === impl FirstRows ===

impl FirstRows {
    /// No rows yet; `field` is named where a row repeats another.
    pub fn by(field: &'static str) -> Self {
        Self {
            field,
            rows: Fingerprints::default(),
        }
    }

    /// Keeps `row` as the first of `key`, or says which row came before it.
    pub fn claim(&mut self, key: &impl Hash, row: i64) -> Result<(), Violation> {
        let repeats = |earlier| duplicate_of(self.field, earlier);
        self.rows.claim(key, row).map_err(repeats)
    }
}

#[cfg(test)]
mod tests {
    use junheng_proto::error::v1::Reason;

    use super::*;

    #[test]
    fn the_second_row_of_a_key_names_the_first() {
        let mut rows = FirstRows::by("identity_number");
        assert_eq!(rows.claim(&"a", 2), Ok(()));
        assert_eq!(rows.claim(&"b", 3), Ok(()));
        let wrong = rows.claim(&"a", 7).unwrap_err();
        assert_eq!(wrong.reason, Reason::RowDuplicate);
        assert_eq!(wrong.why, "repeats row 2; keep one of them");
    }
}
