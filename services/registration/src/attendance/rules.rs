//! What absences add up to, and when that is a suspicion: pure.
//!
//! Only days on which the pupil was called count. A run goes on over weekends, holidays and days without a sheet, for
//! nobody was called on them: a school that skips a day keeps no child off the list (RULES D5 leaves it to the place; DESIGN). Who is
//! marked present on such a day later takes the suspicion's basis away: it is cleared, and cannot be confirmed. A day of leave
//! neither counts nor ends a run; a day of attendance ends it.

use chrono::NaiveDate;

use super::called::{Kind, is_present, is_without_leave};

/// What the absences of a pupil add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Absence {
    /// School days without leave in a row, up to the last one called.
    pub unexcused_run_school_days: u32,
    /// School days without leave in the term of the last of them.
    pub cumulative_school_days: u32,
    /// The last day on which the pupil was there.
    pub last_present: Option<NaiveDate>,
}

/// From how many days without leave on a pupil is suspected to have dropped out (疑似辍学).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// In a row.
    pub consecutive: u32,
    /// In the term.
    pub total: u32,
}

/// Adds up the days on which a pupil was called. The sum is of the term of the last absence, which begins as `term_begin` says of a
/// day: what was missed to the last day of a term is missed in the holidays as well. Absences count only after `settled`, the
/// day up to which a case has dealt with them.
pub fn add_up(
    days: impl IntoIterator<Item = (NaiveDate, Kind)>,
    term_begin: impl Fn(NaiveDate) -> NaiveDate,
    settled: Option<NaiveDate>,
) -> Absence {
    let mut days: Vec<(NaiveDate, Kind)> = days.into_iter().collect();
    days.sort_unstable_by_key(|(date, _)| std::cmp::Reverse(*date));
    let mut found = Absence::default();
    let mut begin = None;
    for (date, kind) in days {
        if is_present(kind) {
            found.last_present.get_or_insert(date);
            continue;
        }
        if !is_without_leave(kind) || settled.is_some_and(|settled| date <= settled) {
            continue;
        }
        if found.last_present.is_none() {
            found.unexcused_run_school_days += 1;
        }
        if date >= *begin.get_or_insert_with(|| term_begin(date)) {
            found.cumulative_school_days += 1;
        }
    }
    found
}

// === impl Thresholds ===

impl Thresholds {
    /// Whether absences reach one of them. A threshold of 0 is switched off.
    pub fn are_reached(&self, absence: &Absence) -> bool {
        let reached = |days: u32, threshold: u32| threshold > 0 && days >= threshold;
        reached(absence.unexcused_run_school_days, self.consecutive)
            || reached(absence.cumulative_school_days, self.total)
    }

