//! Comparison 四查三比对 of other departments' lists with the student records (教育部等十部门 教基〔2020〕5号, R+): the household
//! register against the records finds who is in no school, and the lists of poor households, orphans and disabled children
//! say whom to watch.
//!
//! A list stands until the next one of its source, kind and region is complete. A child of a list and a student are one when
//! their documents have the same keyed hash, or when people decided so; name, sex, date of birth and guardian alone give a
//! candidate. Records against attendance is the business of the daily search for absences.
//!
//! Everything is matched in the database, page by page, each page one short transaction that begins where the one before
//! ended, so that a stop in the middle costs one page and any replica can go on.

mod candidate;
mod encode;
pub mod error;
mod import;
mod known;
mod list;
mod matching;
mod pages;
mod person;
mod result;
pub mod rpc;
pub mod rules;
mod run;
mod start;
mod store;
mod suspicion;

use std::sync::Arc;
use std::time::Duration;

use junheng_kernel::error::KernelError;
use junheng_kernel::service::Context;
use tokio::sync::Notify;

use crate::student::first_load::FirstLoad;

pub(crate) use known::{Known, groups_of_students, known};
pub(crate) use person::of_document;
pub(crate) use store::{decided_to_be, sent_by};

/// How often to look for comparisons that another replica has begun, or that a stop has left.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Wakes the task that compares.
#[derive(Clone, Debug, Default)]
pub struct Comparisons {
    wake: Arc<Notify>,
}

// === impl Comparisons ===

impl Comparisons {
    /// Starts the task. It looks at once, so that a comparison that was under way goes on.
    pub(crate) fn spawn(context: &Context, load: &FirstLoad) -> Self {
        let comparisons = Self::default();
        let (context, load) = (context.clone(), load.clone());
        let wake = comparisons.wake.clone();
        context.tasks.clone().spawn(async move {
            loop {
                if let Err(error) = run::all(&context).await {
                    tracing::warn!(%error, "a comparison waits; it goes on at the next look");
                }
                if let Err(error) = hand_over(&context, &load).await {
                    tracing::warn!(%error, "cases wait for their students until the next look");
                }
                if let Err(error) = list::end_broken_off(&context).await {
                    tracing::warn!(%error, "a list that broke off is ended at the next look");
                }
                tokio::select! {
                    () = context.stop.cancelled() => return,
                    () = wake.notified() => {}
                    () = tokio::time::sleep(LOOK_AGAIN) => {}
                }
            }
        });
        comparisons
    }

    /// A comparison has begun.
    fn look(&self) {
        self.wake.notify_one();
    }
}

/// Gives the cases of children who have been registered to their students; after a first load of those, for there is no index to
/// find a child by before.
async fn hand_over(context: &Context, load: &FirstLoad) -> Result<(), KernelError> {
    if load.is_anywhere().await? {
        return Ok(());
    }
    suspicion::hand_over_registered(context).await
}
