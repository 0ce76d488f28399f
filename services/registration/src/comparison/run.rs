//! Runs comparisons that have begun, page by page. Each page is one transaction that holds the comparison's row and leaves
//! its place there: a process that is killed loses one page, and two replicas take turns.
//!
//! Results only follow from the list and the records and have no journal rows of their own; suspicions and the end have.

use chrono::NaiveDate;
use junheng_kernel::calendar::date_in_china;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault as _, is_passing, sentence_zh};
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_proto::registration::v1::Comparison;
use junheng_proto::registration::v1::comparison::State;
use uuid::Uuid;

use super::{candidate, encode, matching, start, store, suspicion};
use crate::entity::comparison::{Entity, Model};
use crate::finding::rules::hangs_if_due_by;
use crate::rule_book::{RegionPath, RuleBook};

/// Children of one page: a few seconds' work of a small server. Large enough that PostgreSQL may read the register once for
/// the page instead of asking its index for every child.
const PAGE: u64 = 200_000;

/// The method that the journal names for what follows from `RunComparison` without anybody's call.
pub(super) const METHOD: &str = "/junheng.registration.v1.ComparisonService/RunComparison";

/// What a running comparison is at, as the row keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Finds what each child of the list is.
    Matching = 1,
    /// Finds who is in the list no more.
    Leaving = 2,
    /// Opens suspicions.
    Suspecting = 3,
    /// Marks the cases of children whom the list says to watch.
    Marking = 4,
    /// Takes away what two later comparisons have made needless: names of children are kept no longer than they serve.
    Clearing = 5,
    /// Counts and ends.
    Ending = 6,
}

/// The order of the phases.
const PHASES: [Phase; 6] = [
    Phase::Matching,
    Phase::Leaving,
    Phase::Suspecting,
    Phase::Marking,
    Phase::Clearing,
    Phase::Ending,
];

/// Runs every comparison that has begun to its end, or until the process drains. One that cannot go on is ended as failed, or
/// waits for what will pass; the next ones go on.
pub(super) async fn all(context: &Context) -> Result<(), KernelError> {
    let mut waiting = 0;
    for id in store::running(context.store.reader()).await? {
        if let Err(error) = to_its_end(context, id).await {
            waiting += 1;
            tracing::warn!(comparison = %id, %error, "a comparison stops on its way");
        }
    }
    if waiting > 0 {
        tracing::warn!(waiting, "comparisons wait for the next look");
    }
    Ok(())
}

async fn to_its_end(context: &Context, id: Uuid) -> Result<(), KernelError> {
    loop {
        if context.stop.is_cancelled() {
            return Ok(());
        }
        match step(context, id).await {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) if is_passing(error.reason()) => return Err(error),
            Err(error) => {
                tracing::warn!(comparison = %id, %error, "a comparison fails");
                return fail(context, id, &error).await;
            }
        }
    }
}

/// Ends a comparison that cannot go on, so that its region can compare again.
async fn fail(context: &Context, id: Uuid, error: &KernelError) -> Result<(), KernelError> {
    let caller = context.own_caller(METHOD)?;
    let (failure, sentence) = (
        error.reason() as i32,
        sentence_zh(error.reason(), &error.metadata()),
    );
    let now = context.clock.now_micros();
    let key = RequestKey::own(format!("comparisons/{id}/failed"));
    let _failed: Comparison = context
        .store
        .write(&caller, key, move |tx| async move {
            let before = store::hold(&*tx, id).await?;
            if before.state != State::Running as i32 {
                return Err(KernelError::WriteConflict);
            }
            let after = Model {
                state: State::Failed as i32,
                failure,
                failure_zh: sentence,
                end_micros: now,
                version: before.version + 1,
                ..before.clone()
            };
            resource::replace::<Entity>(&*tx, after.clone(), before.version).await?;
            let entry = start::change(&before, &after)?;
            Ok::<_, KernelError>((encode::comparison(&after)?, entry))
        })
        .await?;
    Ok(())
}

/// Takes the next page; whether more is to do.
async fn step(context: &Context, id: Uuid) -> Result<bool, KernelError> {
    let standing = store::comparison(context.store.reader(), id).await?;
    if standing.state != State::Running as i32 {
        return Ok(false);
    }
    match phase_of(&standing)? {
        Phase::Matching | Phase::Leaving | Phase::Clearing => {
            let own = context.clone();
            context
                .store
                .upkeep(move |tx| async move { match_page(&own, tx, id).await })
                .await?;
        }
        Phase::Suspecting | Phase::Marking | Phase::Ending => told_page(context, &standing).await?,
    }
    Ok(true)
}

