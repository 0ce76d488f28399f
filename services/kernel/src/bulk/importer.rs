//! What differs between imports.

use std::future::Future;
use std::hash::Hash;

use prost::Message;

use super::{Refusal, SetOutcome};
use crate::error::KernelError;
use crate::fault::Violation;
use crate::store::Tx;

/// How the rows of one import are judged and written.
pub trait Importer: Send + Sync + 'static {
    /// A row as it was sent.
    type Row: Message + Default + Clone + 'static;
    /// What rows name, looked up a chunk at a time. An importer keeps it within bounds.
    type Roster: Default + Send + Sync + 'static;
    /// A row that has passed the rules.
    type Checked: Send + 'static;
    /// The same, with everything made that takes no database.
    type Ready: Send + 'static;
    /// What can go wrong.
    type Error: From<KernelError> + Send + 'static;

    /// The field by which rows of one file must differ.
    const KEY: &'static str;
    /// Whether rows whose parent nobody has registered are kept until it comes.
    const SETS_ASIDE: bool = false;

    /// Whether a check without writing writes all the same and takes it back: for imports whose rows can be refused in
    /// [`write`](Self::write).
    const REHEARSES: bool = false;

    /// The row as the sender numbered it.
    fn number(row: &Self::Row) -> i64;

    /// Makes sure that the roster knows what these rows name, as far as anybody has registered it.
    fn look_up(
        &self,
        roster: &mut Self::Roster,
        rows: &[Self::Row],
    ) -> impl Future<Output = Result<(), KernelError>> + Send;

    /// Judges a row by itself.
    fn judge(&self, roster: &Self::Roster, row: Self::Row) -> Result<Self::Checked, Refusal>;

    /// What two rows of one file must not share.
    fn key(checked: &Self::Checked) -> impl Hash;

    /// All rows have been judged, and so many pass: writing begins. Not asked before an import of all or nothing.
    fn begin(&self, _rows: usize) -> impl Future<Output = Result<(), Self::Error>> + Send {
        async { Ok(()) }
    }

    /// Makes rows ready to be written, while the database still writes the set before.
    fn prepare(&self, rows: Vec<Self::Checked>) -> Result<Vec<Self::Ready>, KernelError>;

    /// Writes one set.
    fn write(
        &self,
        tx: Tx,
        rows: Vec<Self::Ready>,
    ) -> impl Future<Output = Result<SetOutcome, Self::Error>> + Send;

    /// Keeps rows until their parent comes; how many it keeps, those included that were kept before.
    fn set_aside(
        &self,
        _tx: Tx,
        _rows: Vec<Waiting<Self::Row>>,
    ) -> impl Future<Output = Result<usize, Self::Error>> + Send {
        async { Ok(0) }
    }
}

/// A row whose parent nobody has registered.
#[derive(Clone, Debug)]
pub struct Waiting<R> {
    /// The row as it was sent.
    pub row: R,
    /// What it waits for, as the report lists it, and what is wrong; `None` when it came in the meantime.
    pub cause: Option<(String, Violation)>,
}
