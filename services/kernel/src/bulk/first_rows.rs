//! Finds rows that repeat an earlier one of the same file.

use std::collections::HashMap;
use std::hash::Hash;

use super::duplicate_of;
use crate::fault::Violation;

/// The first row of each key.
#[derive(Debug)]
pub struct FirstRows<K> {
    field: &'static str,
    rows: HashMap<K, i64>,
}

// === impl FirstRows ===

impl<K: Eq + Hash> FirstRows<K> {
    /// No rows yet; `field` is named where a row repeats another.
    pub fn by(field: &'static str) -> Self {
        Self {
            field,
            rows: HashMap::new(),
        }
    }

    /// Keeps `row` as the first of `key`, or says which row came before it.
    pub fn claim(&mut self, key: K, row: i64) -> Result<(), Violation> {
        if let Some(earlier) = self.rows.get(&key) {
            return Err(duplicate_of(self.field, *earlier));
        }
        self.rows.insert(key, row);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use junheng_proto::error::v1::Reason;

    use super::*;

    #[test]
    fn the_second_row_of_a_key_names_the_first() {
        let mut rows = FirstRows::by("identity_number");
        assert_eq!(rows.claim("a", 2), Ok(()));
        assert_eq!(rows.claim("b", 3), Ok(()));
        let wrong = rows.claim("a", 7).unwrap_err();
        assert_eq!(wrong.reason, Reason::RowDuplicate);
        assert_eq!(wrong.why, "repeats row 2; keep one of them");
    }
}
