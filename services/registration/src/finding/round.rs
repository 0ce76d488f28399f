//! Drives a round: page after page, each one transaction with how far it has come.

use chrono::NaiveDate;
use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault as _, is_passing, sentence_zh};
use junheng_kernel::journal::Entry;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::FindingRound;
use junheng_proto::registration::v1::finding_round::{State, Trigger};
use uuid::Uuid;

use super::error::FindingError;
use super::settle::settle;
use super::store;
use super::ways::{County, Page, Way};
use crate::attendance::threshold;
use crate::entity::finding_round::{Entity, Model};

/// How long a round is believed to be driven after its last page, microseconds.
const HOLD_MICROS: i64 = 30_000_000;
/// The method that the journal names.
const METHOD: &str = "/junheng.registration.v1.FindingService/RunFinding";

/// A round through a county that is to begin. Its day's key is its own id unless it is the day's.
pub(super) fn begin(
    context: &Context,
    region: &str,
    trigger: Trigger,
) -> Result<Model, KernelError> {
    let id = Uuid::now_v7();
    let date = context.clock.today();
    let place = context.regions.place(region);
    Ok(Model {
        id,
        place: place.map_err(|_| KernelError::RegionUnknown {
            code: region.to_owned(),
        })?,
        region: region.to_owned(),
        date: date.to_string(),
        trigger: trigger as i32,
        state: State::Running as i32,
        open_key: region.to_owned(),
        day_key: match trigger {
            Trigger::Daily => day_key(region, date),
            _ => id.to_string(),
        },
        way: 0,
        after: String::new(),
        holder: String::new(),
        holder_micros: 0,
        attendance_count: 0,
        cohort_count: 0,
        process_count: 0,
        opened_count: 0,
        create_micros: context.clock.now_micros(),
        done_micros: 0,
        failure: 0,
        failure_zh: String::new(),
        version: 1,
    })
}

/// What the day's round of a county has for itself.
pub(super) fn day_key(region: &str, date: NaiveDate) -> String {
    format!("{region}/{date}")
}

/// The resource name.
pub(super) fn name_of(round: &Model) -> String {
    format!("findingRounds/{}", round.id)
}

/// The round as callers see it.
pub(super) fn encode(round: &Model) -> FindingRound {
    FindingRound {
        name: name_of(round),
        region: format!("regions/{}", round.region),
        date: round.date.clone(),
        trigger: round.trigger,
        state: round.state,
        attendance_count: round.attendance_count,
        cohort_count: round.cohort_count,
        process_count: round.process_count,
        opened_count: round.opened_count,
        create_time: Some(timestamp(round.create_micros)),
        done_time: (round.done_micros > 0).then(|| timestamp(round.done_micros)),
        failure: round.failure,
        failure_zh: round.failure_zh.clone(),
    }
}

/// Whether somebody drives the round.
pub(super) fn is_driven(context: &Context, round: &Model) -> bool {
    round.holder_micros >= context.clock.now_micros()
}

/// Drives a round to its end, from where it stands. A way that cannot be gone is left out and told in the round, so that one
/// damaged record does not hide the children whom the other ways find. Fails with `FINDING_RUNS` when somebody else drives the
/// round, and with what will pass.
pub(super) async fn drive(context: &Context, id: Uuid) -> Result<Model, FindingError> {
    let holder = Uuid::now_v7().to_string();
    loop {
        let round = store::round(context.store.reader(), id).await?;
        if round.state != State::Running as i32 {
            return Ok(round);
        }
        let now = context.clock.now_micros();
        let (hold, until) = (holder.clone(), now.saturating_add(HOLD_MICROS));
        let taken = context
            .store
            .upkeep(move |tx| async move { Ok(store::take(&*tx, id, &hold, now, until).await?) })
            .await?;
        if !taken {
            let name = name_of(&round);
            return Err(FindingError::Runs { name });
        }
        let round = store::round(context.store.reader(), id).await?;
        if context.stop.is_cancelled() {
            return Ok(round);
        }
        if let Err(error) = turn(context, round.clone()).await {
            leave_out(context, round, error).await?;
        }
    }
}

/// Goes on behind the way that failed. Fails with what will pass by itself: then the round waits.
async fn leave_out(
    context: &Context,
    round: Model,
    error: FindingError,
) -> Result<(), FindingError> {
    let way = Way::of(round.way).filter(|_| !is_passing(error.reason()));
    let Some(way) = way else {
        return Err(error);
    };
    tracing::warn!(round = %round.id, region = round.region, ?way, %error, "a way of finding fails");
    let mut after = next(&round);
    note(&mut after, &error);
    after.way += 1;
    after.after.clear();
    put(context, round, after).await
}

/// Notes why a way failed; the first stays.
fn note(round: &mut Model, error: &FindingError) {
    if round.failure == 0 {
        round.failure = error.reason() as i32;
        round.failure_zh = sentence_zh(error.reason(), &error.metadata());
    }
}

/// One page of a round.
async fn turn(context: &Context, round: Model) -> Result<(), FindingError> {
    let Some(way) = Way::of(round.way) else {
        let mut done = next(&round);
        done.state = match done.failure {
            0 => State::Done,
            _ => State::Failed,
        } as i32;
        done.open_key = round.id.to_string();
        done.holder_micros = 0;
        done.done_micros = context.clock.now_micros();
        return put(context, round, done).await;
    };
    let page = County::of(context, &round.region)?
        .page(way, &round.after)
        .await?;
    let mut after = next(&round);
    match &page.after {
        Some(last) => after.after.clone_from(last),
        None => {
            after.way += 1;
            after.after.clear();
        }
    }
    if let Some(count) = way.count(&mut after) {
        *count += page.found;
    }
    if page.calls_for_a_case() {
        return suspect(context, round, after, page).await;
    }
    for case in page.settling {
        if let Err(error) = settle(context, &case).await.map_err(FindingError::Settling) {
            if is_passing(error.reason()) {
                return Err(error);
            }
            tracing::warn!(case = %case.id, %error, "a return cannot be settled");
            note(&mut after, &error);
        }
    }
    put(context, round, after).await
}

fn next(round: &Model) -> Model {
    Model {
        version: round.version + 1,
        ..round.clone()
    }
}

/// How far a round has come is derived from what it has written, and leaves no journal row.
async fn put(context: &Context, before: Model, after: Model) -> Result<(), FindingError> {
    let written = context.store.upkeep(move |tx| async move {
        resource::replace::<Entity>(&*tx, after, before.version).await
    });
    Ok(written.await?)
}

/// Opens the cases that a page calls for: one transaction, one journal row of the service's.
async fn suspect(
    context: &Context,
    before: Model,
    mut after: Model,
    page: Page,
) -> Result<(), FindingError> {
    let caller = context.own_caller(METHOD)?;
    let key = RequestKey::own(format!("{}/{}", name_of(&before), before.version));
    let scene = context.clone();
    context
        .store
        .write(&caller, key, move |tx| async move {
            let by_absence = threshold::open(&*tx, &scene, page.away).await?;
            let others = threshold::suspect(&*tx, &scene, page.suspicions).await?;
            let opened = by_absence.opened + others.opened;
            after.opened_count += i64::try_from(opened).unwrap_or(i64::MAX);
            resource::replace::<Entity>(&*tx, after.clone(), before.version).await?;
            let answer = encode(&after);
            let entry = Entry::about(&answer.name, after.place, None, DataClass::Sensitive)
                .change(Some(&encode(&before)), &answer)
                .with_all(by_absence.records)
                .with_all(others.records);
            Ok::<_, FindingError>((answer, entry))
        })
        .await?;
    Ok(())
}
