//! The day's rounds. Nobody has to remember them: the service looks at once and then every minute whether a day has come, and
//! whether a round was left behind.

use std::time::Duration;

use chrono::NaiveDate;
use junheng_kernel::service::Context;
use junheng_proto::registration::v1::finding_round::Trigger;

use super::error::FindingError;
use super::{round, store};

/// How often it looks.
const EVERY: Duration = Duration::from_secs(60);

/// Starts to look, until the process drains.
pub(crate) fn spawn(context: &Context) {
    let context = context.clone();
    let tasks = context.tasks.clone();
    tasks.spawn(async move {
        let mut last: Option<NaiveDate> = None;
        loop {
            let today = context.clock.today();
            match look(&context, last != Some(today)).await {
                Ok(()) => last = Some(today),
                Err(error) => tracing::warn!(%error, "the day's finding is done later"),
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = context.stop.cancelled() => return,
            }
        }
    });
}

async fn look(context: &Context, is_new_day: bool) -> Result<(), FindingError> {
    let reader = context.store.reader();
    for id in store::left(reader, context.clock.now_micros()).await? {
        pass_over(round::drive(context, id).await)?;
    }
    if !is_new_day {
        return Ok(());
    }
    for region in store::counties(reader).await? {
        if context.stop.is_cancelled() {
            return Ok(());
        }
        // A round that somebody asked for is the day's as well only when the day's own has been.
        if store::running(reader, &region).await?.is_some() {
            continue;
        }
        let Ok(begun) = round::begin(context, &region, Trigger::Daily) else {
            tracing::warn!(region, "a county with schools is in no table");
            continue;
        };
        let id = begun.id;
        let is_ours = context
            .store
            .upkeep(move |tx| async move { Ok(store::begin_day(&*tx, begun).await?) })
            .await?;
        if is_ours {
            pass_over(round::drive(context, id).await)?;
        }
    }
    Ok(())
}

/// Another process may have been faster.
fn pass_over<T>(driven: Result<T, FindingError>) -> Result<(), FindingError> {
    match driven {
        Err(FindingError::Runs { name }) => {
            tracing::debug!(name, "a round is driven by another process");
            Ok(())
        }
        other => other.map(drop),
    }
}
