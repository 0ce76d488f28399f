use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn due(text: &str, provisional: bool) -> Due {
    Due {
        date: day(text),
        provisional,
    }
}

#[test]
fn national_day_2018_took_a_week_and_gave_back_the_weekend_before() {
    let calendar = Calendar::builtin();
    for worked in ["2018-09-28", "2018-09-29", "2018-09-30", "2018-10-08"] {
        assert!(calendar.is_working_day(day(worked)), "{worked}");
    }
    for free in [
        "2018-10-01",
        "2018-10-03",
        "2018-10-05",
        "2018-10-07",
        "2018-09-22",
    ] {
        assert!(!calendar.is_working_day(day(free)), "{free}");
    }
}

#[test]
fn spring_festival_2024_ran_from_february_10_to_17() {
    let calendar = Calendar::builtin();
    let free = (10..=17).map(|at| NaiveDate::from_ymd_opt(2024, 2, at).unwrap());
    assert!(free.into_iter().all(|date| !calendar.is_working_day(date)));
    assert!(
        calendar.is_working_day(day("2024-02-04")),
        "a Sunday worked in exchange"
    );
    assert!(
        calendar.is_working_day(day("2024-02-18")),
        "a Sunday worked in exchange"
    );
}

#[test]
fn the_day_after_is_the_first_that_counts() {
    let calendar = Calendar::builtin();
    assert_eq!(
        calendar.add_working_days(day("2018-09-27"), 1),
        due("2018-09-28", false)
    );
    assert_eq!(
        calendar.add_working_days(day("2018-09-27"), 3),
        due("2018-09-30", false)
    );
    assert_eq!(
        calendar.add_working_days(day("2018-09-27"), 4),
        due("2018-10-08", false)
    );
    assert_eq!(
        calendar.add_working_days(day("2018-10-03"), 1),
        due("2018-10-08", false),
        "begun in a holiday"
    );
    assert_eq!(
        calendar.add_working_days(day("2018-10-03"), 0),
        due("2018-10-03", false)
    );
}

#[test]
fn a_date_that_passes_an_unannounced_year_is_provisional() {
    let calendar = Calendar::builtin();
    assert!(!calendar.add_working_days(day("2026-12-01"), 10).provisional);
    assert!(calendar.add_working_days(day("2026-12-01"), 30).provisional);
    assert!(calendar.add_working_days(day("2030-05-04"), 1).provisional);
    assert!(calendar.add_working_days(day("2003-12-01"), 5).provisional);
    assert!(!calendar.add_working_days(day("2003-12-31"), 5).provisional);
}

#[test]
fn the_last_days_of_december_wait_for_the_next_years_notice() {
    let calendar = Calendar::builtin();
    assert!(!calendar.add_working_days(day("2026-12-24"), 1).provisional);
    assert!(calendar.add_working_days(day("2026-12-28"), 1).provisional);
    assert!(!calendar.add_working_days(day("2022-12-29"), 1).provisional);
}

#[test]
fn a_notice_added_settles_its_year() {
    let calendar =
        Calendar::with_extra("# 2027\n2027-01-01\tholiday\t元旦\n2027-01-02\tworkday\t调休\n")
            .unwrap();
    let reached = calendar.add_working_days(day("2026-12-31"), 1);
    assert_eq!(reached, due("2027-01-02", false));
    assert_eq!(
        Calendar::with_extra("2027-01-01\tfree\t元旦").unwrap_err(),
        CalendarError { line: 1 }
    );
    assert_eq!(
        Calendar::with_extra("\n2027-13-01\tholiday\t元旦").unwrap_err(),
        CalendarError { line: 2 }
    );
}

#[test]
fn counting_and_adding_agree_with_a_walk_day_by_day() {
    let calendar = Calendar::builtin();
    let mut from = day("2003-12-20");
    while from < day("2027-02-01") {
        let (mut date, mut passed) = (from, 0);
        while passed < 12 {
            date = date.succ_opt().unwrap();
            passed += i64::from(calendar.is_working_day(date));
            assert_eq!(calendar.working_days_between(from, date), passed);
            assert_eq!(calendar.working_days_between(date, from), -passed);
        }
        assert_eq!(
            calendar.add_working_days(from, 12).date,
            date,
            "from {from}"
        );
        from = from + Days::new(5);
    }
}

#[test]
fn absurd_numbers_end_at_the_calendars_end() {
    let calendar = Calendar::builtin();
    assert_eq!(
        calendar.add_working_days(day("2026-01-01"), u32::MAX).date,
        NaiveDate::MAX
    );
    assert_eq!(date_in_china(i64::MAX), NaiveDate::MAX);
    assert_eq!(date_in_china(i64::MIN), NaiveDate::MIN);
}

#[test]
fn a_day_in_china_begins_eight_hours_before_utc() {
    let four_pm_utc = start_of_day_in_china(day("2026-03-01"));
    assert_eq!(four_pm_utc, 1_772_294_400_000_000);
    assert_eq!(date_in_china(four_pm_utc), day("2026-03-01"));
    assert_eq!(date_in_china(four_pm_utc - 1), day("2026-02-28"));
    assert_eq!(date_in_china(0), day("1970-01-01"));
    assert_eq!(date_in_china(-28_800_000_001), day("1969-12-31"));
}
