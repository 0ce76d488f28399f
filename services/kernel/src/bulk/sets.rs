//! The second pass: rows are read back, prepared and written by sets.

use std::sync::Arc;

use junheng_proto::bulk::v1::ImportResult;
use junheng_proto::journal::v1::Record;
use junheng_proto::options::v1::DataClass;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::spool::Spooled;
use super::{Importer, Refusal, Report, Waiting, away};
use crate::admission::Caller;
use crate::digest::PartsDigest;
use crate::error::KernelError;
use crate::journal::Entry;
use crate::store::{RequestKey, Store};

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

/// One import's second pass.
pub(super) struct Run<'a, I> {
    pub(super) store: &'a Store,
    pub(super) destination: &'a Destination,
    pub(super) importer: Arc<I>,
}

/// Rows that are read back.
struct Source<I: Importer> {
    importer: Arc<I>,
    roster: I::Roster,
    rows: Spooled,
}

/// Rows that are ready to be written.
struct Set<T> {
    ready: Vec<T>,
    digest: [u8; 32],
    /// What was refused at the second look: the parent went away while the stream came in.
    refused: Report,
}

/// A set under preparation: the source comes back with it, and no set at the end.
type Coming<I> = JoinHandle<Result<(Source<I>, Option<Set<<I as Importer>::Ready>>), KernelError>>;

/// Why a whole import was not written.
enum Stop<E> {
    Refused(Box<Report>),
    Failed(E),
}

// === impl Destination ===

impl Destination {
    fn entry(&self) -> Entry {
        Entry::about(&self.parent, self.place, self.school, self.data_class)
    }
}

// === impl Run ===

impl<I: Importer> Run<'_, I> {
    /// Writes the rows in sets, each one transaction and one journal row, and adds to `report` what became of them. A set
    /// that the same request has written before is not written again: its content is part of its key.
    pub(super) async fn write_sets(
        &self,
        rows: Spooled,
        report: &mut Report,
    ) -> Result<(), I::Error> {
        let mut coming = self.source(rows).begin();
        while let (source, Some(set)) = came(coming).await? {
            coming = source.begin();
            report.add(&set.refused.finish());
            let key = self.destination.key.of_set(set.digest);
            let (entry, importer) = (self.destination.entry(), Arc::clone(&self.importer));
            let written: ImportResult = self
                .store
                .write(&self.destination.caller, key, move |tx| async move {
                    let outcome = importer.write(tx, set.ready).await?;
                    let entry = entry.with_all(outcome.records);
                    Ok::<_, I::Error>((outcome.report.finish(), entry))
                })
                .await?;
            report.add(&written);
        }
        Ok(())
    }

    /// Writes each set and takes it back, and adds to `report` what would be refused.
    pub(super) async fn rehearse(
        &self,
        rows: Spooled,
        report: &mut Report,
    ) -> Result<(), I::Error> {
        let mut coming = self.source(rows).begin();
        while let (source, Some(set)) = came(coming).await? {
            coming = source.begin();
            report.add(&set.refused.finish());
            let importer = Arc::clone(&self.importer);
            let write = move |tx| async move { importer.write(tx, set.ready).await };
            let outcome = self.store.rehearse(write).await?;
            report.add_refused(&outcome.report.finish());
        }
        Ok(())
    }

    /// Writes all rows in one transaction, or none when one is refused.
    pub(super) async fn write_whole(
        &self,
        rows: Spooled,
        mut report: Report,
    ) -> Result<ImportResult, I::Error> {
        let key = self.destination.key.of_set(rows.digest());
        let (entry, importer) = (self.destination.entry(), Arc::clone(&self.importer));
        let source = self.source(rows);
        let written = self
            .store
            .write(&self.destination.caller, key, move |tx| async move {
                let (mut coming, mut records) = (source.begin(), Vec::new());
                let mut whole = Report::default();
                while let (source, Some(set)) = came(coming).await? {
                    coming = source.begin();
                    whole.add(&set.refused.finish());
                    let written = importer.write(tx.clone(), set.ready).await;
                    let outcome = written.map_err(Stop::Failed)?;
                    whole.add(&outcome.report.finish());
                    records.extend(outcome.records);
                }
                if whole.has_refused() {
                    return Err(Stop::Refused(Box::new(whole)));
                }
                Ok((whole.finish(), entry.with_all(records)))
            })
            .await;
        match written {
            Ok(written) => report.add(&written),
            Err(Stop::Refused(whole)) => {
                report.add(&whole.finish());
                report.refused_whole();
            }
            Err(Stop::Failed(error)) => return Err(error),
        }
        Ok(report.finish())
    }

    /// Keeps rows until their parent comes.
    pub(super) async fn set_aside(
        &self,
        rows: Spooled,
        report: &mut Report,
    ) -> Result<(), I::Error> {
        let mut source = self.source(rows);
        loop {
            let waiting;
            (source, waiting) = source.waiting().await?;
            let Some((rows, digest)) = waiting else {
                return Ok(());
            };
            let mut set = PartsDigest::default();
            set.add(b"set aside").add(&digest);
            let key = self.destination.key.of_set(set.finish());
            let importer = Arc::clone(&self.importer);
            let entry = self.destination.entry().note("rows wait for their parent");
            let kept: ImportResult = self
                .store
                .write(&self.destination.caller, key, move |tx| async move {
                    let mut kept = Report::default();
                    kept.quarantined(importer.set_aside(tx, rows).await?);
                    Ok::<_, I::Error>((kept.finish(), entry))
                })
                .await?;
            report.add(&kept);
        }
    }

    fn source(&self, rows: Spooled) -> Source<I> {
        Source {
            importer: Arc::clone(&self.importer),
            roster: I::Roster::default(),
            rows,
        }
    }
}

