//! Guards, one by one.

use std::sync::LazyLock;

use super::super::workflow::{GUARDS, State};
use super::*;

static CALENDAR: LazyLock<Calendar> = LazyLock::new(Calendar::builtin);

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn facts() -> Facts<'static> {
    Facts {
        today: day("2026-04-20"),
        calendar: &CALENDAR,
        numbers: Numbers {
            least_visits: 2,
            stable_days: 20,
            most_absent: 2,
            most_fine_fen: 0,
            hearing_days: 5,
        },
        level: Level::School,
        evidence: 0,
        has_school: true,
        visits: 0,
        ground: 0,
        known: Known {
            state: State::Suspected,
            student: Some((StudentState::Enrolled as i32, Stage::Junior as i32, 0)),
            ..Known::default()
        },
        papers: Papers::default(),
        since_found: Presence::default(),
        basis_gone: false,
        returned: None,
        since_return: Presence::default(),
        closing_open: false,
        official_line: None,
        school_line: None,
        notices: Notices::default(),
    }
}

fn served_on(served: &str, comply: &str) -> Option<Notice> {
    Some(Notice {
        served: Some(day(served)),
        comply: Some(day(comply)),
    })
}

fn person(name: &str) -> Option<ResponsiblePerson> {
    Some(ResponsiblePerson {
        display_name: name.into(),
        ..ResponsiblePerson::default()
    })
}

fn passes(guard: Guard, facts: &Facts<'_>) -> bool {
    judge(guard, facts).is_ok()
}

#[test]
fn nothing_known_passes_no_guard_but_the_schools_own_and_a_day_that_runs() {
    for guard in GUARDS {
        let lets = [
            Guard::Unexplained,
            Guard::BySchool,
            Guard::InTime,
            Guard::NoClosingOpen,
        ];
        let lets = lets.contains(guard);
        assert_eq!(passes(*guard, &facts()), lets, "{guard:?}");
    }
}

#[test]
fn every_refusal_says_what_is_missing_in_both_languages() {
    for guard in GUARDS {
        if let Err(Unmet::Missing(english, chinese)) = judge(*guard, &facts()) {
            assert!(english.len() > 5, "{guard:?}");
            assert!(chinese.chars().any(|one| one > '\u{4e00}'), "{guard:?}");
        }
    }
}

#[test]
fn a_suspicion_is_explained_by_presence_leave_or_transfer_and_not_by_a_leave_that_ran_out() {
    let mut known = facts();
    known.since_found.days = 1;
    assert!(passes(Guard::Explained, &known) && !passes(Guard::Unexplained, &known));
    let mut known = facts();
    known.known.student = Some((StudentState::Suspended as i32, Stage::Junior as i32, 0));
    assert!(!passes(Guard::Explained, &known));
    known.known.leave_runs = true;
    assert!(passes(Guard::Explained, &known));
    let mut known = facts();
    known.known.transferred = true;
    assert!(passes(Guard::Explained, &known));
}

#[test]
fn the_county_clears_by_evidence_and_a_school_does_not() {
    let mut given = facts();
    given.evidence = 1;
    assert!(!passes(Guard::Explained, &given));
    given.level = Level::County;
    assert!(passes(Guard::Explained, &given));
}

#[test]
fn both_lines_are_named_to_the_last_seat() {
    let officials = OfficialLine {
        county: person("一"),
        township: person("二"),
        village: person("三"),
        household: person("四"),
    };
    let mut teachers = SchoolLine {
        bureau: person("五"),
        head: person("六"),
        class_teacher: None,
    };
    let judged = |officials: &OfficialLine, teachers: &SchoolLine, has_school| {
        let mut named = facts();
        named.has_school = has_school;
        named.official_line = Some(officials);
        named.school_line = Some(teachers);
        passes(Guard::LinesNamed, &named)
    };
    assert!(!judged(&officials, &teachers, true), "no class teacher");
    assert!(judged(&officials, &teachers, false), "no school, no class");
    teachers.class_teacher = person(" ");
    assert!(!judged(&officials, &teachers, true), "a blank is no name");
    teachers.class_teacher = person("七");
    assert!(judged(&officials, &teachers, true));
    let without_village = OfficialLine {
        village: None,
        ..officials
    };
    assert!(!judged(&without_village, &teachers, true));
}

#[test]
fn the_school_reports_after_as_many_visits_as_the_place_asks_for() {
    let mut visited = facts();
    visited.visits = 1;
    assert!(!passes(Guard::VisitedEnough, &visited));
    visited.visits = 2;
    assert!(passes(Guard::VisitedEnough, &visited));
    visited.level = Level::County;
    assert!(!passes(Guard::BySchool, &visited));
    visited.has_school = false;
    assert!(passes(Guard::BySchool, &visited));
}

