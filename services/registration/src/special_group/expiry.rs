//! Ends recognitions whose time is over. Nobody has to remember it: the service looks at once and then every minute.

use std::time::Duration;

use junheng_kernel::name::etag;
use junheng_kernel::service::Context;
use junheng_proto::workflow::v1::StepRequest;
use uuid::Uuid;

use super::encode::name_of;
use super::workflow::EXPIRE;
use super::{steps, store};

/// How often it looks.
const EVERY: Duration = Duration::from_secs(60);
/// How many it ends before it looks again.
const BATCH: u64 = 200;
/// The method that the journal names.
const METHOD: &str = "/junheng.registration.v1.GroupRecognitionService/ExpireGroupRecognition";

/// Starts to look, until the process drains.
pub(crate) fn spawn_expiry(context: &Context) {
    let context = context.clone();
    let tasks = context.tasks.clone();
    tasks.spawn(async move {
        loop {
            let more = end_some(&context).await;
            if more {
                continue;
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = context.stop.cancelled() => return,
            }
        }
    });
}

/// Ends a batch; whether more may wait. What fails is tried again at the next look.
async fn end_some(context: &Context) -> bool {
    let Ok(caller) = context.own_caller(METHOD) else {
        return false;
    };
    let today = context.clock.today().to_string();
    let over = match store::over(context.store.reader(), &today, BATCH).await {
        Ok(over) => over,
        Err(error) => {
            tracing::warn!(%error, "recognitions that are over could not be read");
            return false;
        }
    };
    let mut ended = 0;
    for row in &over {
        if context.stop.is_cancelled() {
            return false;
        }
        let step = StepRequest {
            name: name_of(row),
            etag: etag(row.version),
            note: String::new(),
            evidence: Vec::new(),
            request_id: Uuid::now_v7().to_string(),
        };
        match steps::take(context, caller.clone(), EXPIRE, step).await {
            Ok(_) => ended += 1,
            // Another process may have been faster.
            Err(error) => tracing::debug!(%error, "a recognition could not be ended"),
        }
    }
    ended > 0 && over.len() as u64 == BATCH
}
