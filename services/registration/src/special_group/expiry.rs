//! Ends recognitions whose time is over. Nobody has to remember it: the service looks at once and then every minute.

use std::time::Duration;

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault as _, is_passing};
use junheng_kernel::name::etag;
use junheng_kernel::service::Context;
use junheng_proto::workflow::v1::StepRequest;
use uuid::Uuid;

use super::encode::name_of;
use super::workflow::EXPIRE;
use super::{steps, store};

/// How often it looks.
const EVERY: Duration = Duration::from_secs(60);
/// How many it reads at once.
const BATCH: u64 = 200;
/// The method that the journal names.
const METHOD: &str = "/junheng.registration.v1.GroupRecognitionService/ExpireGroupRecognition";

/// Starts to look, until the process drains.
pub(crate) fn spawn_expiry(context: &Context) {
    let context = context.clone();
    let tasks = context.tasks.clone();
    tasks.spawn(async move {
        loop {
            if let Err(error) = end_all(&context).await {
                tracing::warn!(%error, "recognitions that are over wait for the next look");
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = context.stop.cancelled() => return,
            }
        }
    });
}

/// Looks once at every recognition that is over. What fails is passed by and tried again at the next look.
async fn end_all(context: &Context) -> Result<(), KernelError> {
    let caller = context.own_caller(METHOD)?;
    let today = context.clock.today().to_string();
    let mut after = (String::new(), Uuid::nil());
    loop {
        let over = store::over(context.store.reader(), &today, &after, BATCH).await?;
        let Some(last) = over.last() else {
            return Ok(());
        };
        after = (last.valid_until.clone(), last.id);
        for row in &over {
            if context.stop.is_cancelled() {
                return Ok(());
            }
            let step = StepRequest {
                name: name_of(row),
                etag: etag(row.version),
                note: String::new(),
                evidence: Vec::new(),
                request_id: Uuid::now_v7().to_string(),
            };
            match steps::take(context, caller.clone(), EXPIRE, step).await {
                Ok(_) => {}
                // Another process was faster.
                Err(error) if is_passing(error.reason()) => {
                    tracing::debug!(recognition = %row.id, %error, "a recognition was not ended");
                }
                Err(error) => {
                    tracing::warn!(recognition = %row.id, %error, "a recognition could not be ended");
                }
            }
        }
    }
}
