//! Where each grade goes, and when. Pure.

use chrono::NaiveDate;
use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::StayReason;
use junheng_proto::registration::v1::student::State;

use super::error::PromotionError;
use crate::school_class::rules::last_grade;

/// The season of the promotion into a school year, as month and day of the year in which it begins: from the end of the
/// school year before until the first weeks of the new one. A rule of this system; no text gives the days.
const SEASON: [(u32, u32); 2] = [(7, 1), (9, 30)];

/// Where a grade goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Up a grade: stage and grade.
    Up(i32, i32),
    /// Straight on into the next stage of the same school: stage and grade.
    On(i32, i32),
    /// Out of the stage.
    Graduates,
}

/// Where a grade goes in a school that runs these stages. Senior school is entered by examination, so nobody goes straight on
/// into it.
pub fn next(stages: &[Stage], stage: i32, grade: i32) -> Next {
    if grade < last_grade(stage) {
        return Next::Up(stage, grade + 1);
    }
    let runs_both = stages.contains(&Stage::Primary) && stages.contains(&Stage::Junior);
    if stage == Stage::Primary as i32 && runs_both {
        return Next::On(Stage::Junior as i32, 1);
    }
    Next::Graduates
}

/// Why a student in this state stays; `None` for who moves and for who has left.
pub fn stays(state: i32, entry_year: i32, school_year: i32) -> Option<StayReason> {
    match State::try_from(state).unwrap_or_default() {
        State::Suspended => Some(StayReason::Suspended),
        State::Deferred => Some(StayReason::Deferred),
        State::Abroad => Some(StayReason::Abroad),
        State::DroppedOut => Some(StayReason::DroppedOut),
        State::Enrolled if entry_year >= school_year => Some(StayReason::New),
        _ => None,
    }
}

/// The day on which who graduates before a school year does so: today, or the last day of the school year before.
pub fn graduation_day(school_year: i32, today: NaiveDate) -> NaiveDate {
    let first = crate::school_year::first_day(school_year);
    first.pred_opt().map_or(today, |last| last.min(today))
}

/// Whether today lies in the season of the promotion into a school year.
pub(crate) fn is_season(school_year: i32, today: NaiveDate) -> bool {
    let [from, to] = season(school_year);
    (from..=to).contains(&today)
}

fn season(school_year: i32) -> [NaiveDate; 2] {
    SEASON.map(|(month, day)| {
        NaiveDate::from_ymd_opt(school_year, month, day).unwrap_or(NaiveDate::MAX)
    })
}

/// Fails with `PROMOTION_OUT_OF_SEASON` unless today lies in the season of the school year.
pub fn check_season(school_year: i32, today: NaiveDate) -> Result<(), PromotionError> {
    if is_season(school_year, today) {
        return Ok(());
    }
    let [from, to] = season(school_year);
    Err(PromotionError::OutOfSeason {
        from: from.to_string(),
        to: to.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Stage::{Junior, Primary, Senior};

    fn of(stages: &[Stage], stage: Stage, grade: i32) -> Next {
        next(stages, stage as i32, grade)
    }

    #[test]
    fn grades_move_up_and_the_last_of_a_stage_graduates() {
        assert_eq!(of(&[Primary], Primary, 1), Next::Up(1, 2));
        assert_eq!(of(&[Primary], Primary, 6), Next::Graduates);
        assert_eq!(of(&[Junior], Junior, 2), Next::Up(2, 3));
        assert_eq!(of(&[Junior, Senior], Junior, 3), Next::Graduates);
    }

    #[test]
    fn in_a_nine_year_school_primary_goes_straight_on() {
        assert_eq!(of(&[Primary, Junior], Primary, 6), Next::On(2, 1));
        assert_eq!(of(&[Primary, Junior, Senior], Junior, 3), Next::Graduates);
    }

    #[test]
    fn who_is_on_leave_abroad_or_deferred_stays_and_so_does_who_enters() {
        let stays = |state: State, year| stays(state as i32, year, 2026);
        assert_eq!(stays(State::Suspended, 2020), Some(StayReason::Suspended));
        assert_eq!(stays(State::Deferred, 2026), Some(StayReason::Deferred));
        assert_eq!(stays(State::Abroad, 2020), Some(StayReason::Abroad));
        assert_eq!(stays(State::Enrolled, 2026), Some(StayReason::New));
        assert_eq!(stays(State::Enrolled, 2025), None);
    }

    #[test]
    fn promotion_has_its_season_around_the_border_of_school_years() {
        let on = |text: &str| check_season(2026, text.parse().unwrap()).is_ok();
        assert!(!on("2026-06-30"));
        assert!(on("2026-07-01"));
        assert!(on("2026-09-30"));
        assert!(!on("2026-10-01"));
        assert!(!on("2025-08-01"));
    }

    #[test]
    fn who_graduates_does_so_in_the_school_year_that_ends() {
        let day = |text: &str| graduation_day(2026, text.parse().unwrap()).to_string();
        assert_eq!(day("2026-07-05"), "2026-07-05");
        assert_eq!(day("2026-09-10"), "2026-08-31");
    }
}
