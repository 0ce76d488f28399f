//! What names a teacher: one sealed field of the row.

use std::fmt;

use junheng_kernel::error::KernelError;
use junheng_kernel::privacy::{FieldAddress, Keyring};
use uuid::Uuid;

/// The name space of the keyed hash, shared by everybody who is known by a resident identity number.
const DOMAIN: &str = "person.resident";

/// The personal fields of a teacher.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub struct Personal {
    /// The name, 1 to 50 characters.
    #[prost(string, tag = "1")]
    pub display_name: String,
    /// The resident identity number, normalised.
    #[prost(string, tag = "2")]
    pub identity_number: String,
}

// === impl Personal ===

impl fmt::Debug for Personal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Personal")
    }
}

impl Personal {
    /// Sealed for the row `id`.
    pub fn seal(&self, keys: &Keyring, id: Uuid) -> Result<Vec<u8>, KernelError> {
        keys.seal_message(address(&id.to_string()), self)
    }

    /// Opened from the row `id`.
    pub fn open(keys: &Keyring, id: Uuid, sealed: &[u8]) -> Result<Self, KernelError> {
        keys.open_message(address(&id.to_string()), sealed)
    }

    /// The keyed hash by which the identity number is unique.
    pub fn identity_hash(&self, keys: &Keyring) -> Result<Vec<u8>, KernelError> {
        let index = keys
            .blind_index()
            .map_err(|error| KernelError::Stored(error.to_string()))?;
        Ok(index.index(DOMAIN, &self.identity_number).to_vec())
    }
}

fn address(row: &str) -> FieldAddress<'_> {
    FieldAddress {
        table: "teachers",
        field: "personal",
        row,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_name_opens_in_its_own_row_only_and_never_prints() {
        let keys = Keyring::generate().unwrap();
        let (own, other) = (Uuid::now_v7(), Uuid::now_v7());
        let personal = Personal {
            display_name: "王小明".into(),
            identity_number: "620422201403150019".into(),
        };
        let sealed = personal.seal(&keys, own).unwrap();
        assert_eq!(Personal::open(&keys, own, &sealed).unwrap(), personal);
        assert!(Personal::open(&keys, other, &sealed).is_err());
        assert_eq!(format!("{personal:?}"), "Personal");
    }
}
