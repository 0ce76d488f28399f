//! Changes of student records 学籍异动, as the ledger of students writes them: what happened, when, between which schools, and
//! by which process. Written with the change itself and never changed; this room reads them.

pub mod rpc;
mod store;

pub(crate) use store::of_cohort;
