//! Days relative to today, and installations that live in another month: promotion has its season.

use chrono::{Datelike as _, Days, NaiveDate, NaiveTime};

use crate::world::World;

/// Today in China.
#[expect(
    clippy::disallowed_methods,
    reason = "stories tell their dates from the day on which they are told"
)]
pub fn today() -> NaiveDate {
    (chrono::Utc::now() + chrono::Duration::hours(8)).date_naive()
}

/// A day some days from today, `YYYY-MM-DD`.
pub fn in_days(days: i64) -> String {
    let distance = Days::new(days.unsigned_abs());
    let day = if days < 0 {
        today() - distance
    } else {
        today() + distance
    };
    day.to_string()
}

/// The year in which the season of promotion of [`in_summer`] lies.
pub fn summer_year() -> i32 {
    today().year()
}

/// An installation of its own in which it is 10 July.
pub async fn in_summer(world: &World) -> World {
    let summer = NaiveDate::from_ymd_opt(summer_year(), 7, 10).expect("a date");
    on_day(world, summer).await
}

/// An installation of its own in which it is a certain day.
pub async fn on_day(world: &World, day: NaiveDate) -> World {
    let noon = |date: NaiveDate| date.and_time(NaiveTime::MIN) + chrono::Duration::hours(12);
    let offset = (noon(day) - noon(today())).num_seconds();
    let offset = offset.to_string();
    world
        .of_its_own(&[("JUNHENG_CLOCK__OFFSET_SECONDS", offset.as_str())])
        .await
}
