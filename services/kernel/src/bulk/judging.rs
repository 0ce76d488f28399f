//! The first pass: every row is judged, and what passes waits on disk.

use std::sync::Arc;

use junheng_proto::bulk::v1::import_header::Mode;
use prost::Message;
use tokio_stream::Stream;
use tonic::Status;

use super::spool::{EncodedRow, Spool};
use super::{
    Destination, FirstRows, ImportResult, Importer, Incoming, Part, Refusal, Report, away, sets,
};
use crate::error::KernelError;
use crate::store::Store;

/// What the first pass carries from chunk to chunk.
struct Judging<I: Importer> {
    importer: Arc<I>,
    roster: I::Roster,
    first_rows: FirstRows,
    report: Report,
    good: Spool,
    waiting: Spool,
}

/// Runs an import whose header has been read: judges everything, and writes as the header asks.
pub async fn run<I, S, F, M>(
    store: &Store,
    destination: Destination,
    mut incoming: Incoming<S, F>,
    importer: I,
) -> Result<ImportResult, I::Error>
where
    I: Importer,
    S: Stream<Item = Result<M, Status>> + Unpin,
    F: Fn(M) -> Part<I::Row>,
    M: Message,
{
    let (validate_only, mode) = (incoming.header().validate_only, incoming.header().mode());
    let mut judging = Judging {
        importer: Arc::new(importer),
        roster: I::Roster::default(),
        first_rows: FirstRows::by(I::KEY),
        report: Report::new(validate_only),
        good: Spool::new()?,
        waiting: Spool::new()?,
    };
    let mut chunk = incoming.chunk().await?;
    while !chunk.is_empty() {
        let importer = Arc::clone(&judging.importer);
        importer.look_up(&mut judging.roster, &chunk).await?;
        let judged = away(move || judging.take(chunk));
        // The next rows come in while these are judged.
        let (judged, next) = tokio::join!(judged, incoming.chunk());
        (judging, chunk) = (judged??, next?);
    }
    drop(incoming);
    let Judging {
        importer,
        roster,
        first_rows,
        mut report,
        good,
        waiting,
    } = judging;
    // The second pass needs the memory for itself.
    drop((roster, first_rows));
    let run = sets::Run {
        store,
        destination: &destination,
        importer,
    };
    if validate_only {
        if I::REHEARSES {
            run.rehearse(good.finish()?, &mut report).await?;
        }
        return Ok(report.finish());
    }
    if mode == Mode::Atomic {
        if report.has_refused() {
            report.refused_whole();
            return Ok(report.finish());
        }
        return run.write_whole(good.finish()?, report).await;
    }
    let good = good.finish()?;
    run.importer.begin(good.rows()).await?;
    run.write_sets(good, &mut report).await?;
    if I::SETS_ASIDE {
        run.set_aside(waiting.finish()?, &mut report).await?;
    }
    Ok(report.finish())
}

// === impl Judging ===

impl<I: Importer> Judging<I> {
    /// Judges every row by itself and against the rows before it.
    fn take(mut self, rows: Vec<I::Row>) -> Result<Self, KernelError> {
        self.report.read(rows.len());
        let mut encoded = EncodedRow::default();
        for row in rows {
            let number = I::number(&row);
            encoded.set(&row)?;
            let judged = self.importer.judge(&self.roster, row);
            let judged = judged.and_then(|checked| {
                self.first_rows.claim(&I::key(&checked), number)?;
                Ok(())
            });
            match judged {
                Ok(()) => self.good.add(&encoded)?,
                Err(refusal) => {
                    self.report.refuse(number, &refusal);
                    if I::SETS_ASIDE && matches!(refusal, Refusal::MissingParent { .. }) {
                        self.waiting.add(&encoded)?;
                    }
                }
            }
        }
        Ok(self)
    }
}
