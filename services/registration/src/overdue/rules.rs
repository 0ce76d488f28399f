//! Whose turn a step is, and how far it has climbed. Pure.

use chrono::{Days, NaiveDate};
use junheng_kernel::calendar::Calendar;
use junheng_kernel::post::{LEVELS, Level, Role};
use junheng_kernel::region::{Region, RegionLevel};

/// The level of a region's posts: a city without counties acts as one.
pub fn level_of(region: &Region) -> Level {
    match region.level {
        RegionLevel::Nation | RegionLevel::Province => Level::Province,
        RegionLevel::City if !region.acts_as_county() => Level::City,
        _ => Level::County,
    }
}

/// The level whose step it is: of those that may take it the lowest that is not below the record's own. A city that does not
/// exist leaves its turn to the province.
pub fn own_level(by: &[Role], record: Level, has_city: bool) -> Level {
    let levels = LEVELS
        .into_iter()
        .filter(|level| rank(*level) >= rank(record));
    let lowest = levels
        .filter(|level| by.iter().any(|role| role.level == *level))
        .find(|level| *level != Level::City || has_city);
    lowest.unwrap_or(Level::Province)
}

/// The level one up.
pub fn above(level: Level, has_city: bool) -> Level {
    match level {
        Level::School => Level::County,
        Level::County if has_city => Level::City,
        _ => Level::Province,
    }
}

/// How often a step has climbed by now: not within its first stretch of days.
pub fn climbs(working_days_past: i64, stretch: i64) -> i64 {
    (working_days_past - 1).max(0) / stretch.max(1)
}

/// The highest level at which it shows.
pub fn shown_at(own: Level, climbs: i64, has_city: bool) -> Level {
    let mut level = own;
    for _ in 0..climbs.min(LEVELS.len() as i64) {
        level = above(level, has_city);
    }
    level
}

/// The fewest climbs from one level to another, wherever the record lies.
pub fn fewest_climbs(from: Level, to: Level) -> i64 {
    let mut level = from;
    let mut climbs = 0;
    while rank(level) < rank(to) {
        level = above(level, to != Level::Province);
        climbs += 1;
    }
    climbs
}

/// Whether a level is as high as another.
pub fn reaches(level: Level, other: Level) -> bool {
    rank(level) >= rank(other)
}

/// The first due date that has not climbed so often by today: those before it have.
pub fn not_climbed_from(
    calendar: &Calendar,
    today: NaiveDate,
    climbs: i64,
    stretch: i64,
) -> NaiveDate {
    let past = match climbs {
        0 => return today,
        climbs => climbs * stretch.max(1) + 1,
    };
    let mut day = today;
    while calendar.working_days_between(day, today) < past {
        match day.checked_sub_days(Days::new(1)) {
            Some(before) => day = before,
            None => return day,
        }
    }
    day.succ_opt().unwrap_or(day)
}

fn rank(level: Level) -> usize {
    LEVELS
        .iter()
        .position(|known| *known == level)
        .unwrap_or(LEVELS.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use junheng_kernel::post::Duty;

    fn role(level: Level) -> Role {
        Role::new(level, Duty::Approver)
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_turn_is_the_lowest_level_that_may_take_the_step_and_is_not_below_the_record() {
        let both = [role(Level::School), role(Level::County)];
        assert_eq!(own_level(&both, Level::School, true), Level::School);
        assert_eq!(own_level(&both, Level::County, true), Level::County);
        let above = [role(Level::City), role(Level::Province)];
        assert_eq!(own_level(&above, Level::School, true), Level::City);
        assert_eq!(own_level(&above, Level::School, false), Level::Province);
        let all = LEVELS.map(role);
        assert_eq!(own_level(&all, Level::City, true), Level::City);
    }

    #[test]
    fn a_step_stays_for_its_first_stretch_and_climbs_one_level_for_each_further_one() {
        let at = |past| shown_at(Level::School, climbs(past, 5), true);
        assert_eq!([at(0), at(1), at(5)], [Level::School; 3]);
        assert_eq!([at(6), at(10)], [Level::County; 2]);
        assert_eq!([at(11), at(15)], [Level::City; 2]);
        assert_eq!([at(16), at(500)], [Level::Province; 2]);
    }

    #[test]
    fn a_city_that_does_not_exist_is_passed_over() {
        assert_eq!(shown_at(Level::School, 2, false), Level::Province);
        assert_eq!(fewest_climbs(Level::School, Level::Province), 2);
        assert_eq!(fewest_climbs(Level::School, Level::City), 2);
        assert_eq!(fewest_climbs(Level::County, Level::County), 0);
        assert_eq!(fewest_climbs(Level::City, Level::County), 0);
    }

    #[test]
    fn the_cutoff_says_the_same_as_the_count_of_days() {
        let calendar = Calendar::builtin();
        for today in ["2026-10-09", "2026-11-22", "2026-02-24", "2026-05-06"].map(day) {
            for wanted in 0..4 {
                let cutoff = not_climbed_from(&calendar, today, wanted, 5);
                for back in 1..90 {
                    let due = today - Days::new(back);
                    let past = calendar.working_days_between(due, today);
                    let has = climbs(past, 5) >= wanted;
                    assert_eq!(due < cutoff, has, "{today} {due} {wanted}");
                }
            }
        }
    }
}
