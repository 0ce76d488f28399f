//! Student records 学籍. A record is a result of enrolment, never a condition of it: a school may not turn a child away
//! for want of one (中小学生学籍管理办法, 教基一〔2013〕7号).
//!
//! One person, one number, in principle for life (see [`number`]). The number is an attribute, sealed like everything that
//! names a person; the key is the id, and the keyed hash of the document keeps one person from being registered twice in the
//! whole province.
//!
//! The school itself changes class, boarding and the special-group flags. Name, sex, date of birth, document and ethnic
//! group need proof and the county's word (V), and are refused here.

pub(crate) mod advance;
mod count;
mod create;
pub(crate) mod document;
mod entry_age;
mod entry_year;
pub mod error;
mod ethnic_group;
mod filter;
pub(crate) mod first_load;
pub(crate) mod import;
pub(crate) mod known_classes;
pub(crate) mod ledger;
pub(crate) mod name_key;
pub mod number;
pub(crate) mod person;
mod rehash;
pub mod rpc;
pub mod rules;
pub(crate) mod school_fields;
mod search;
pub(crate) mod second_records;
pub(crate) mod standing;
pub mod store;
pub(crate) mod suspicion;
pub(crate) mod whereabouts;
mod write_set;

use junheng_kernel::error::KernelError;
use junheng_kernel::privacy::Keyring;

/// The keyed hash by which a student number (学籍号) is found, as it is written on paper.
pub(crate) fn number_hash(keys: &Keyring, written: &str) -> Result<Vec<u8>, KernelError> {
    let number = document::normalize(written);
    Ok(document::number_hash(document::index_of(keys)?, &number))
}
