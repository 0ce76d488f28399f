//! Records each school's students and classes once a school year, so that the years before stay readable when the rolls have
//! moved on. From September to the end of October (the season of the yearly statistics, 事业统计, R+) the figures of the year
//! follow the rolls; after it a year that has a figure keeps it.

use std::time::Duration;

use chrono::{Datelike as _, NaiveDate};
use junheng_kernel::service::Context;

use super::store;
use crate::school_year;

/// The months in which the year's figures still move.
const SEASON: [u32; 2] = [9, 10];
/// How often to look whether a new day has come.
const LOOK_AGAIN: Duration = Duration::from_secs(600);

/// Keeps the years of record current, once a day.
pub(crate) fn spawn(context: &Context) {
    let context = context.clone();
    context.tasks.clone().spawn(async move {
        let mut last: Option<NaiveDate> = None;
        loop {
            let today = context.clock.today();
            if last != Some(today) {
                match record(&context, today).await {
                    Ok(()) => last = Some(today),
                    Err(error) => tracing::warn!(%error, "the school year is recorded later"),
                }
            }
            tokio::select! {
                () = context.stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    });
}

/// Derived from the rolls, whose changes the journal keeps: a record of it has no journal row of its own.
async fn record(context: &Context, today: NaiveDate) -> Result<(), sea_orm::DbErr> {
    let database = context.store.derived().clone();
    let open = SEASON.contains(&today.month());
    let year = school_year::of(today);
    // In a task of its own: a stop in the middle must not leave a statement half awaited on a pooled connection.
    let task =
        tokio::spawn(
            async move { store::record_year(&database, year, &today.to_string(), open).await },
        );
    match task.await {
        Ok(result) => result.map(|_| ()),
        Err(error) => Err(sea_orm::DbErr::Custom(error.to_string())),
    }
}
