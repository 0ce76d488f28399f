//! Student records 学籍. A record is a result of enrolment, never a condition of it: a school may not turn a child away
//! for want of one (中小学生学籍管理办法, 教基一〔2013〕7号).
//!
//! One person, one number, in principle for life: a resident's student number (学籍号) is G and the identity number; a child
//! without a resident number gets J and 18 characters of the same shape, to be exchanged later. The number is an
//! attribute, sealed like everything that names a person; the key is the id, and the keyed hash of the document keeps one
//! person from being registered twice in the whole province.
//!
//! The school itself changes class, boarding and the special-group flags. Name, sex, date of birth, document and ethnic
//! group need proof and the county's word (V), and are refused here.

mod count;
mod document;
pub mod error;
mod ethnic_group;
mod import;
mod person;
pub mod rpc;
pub mod rules;
pub mod store;
mod whereabouts;
mod write_set;
