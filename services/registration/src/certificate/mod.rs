//! Certificates of compulsory education 义务教育证书. Who issues answers for it (谁发放谁负责): the school proposes the list of its
//! junior graduates, its head submits it, the county approves, and every certificate names its list.
//!
//! Anybody who holds a certificate's code can verify it. The code has 80 bits that follow from a secret key, so that nobody
//! can guess one or count through them, and two check characters that tell a slip of the pen from a forgery.
//!
//! Invariants:
//! - a certificate is given to who has graduated from junior school, and one at a time is in force,
//! - the certificate names its holder as on the day of issue; the names lie sealed,
//! - a stranger learns validity, masked name, school and year, and nothing else.

pub mod code;
pub mod error;
mod holder;
mod issue;
mod lists;
pub mod rpc;
mod steps;
pub mod store;
pub mod workflow;