// === impl Source ===

impl<I: Importer> Source<I> {
    /// Begins to prepare the next set.
    fn begin(self) -> Coming<I> {
        tokio::spawn(self.set())
    }

    async fn set(mut self) -> Result<(Self, Option<Set<I::Ready>>), KernelError> {
        let (mut source, frame) = away(move || {
            let frame = self.rows.next::<I::Row>();
            (self, frame)
        })
        .await?;
        let Some(frame) = frame? else {
            return Ok((source, None));
        };
        let importer = Arc::clone(&source.importer);
        importer.look_up(&mut source.roster, &frame.rows).await?;
        away(move || {
            let (mut checked, mut refused) =
                (Vec::with_capacity(frame.rows.len()), Report::default());
            for row in frame.rows {
                let number = I::number(&row);
                match importer.judge(&source.roster, row) {
                    Ok(row) => checked.push(row),
                    Err(refusal) => refused.refuse(number, &refusal),
                }
            }
            let set = Set {
                ready: importer.prepare(checked)?,
                digest: frame.digest,
                refused,
            };
            Ok((source, Some(set)))
        })
        .await?
    }

    /// The next rows that wait, each with its cause as things stand now, and their digest.
    async fn waiting(
        mut self,
    ) -> Result<(Self, Option<(Vec<Waiting<I::Row>>, [u8; 32])>), KernelError> {
        let Some(frame) = self.rows.next::<I::Row>()? else {
            return Ok((self, None));
        };
        let importer = Arc::clone(&self.importer);
        importer.look_up(&mut self.roster, &frame.rows).await?;
        let waiting = |row: I::Row| match importer.judge(&self.roster, row.clone()) {
            Err(Refusal::MissingParent { key, wrong }) => Waiting {
                row,
                cause: Some((key, wrong)),
            },
            _ => Waiting { row, cause: None },
        };
        let rows = frame.rows.into_iter().map(waiting).collect();
        Ok((self, Some((rows, frame.digest))))
    }
}

async fn came<I: Importer>(
    coming: Coming<I>,
) -> Result<(Source<I>, Option<Set<I::Ready>>), KernelError> {
    coming
        .await
        .map_err(|error| KernelError::Stored(format!("a part of an import failed: {error}")))?
}

// === impl Stop ===

impl<E: From<KernelError>> From<KernelError> for Stop<E> {
    fn from(error: KernelError) -> Self {
        Self::Failed(error.into())
    }
}
