//! The day's rounds. Nobody has to remember them: the service looks when it starts and every minute after.
//!
//! A look takes up the rounds that a process left on its way, then begins the day's round of every county that has none yet.
//! What goes wrong in one county stands in its round, or in the log, and the look goes on to the next county.

use std::time::Duration;

use chrono::NaiveDate;
use junheng_kernel::fault::{Fault as _, is_passing};
use junheng_kernel::service::Context;
use junheng_proto::registration::v1::finding_round::Trigger;
use uuid::Uuid;

use super::error::FindingError;
use super::{round, store};

/// How often it looks.
const EVERY: Duration = Duration::from_secs(60);

/// Starts to look, until the process drains.
pub(crate) fn spawn(context: &Context) {
    let context = context.clone();
    let tasks = context.tasks.clone();
    tasks.spawn(async move {
        let mut done: Option<NaiveDate> = None;
        loop {
            take_up(&context).await;
            let today = context.clock.today();
            if done != Some(today) && begin_day(&context, today).await {
                done = Some(today);
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = context.stop.cancelled() => return,
            }
        }
    });
}

/// Drives on the rounds that a process has left, or that waited for the database.
pub(super) async fn take_up(context: &Context) {
    let left = store::left(context.store.reader(), context.clock.now_micros()).await;
    let left = left.unwrap_or_else(|error| {
        tracing::warn!(%error, "no round is taken up at this look");
        Vec::new()
    });
    let mut waiting = 0;
    for id in left {
        if context.stop.is_cancelled() {
            return;
        }
        waiting += u32::from(!drive(context, id).await);
    }
    if waiting > 0 {
        tracing::warn!(waiting, "rounds wait for the next look");
    }
}

/// Begins and drives the day's round of each county that has schools and no round of the day. Whether no county is left: one
/// that waits gets its round at a later look of the same day.
pub(super) async fn begin_day(context: &Context, today: NaiveDate) -> bool {
    let reader = context.store.reader();
    let counties = match store::counties(reader).await {
        Ok(counties) => counties,
        Err(error) => {
            tracing::warn!(%error, "the day's finding waits for the next look");
            return false;
        }
    };
    let mut waiting = 0;
    for region in counties {
        if context.stop.is_cancelled() {
            return false;
        }
        if context.regions.get(&region).is_none() {
            // A county whose code ended keeps its schools under it until the province recodes it; then they are found.
            tracing::warn!(region, "schools lie in a county that is in no table");
            continue;
        }
        match begin(context, &region, today).await {
            Ok(Some(id)) => {
                // Begun is enough: a round that stops on its way is taken up.
                drive(context, id).await;
            }
            Ok(None) => {}
            Err(error) => {
                waiting += 1;
                tracing::warn!(region, %error, "a county waits for its round of the day");
            }
        }
    }
    waiting == 0
}

/// Begins the day's round of a county; None when it has been begun. Fails with `FINDING_RUNS` while a round runs that the
/// county's clerk asked for: what that one has passed already is looked at again by the day's own.
async fn begin(
    context: &Context,
    region: &str,
    today: NaiveDate,
) -> Result<Option<Uuid>, FindingError> {
    let reader = context.store.reader();
    if store::is_begun(reader, &round::day_key(region, today)).await? {
        return Ok(None);
    }
    if let Some(running) = store::running(reader, region).await? {
        let name = round::name_of(&running);
        return Err(FindingError::Runs { name });
    }
    let begun = round::begin(context, region, Trigger::Daily)?;
    let id = begun.id;
    let is_ours = context
        .store
        .upkeep(move |tx| async move { Ok(store::begin_day(&*tx, begun).await?) })
        .await?;
    Ok(is_ours.then_some(id))
}

/// Drives a round; whether it need not be taken up again.
async fn drive(context: &Context, id: Uuid) -> bool {
    match round::drive(context, id).await {
        Ok(_) => true,
        Err(FindingError::Runs { name }) => {
            tracing::debug!(name, "another process drives the round");
            true
        }
        Err(error) => {
            let passes = is_passing(error.reason());
            tracing::warn!(round = %id, %error, passes, "a round stops on its way");
            false
        }
    }
}