/// A page of which the journal is told nothing.
async fn match_page(context: &Context, tx: Tx, id: Uuid) -> Result<(), KernelError> {
    let before = store::hold(&*tx, id).await?;
    let after = match phase_of(&before)? {
        _ if before.state != State::Running as i32 => return Ok(()),
        Phase::Matching => {
            matching::roomy(&*tx).await?;
            let part = matching::part(&*tx, before.list, before.cursor, PAGE).await?;
            let regions = &context.regions;
            let ranges = regions.ranges(&before.region);
            let ranges = ranges.map_err(|_| KernelError::RegionUnknown {
                code: before.region.clone(),
            })?;
            let over_by = leaves_over_by(context, &before)?;
            let judging = (ranges.as_slice(), over_by);
            let written = matching::write_results(&*tx, &before, judging, part).await?;
            candidate::find(context, &tx, &before, part).await?;
            let compared = before.compared + i64::try_from(written).unwrap_or(0);
            Model {
                compared,
                ..went_on(&before, part)
            }
        }
        Phase::Leaving => {
            if before.cursor.is_nil() {
                matching::analyze(&*tx).await?;
            }
            let previous = before.previous.unwrap_or(Uuid::nil());
            let part = matching::part_of_results(&*tx, previous, before.cursor, PAGE).await?;
            matching::write_gone(&*tx, &before, part).await?;
            went_on(&before, part)
        }
        Phase::Clearing => {
            let cleared = matching::clear(&*tx, &before, PAGE).await?;
            match cleared {
                0 => next_phase(&before),
                _ => Model {
                    version: before.version + 1,
                    ..before.clone()
                },
            }
        }
        // Another replica was faster.
        _ => return Ok(()),
    };
    resource::replace::<Entity>(&*tx, after, before.version).await
}

/// The day by which a leave must have ended to excuse nobody any more when the comparison began: that of the searches among
/// records.
fn leaves_over_by(context: &Context, run: &Model) -> Result<NaiveDate, KernelError> {
    let day = date_in_china(run.start_micros);
    let path = RegionPath::of(&context.regions, &run.region);
    let grace = RuleBook::builtin()?.count("finding.leave_grace_working_days", &path, day)?;
    Ok(hangs_if_due_by(&context.calendar, day, grace))
}

/// A page that the journal is told of: its key is the place that it begins at, so that it is written once.
async fn told_page(context: &Context, standing: &Model) -> Result<(), KernelError> {
    let id = standing.id;
    let key = format!(
        "comparisons/{id}/{}/{}/{}",
        standing.phase, standing.cursor_place, standing.cursor
    );
    let caller = context.own_caller(METHOD)?;
    let own = context.clone();
    let _page: Comparison = context
        .store
        .write(&caller, RequestKey::own(key), move |tx| async move {
            let before = store::hold(&*tx, id).await?;
            if before.state != State::Running as i32 {
                // Another replica has ended it, or found that it fails.
                return Err(KernelError::WriteConflict);
            }
            let (after, records) = match phase_of(&before)? {
                Phase::Suspecting => suspicion::open_page(&own, &tx, &before).await?,
                Phase::Marking => suspicion::mark_page(&own, &tx, &before).await?,
                _ => (ended(&own, &tx, &before).await?, Vec::new()),
            };
            resource::replace::<Entity>(&*tx, after.clone(), before.version).await?;
            let entry = start::change(&before, &after)?.with_all(records);
            Ok::<_, KernelError>((encode::comparison(&after)?, entry))
        })
        .await?;
    Ok(())
}

async fn ended(context: &Context, tx: &Tx, before: &Model) -> Result<Model, KernelError> {
    Ok(Model {
        state: State::Done as i32,
        counts: encode::counts(matching::counts(&**tx, before).await?),
        end_micros: context.clock.now_micros(),
        version: before.version + 1,
        ..before.clone()
    })
}

/// The comparison behind a part; in the next phase when it was the last.
fn went_on(before: &Model, part: matching::Part) -> Model {
    if part.upto == Uuid::max() {
        return next_phase(before);
    }
    Model {
        cursor: part.upto,
        version: before.version + 1,
        ..before.clone()
    }
}

/// The comparison at the begin of its next phase.
pub(super) fn next_phase(before: &Model) -> Model {
    let mut later = PHASES.iter().filter(|phase| **phase as i32 > before.phase);
    Model {
        phase: later
            .next()
            .map_or(Phase::Ending as i32, |phase| *phase as i32),
        cursor: Uuid::nil(),
        cursor_place: -1,
        version: before.version + 1,
        ..before.clone()
    }
}

fn phase_of(row: &Model) -> Result<Phase, KernelError> {
    let phase = PHASES.iter().find(|phase| **phase as i32 == row.phase);
    phase
        .copied()
        .ok_or_else(|| KernelError::Stored(format!("comparisons/{} is at {}", row.id, row.phase)))
}
