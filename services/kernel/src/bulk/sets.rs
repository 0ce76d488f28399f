//! Writes checked rows by sets.

use std::future::Future;

use junheng_proto::bulk::v1::ImportResult;
use junheng_proto::journal::v1::Record;
use junheng_proto::options::v1::DataClass;
use uuid::Uuid;

use super::{Report, SET};
use crate::admission::Caller;
use crate::digest::PartsDigest;
use crate::error::KernelError;
use crate::journal::Entry;
use crate::store::{RequestKey, Store, Tx};

/// An import's way into the journal: who, under which request, and the parent that its rows go to.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Who imports.
    pub caller: Caller,
    /// The request.
    pub key: RequestKey,
    /// The parent as the header names it.
    pub parent: String,
    /// The parent's place number.
    pub place: i64,
    /// The school, where the parent is one.
    pub school: Option<Uuid>,
    /// The class of the data.
    pub data_class: DataClass,
}

/// What one set became.
#[derive(Debug, Default)]
pub struct SetOutcome {
    /// Counts and verdicts.
    pub report: Report,
    /// The records created or changed.
    pub records: Vec<Record>,
}

// === impl Destination ===

impl Destination {
    /// Writes `rows` in sets, each one transaction and one journal row, and adds to `report` what became of them. A set
    /// that the same request has written before is not written again: its content is part of its key.
    ///
    /// `content` encodes a row for that key; `write` gets the transaction and the rows of one set.
    pub async fn write_sets<T, E, F, Work>(
        &self,
        store: &Store,
        rows: &[T],
        report: &mut Report,
        content: impl Fn(&T) -> Vec<u8>,
        write: F,
    ) -> Result<(), E>
    where
        T: Clone + Send + 'static,
        E: From<KernelError> + Send + 'static,
        F: Fn(Tx, Vec<T>) -> Work + Clone + Send + 'static,
        Work: Future<Output = Result<SetOutcome, E>> + Send + 'static,
    {
        for set in rows.chunks(SET) {
            let mut digest = PartsDigest::default();
            for row in set {
                digest.add(&content(row));
            }
            let key = self.key.of_set(digest.finish());
            let entry = Entry::about(&self.parent, self.place, self.school, self.data_class);
            let (rows, write) = (set.to_vec(), write.clone());
            let written: ImportResult = store
                .write(&self.caller, key, move |tx| async move {
                    let outcome = write(tx, rows).await?;
                    Ok::<_, E>((outcome.report.finish(), entry.with_all(outcome.records)))
                })
                .await?;
            report.add(&written);
        }
        Ok(())
    }
}
