//! Which days may be marked, by whom.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::identity_number::date_of;
use junheng_kernel::post::Level;
use junheng_kernel::service::Context;

use super::error::AttendanceError;
use super::terms;
use crate::rule_book::{RegionPath, RuleBook};

/// Reads a day of a request. Fails with `FIELD_REQUIRED` or `FIELD_INVALID`.
pub fn read(field: &str, written: &str) -> Result<NaiveDate, Violation> {
    if written.is_empty() {
        return Err(Violation::required(field));
    }
    date_of(written).ok_or_else(|| {
        Violation::invalid(field, "must be a day as YYYY-MM-DD", "应为日期 YYYY-MM-DD")
    })
}

/// The rules that count at a place: its county's and those above.
pub fn path_at(context: &Context, place: i64) -> RegionPath {
    let county = context.regions.county_at(place);
    let code = county.map_or("", |county| county.code.as_str());
    RegionPath::of(&context.regions, code)
}

/// Fails with `DAY_AHEAD` or `NOT_A_SCHOOL_DAY` unless the day was or is one of school at the place.
pub fn check_taught(context: &Context, place: i64, date: NaiveDate) -> Result<(), AttendanceError> {
    if date > context.clock.today() {
        return Err(AttendanceError::DayAhead { date });
    }
    if terms::is_school_day(&context.calendar, place, date) {
        return Ok(());
    }
    Err(AttendanceError::NotASchoolDay { date })
}

/// Fails as [`check_taught`] does, and with `ATTENDANCE_CLOSED` for a school that comes later than the place allows.
pub fn check(
    context: &Context,
    level: Level,
    place: i64,
    date: NaiveDate,
) -> Result<(), AttendanceError> {
    check_taught(context, place, date)?;
    if level != Level::School {
        return Ok(());
    }
    let today = context.clock.today();
    let path = path_at(context, place);
    let days = RuleBook::builtin()?.number("attendance.mark_working_days", &path, today)?;
    let days = u32::try_from(days).map_err(|_| {
        KernelError::Stored("attendance.mark_working_days is no number of days".into())
    })?;
    let until = context.calendar.add_working_days(date, days).date;
    if today <= until {
        return Ok(());
    }
    Err(AttendanceError::Closed { date, until })
}