    /// The fewest days that reach any of them.
    pub fn least(&self) -> u32 {
        let set = [self.consecutive, self.total].into_iter();
        set.filter(|days| *days > 0).min().unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use chrono::Days;
    use junheng_kernel::calendar::Calendar;
    use proptest::prelude::*;

    use super::super::terms::{begin_of, is_school_day};
    use super::*;

    static CALENDAR: LazyLock<Calendar> = LazyLock::new(Calendar::builtin);
    const WUHAN: i64 = 420_106_000_000;
    const LOCAL: Thresholds = Thresholds {
        consecutive: 3,
        total: 10,
    };

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn kind() -> impl Strategy<Value = Kind> {
        prop::sample::select(vec![
            Kind::Present,
            Kind::Late,
            Kind::Unexcused,
            Kind::Unknown,
            Kind::Sick,
            Kind::Personal,
        ])
    }

    /// Marks on the school days that follow a day, across the National Day holiday.
    fn marked(kinds: &[Kind]) -> Vec<(NaiveDate, Kind)> {
        let days = (0..).map(|days| day("2026-09-21") + Days::new(days));
        let taught = days.filter(|date| is_school_day(&CALENDAR, WUHAN, *date));
        taught.zip(kinds.iter().copied()).collect()
    }

    fn begin_in_wuhan(date: NaiveDate) -> NaiveDate {
        begin_of(WUHAN, date)
    }

    fn sum(days: &[(NaiveDate, Kind)]) -> Absence {
        add_up(days.iter().copied(), begin_in_wuhan, None)
    }

    #[test]
    fn a_run_crosses_weekends_and_holidays() {
        let days = [
            (day("2026-09-29"), Kind::Present),
            (day("2026-09-30"), Kind::Unexcused),
            (day("2026-10-08"), Kind::Unknown),
            (day("2026-10-09"), Kind::Unexcused),
        ];
        let absence = sum(&days);
        assert_eq!(absence.unexcused_run_school_days, 3);
        assert_eq!(absence.last_present, Some(day("2026-09-29")));
        assert!(LOCAL.are_reached(&absence));
        assert!(!LOCAL.are_reached(&sum(&days[..3])));
    }

    #[test]
    fn the_sum_is_the_terms_and_the_run_is_not() {
        let days = [
            (day("2026-07-09"), Kind::Unexcused),
            (day("2026-07-10"), Kind::Unexcused),
            (day("2026-09-01"), Kind::Unexcused),
        ];
        let absence = sum(&days);
        assert_eq!(absence.unexcused_run_school_days, 3);
        assert_eq!(absence.cumulative_school_days, 1);
    }

    #[test]
    fn what_was_missed_in_a_term_is_missed_when_it_is_over() {
        let days: Vec<_> = marked(&[Kind::Unexcused; 10]);
        assert_eq!(sum(&days).cumulative_school_days, 10);
        let mut next = days.clone();
        next.push((day("2027-03-01"), Kind::Unexcused));
        assert_eq!(sum(&next).cumulative_school_days, 1, "a term of its own");
    }

    #[test]
    fn what_a_case_has_dealt_with_does_not_count_again() {
        let days: Vec<_> = marked(&[Kind::Unexcused; 12]);
        let settled = days[9].0;
        let absence = add_up(days.clone(), begin_in_wuhan, Some(settled));
        assert_eq!(absence.unexcused_run_school_days, 2);
        assert_eq!(absence.cumulative_school_days, 2);
        assert!(LOCAL.are_reached(&sum(&days)) && !LOCAL.are_reached(&absence));
    }

    #[test]
    fn a_threshold_of_none_is_switched_off() {
        let run = Thresholds {
            consecutive: 0,
            total: 10,
        };
        assert!(!run.are_reached(&sum(&marked(&[Kind::Unexcused; 9]))));
        assert_eq!(run.least(), 10);
        assert_eq!(LOCAL.least(), 3);
    }

    proptest! {
        #[test]
        fn a_day_of_leave_breaks_nothing(kinds in prop::collection::vec(kind(), 1..30), at in 0_usize..30) {
            let days = marked(&kinds);
            let without: Vec<_> = days.iter().copied()
                .filter(|(_, kind)| !matches!(kind, Kind::Sick | Kind::Personal)).collect();
            prop_assert_eq!(sum(&days), sum(&without));
            let mut excused = days.clone();
            let at = at % excused.len();
            if is_without_leave(excused[at].1) {
                excused[at].1 = Kind::Sick;
                let (before, after) = (sum(&days), sum(&excused));
                prop_assert_eq!(before.cumulative_school_days, after.cumulative_school_days + 1);
                prop_assert!(after.unexcused_run_school_days <= before.unexcused_run_school_days);
                prop_assert!(after.unexcused_run_school_days + 1 >= before.unexcused_run_school_days);
            }
        }

        #[test]
        fn days_without_a_sheet_change_nothing_but_what_they_would_have_said(
            kinds in prop::collection::vec(kind(), 1..30), apart in 1_u64..9,
        ) {
            let days = marked(&kinds);
            let spread: Vec<_> = days.iter().zip(0_u64..)
                .map(|((date, kind), number)| (*date + Days::new(number * apart), *kind)).collect();
            // A term as long as all of them.
            let in_one = |days: &[(NaiveDate, Kind)]| add_up(days.iter().copied(), |_| day("2026-09-01"), None);
            let (one, other) = (in_one(&days), in_one(&spread));
            prop_assert_eq!(one.unexcused_run_school_days, other.unexcused_run_school_days);
            prop_assert_eq!(one.cumulative_school_days, other.cumulative_school_days);
        }

        #[test]
        fn attendance_today_ends_every_run(kinds in prop::collection::vec(kind(), 1..30)) {
            let mut days = marked(&kinds);
            days.push((day("2027-01-08"), Kind::Late));
            prop_assert_eq!(sum(&days).unexcused_run_school_days, 0);
            prop_assert_eq!(sum(&days).last_present, Some(day("2027-01-08")));
        }

        #[test]
        fn the_order_of_the_days_does_not_matter(
            kinds in prop::collection::vec(kind(), 1..30).prop_map(|kinds| marked(&kinds)), seed in any::<u64>(),
        ) {
            let mut shuffled = kinds.clone();
            let turn = usize::try_from(seed % kinds.len() as u64).unwrap();
            shuffled.rotate_left(turn);
            prop_assert_eq!(sum(&kinds), sum(&shuffled));
        }
    }
}
