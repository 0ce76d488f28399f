//! What attendance proves of a pupil.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

/// How long a pupil has been away, in school days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Absence {
    /// Unexcused, in a row up to today.
    pub unexcused_run_school_days: u32,
    /// Unexcused, in this school year.
    pub cumulative_school_days: u32,
    /// The last day on which the pupil was present.
    pub last_present: Option<NaiveDate>,
}

/// What is known of a pupil since a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// The first day present.
    pub first: Option<NaiveDate>,
    /// School days present.
    pub days: u32,
    /// School days absent without excuse, after the first day present.
    pub unexcused: u32,
}

/// How long a pupil has been away.
pub async fn absence(
    _database: &impl ConnectionTrait,
    _student: Uuid,
    _today: NaiveDate,
) -> Result<Absence, KernelError> {
    Ok(Absence::default())
}

/// What is known of a pupil since a day, that day with it.
pub async fn present_since(
    _database: &impl ConnectionTrait,
    _student: Uuid,
    _since: NaiveDate,
) -> Result<Presence, KernelError> {
    Ok(Presence::default())
}