#[test]
fn an_order_expires_on_the_day_after_the_last_one_given() {
    let mut ordered = facts();
    ordered.notices.order = Some(Notice::default());
    assert!(matches!(
        judge(Guard::OrderExpired, &ordered),
        Err(Unmet::Missing(..))
    ));
    ordered.notices.order = served_on("2026-04-10", "2026-04-20");
    assert_eq!(
        judge(Guard::OrderExpired, &ordered),
        Err(Unmet::NotBefore(day("2026-04-20")))
    );
    ordered.today = day("2026-04-21");
    assert!(passes(Guard::OrderExpired, &ordered));
}

#[test]
fn a_penalty_waits_for_five_working_days_after_prior_notice_and_for_a_legal_basis() {
    let mut noticed = facts();
    // A Friday: the fifth working day after it is the Friday after.
    noticed.notices.prior = served_on("2026-04-10", "2026-04-10");
    noticed.today = day("2026-04-17");
    assert_eq!(
        judge(Guard::Heard, &noticed),
        Err(Unmet::NotBefore(day("2026-04-17")))
    );
    noticed.today = day("2026-04-18");
    assert!(passes(Guard::Heard, &noticed));
    assert!(!passes(Guard::LegalBasis, &noticed));
    noticed.numbers.most_fine_fen = 100_000;
    assert!(passes(Guard::LegalBasis, &noticed));
}

#[test]
fn a_fine_is_overdue_after_fifteen_days_and_a_reminder_after_its_own() {
    let mut decided = facts();
    decided.notices.decision = served_on("2026-04-05", "2026-04-20");
    assert_eq!(
        judge(Guard::FineOverdue, &decided),
        Err(Unmet::NotBefore(day("2026-04-20")))
    );
    decided.today = day("2026-04-21");
    assert!(passes(Guard::FineOverdue, &decided));
    decided.notices.urge = served_on("2026-04-10", "2026-04-20");
    assert!(passes(Guard::UrgeDrawn, &decided) && passes(Guard::UrgeExpired, &decided));
}

#[test]
fn a_return_is_proven_by_attendance_and_stable_only_after_enough_of_it() {
    let mut back = facts();
    back.since_return.first = Some(day("2026-04-01"));
    back.returned = Some(day("2026-03-31"));
    assert!(!passes(Guard::Present, &back), "away on the day itself");
    back.returned = Some(day("2026-04-01"));
    assert!(passes(Guard::Present, &back));
    back.since_return.days = 19;
    assert!(!passes(Guard::PresentForLong, &back));
    back.since_return.days = 20;
    assert!(passes(Guard::PresentForLong, &back));
    back.since_return.unexcused = 3;
    assert!(!passes(Guard::PresentForLong, &back));
    back.known.student = None;
    assert!(!passes(Guard::Present, &back), "no record, no attendance");
}

#[test]
fn closing_needs_a_request_and_a_ground_that_is_proven() {
    let mut asked = facts();
    asked.ground = ground::Ground::NoFault as i32;
    assert!(passes(Guard::ClosingRequested, &asked));
    assert!(passes(Guard::NoClosingOpen, &asked));
    asked.closing_open = true;
    assert!(!passes(Guard::NoClosingOpen, &asked));
    assert!(!passes(Guard::GroundProven, &asked));
    asked.known.evidence = 1;
    assert!(passes(Guard::GroundProven, &asked));
}

#[test]
fn a_phone_has_digits_and_what_is_none_is_told_by_its_field() {
    let person = |phone: &str| ResponsiblePerson {
        display_name: "县领导".to_owned(),
        phone: phone.to_owned(),
        ..Default::default()
    };
    for phone in ["", "13800000000", "+86 971-8230000", "138****0000"] {
        assert!(
            check_person("p", Some(&person(phone))).is_empty(),
            "{phone}"
        );
    }
    for phone in ["电话", "无", "1234", "12345678901234567890123"] {
        let wrong = check_person("p", Some(&person(phone)));
        assert_eq!(wrong[0].field, "p.phone", "{phone}");
    }
}

#[test]
fn a_day_lies_between_its_bounds_and_is_written_in_full() {
    let (from, to) = (day("2026-04-01"), day("2026-04-20"));
    assert!(day_between("date", "2026-04-01", from, to).is_ok());
    assert!(day_between("date", "2026-04-20", from, to).is_ok());
    for wrong in ["2026-03-31", "2026-04-21", "2026-4-1", ""] {
        assert!(day_between("date", wrong, from, to).is_err(), "{wrong}");
    }
}

#[test]
fn a_penalty_is_decided_in_its_days_and_one_that_was_not_leaves_the_order_to_enforce() {
    let mut told = facts();
    told.notices.decide_until = Some(day("2026-04-20"));
    assert!(passes(Guard::InTime, &told), "its last day");
    assert!(!passes(Guard::NotDecided, &told));
    told.notices.decide_until = Some(day("2026-04-19"));
    assert!(!passes(Guard::InTime, &told));
    assert!(passes(Guard::NotDecided, &told));
    told.notices.decision = served_on("2026-04-01", "2026-04-16");
    assert!(!passes(Guard::NotDecided, &told), "it was decided");
}
