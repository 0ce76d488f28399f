use std::sync::LazyLock;

use junheng_kernel::fault::Fault as _;
use junheng_kernel::region::RegionTable;
use junheng_proto::error::v1::Reason;
use uuid::Uuid;

use super::*;

static CALENDAR: LazyLock<Calendar> = LazyLock::new(Calendar::builtin);
static REGIONS: LazyLock<RegionTable> = LazyLock::new(RegionTable::builtin);

/// A school day of spring 2026.
const TODAY: &str = "2026-03-02";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn pupil(stage: Stage, grade: i32, state: StudentState) -> student::Model {
    student::Model {
        stage: stage as i32,
        grade,
        state: state as i32,
        ..student::Model::sample()
    }
}

fn leave(from: &str, until: &str) -> status_change::Model {
    status_change::Model {
        id: Uuid::now_v7(),
        student: Uuid::nil(),
        school: Uuid::nil(),
        place: 0,
        region: "630103".into(),
        kind: Kind::Suspension as i32,
        state: State::Effective as i32,
        stage: 1,
        grade: 3,
        effective_date: from.into(),
        until_date: until.into(),
        run_start: from.into(),
        closed_date: String::new(),
        school_class: None,
        leave: None,
        content: Vec::new(),
        due_date: String::new(),
        due_provisional: false,
        update_micros: 0,
        version: 1,
    }
}

fn class(stage: Stage, grade: i32) -> school_class::Model {
    school_class::Model {
        id: Uuid::now_v7(),
        school: Uuid::nil(),
        place: 0,
        stage: stage as i32,
        grade,
        grade_year: 2025,
        number: 1,
        version: 1,
    }
}

fn proof(kind: Proof, rest_months: i32, county_hospital: bool) -> StatusProof {
    StatusProof {
        kind: kind.into(),
        document: None,
        rest_months,
        county_hospital,
    }
}

fn every_proof() -> Vec<StatusProof> {
    use Proof::*;
    let kinds = [
        GuardianApplication,
        Medical,
        Recovery,
        StudyAbroad,
        Death,
        Finding,
    ];
    kinds.map(|kind| proof(kind, 3, true)).to_vec()
}

/// A case: the student, what runs, the class.
struct Case {
    student: student::Model,
    leave: Option<status_change::Model>,
    class: Option<school_class::Model>,
    run_start: Option<&'static str>,
    book: &'static RuleBook,
    today: &'static str,
}

impl Case {
    fn of(student: student::Model) -> Self {
        Self {
            student,
            leave: None,
            class: None,
            run_start: None,
            book: RuleBook::builtin().unwrap(),
            today: TODAY,
        }
    }

    fn with_facts<T>(&self, ask: impl Fn(&Facts<'_>) -> T) -> T {
        ask(&Facts {
            student: &self.student,
            leave: self.leave.as_ref(),
            run_start: self.run_start.map(day),
            class: self.class.as_ref(),
            path: &RegionPath::of(&REGIONS, "630103"),
            today: day(self.today),
            calendar: &CALENDAR,
            book: self.book,
        })
    }

    fn refused(
        &self,
        kind: Kind,
        from: &str,
        until: &str,
        proofs: Vec<StatusProof>,
    ) -> Option<Reason> {
        let filing = Filing {
            effective: day(from),
            until: (!until.is_empty()).then(|| day(until)),
            proofs,
        };
        let rule = rule_of(kind as i32).unwrap();
        let judged = self.with_facts(|facts| judge_filing(rule, &filing, facts));
        judged.err().map(|error| error.reason())
    }

    fn files(&self, kind: Kind, from: &str, until: &str) -> Option<Reason> {
        self.refused(kind, from, until, every_proof())
    }
}

fn enrolled() -> Case {
    Case::of(pupil(Stage::Primary, 3, StudentState::Enrolled))
}

fn suspended() -> Case {
    Case {
        leave: Some(leave("2025-10-01", "2026-09-30")),
        run_start: Some("2025-10-01"),
        ..Case::of(pupil(Stage::Primary, 3, StudentState::Suspended))
    }
}

#[test]
fn leaving_school_and_expulsion_do_not_exist_in_compulsory_education() {
    for stage in [Stage::Primary, Stage::Junior] {
        for kind in [Kind::Withdrawal, Kind::Expulsion] {
            assert!(rule_of(kind as i32).is_none());
            let refused = refuse_leaving(kind as i32, stage as i32).unwrap_err();
            assert_eq!(refused.reason(), Reason::NoLeavingSchool);
            assert!(refused.to_string().contains("义务教育法"), "{refused}");
        }
    }
    let senior = refuse_leaving(Kind::Withdrawal as i32, Stage::Senior as i32);
    assert_eq!(senior.unwrap_err().reason(), Reason::FieldInvalid);
    assert!(refuse_leaving(Kind::Suspension as i32, Stage::Primary as i32).is_ok());
}

#[test]
fn a_leave_takes_the_guardians_application_and_three_months_by_a_county_hospital() {
    use Proof::{GuardianApplication, Medical};
    let leave = |proofs| enrolled().refused(Kind::Suspension, TODAY, "2026-08-31", proofs);
    let application = proof(GuardianApplication, 0, false);
    let whole = vec![application.clone(), proof(Medical, 3, true)];
    assert_eq!(leave(whole), None);
    for proofs in [
        vec![],
        vec![application.clone()],
        vec![proof(Medical, 3, true)],
        vec![application.clone(), proof(Medical, 2, true)],
        vec![application, proof(Medical, 6, false)],
    ] {
        assert_eq!(
            leave(proofs.clone()),
            Some(Reason::ProofMissing),
            "{proofs:?}"
        );
    }
}

#[test]
fn a_leave_lasts_a_year_at_most() {
    let leave = |until| enrolled().files(Kind::Suspension, TODAY, until);
    assert_eq!(leave("2027-03-01"), None);
    assert_eq!(leave("2027-03-02"), Some(Reason::LeaveTooLong));
    let entering = Case::of(pupil(Stage::Primary, 1, StudentState::Enrolled));
    assert_eq!(
        entering.files(Kind::Deferral, TODAY, "2027-03-02"),
        Some(Reason::LeaveTooLong)
    );
}

#[test]
fn more_leave_is_asked_for_fifteen_working_days_before_the_end() {
    let ends = |until: &str| {
        let case = Case {
            leave: Some(leave("2025-10-01", until)),
            ..suspended()
        };
        case.files(Kind::Extension, until, "2026-07-31")
    };
    // From Monday 2 March 2026 the 15th working day is Monday 23 March.
    assert_eq!(ends("2026-03-23"), None);
    assert_eq!(ends("2026-03-20"), Some(Reason::ExtensionTooLate));
}

#[test]
fn leave_lasts_two_years_in_a_row_at_most() {
    let more = |until| suspended().files(Kind::Extension, "2026-10-01", until);
    assert_eq!(more("2027-09-30"), None);
    assert_eq!(more("2027-10-01"), Some(Reason::LeaveTooLong));
    // A new leave on the day after the return goes on with the first.
    let again = Case {
        run_start: Some("2024-10-01"),
        ..enrolled()
    };
    assert_eq!(again.files(Kind::Suspension, TODAY, "2026-09-30"), None);
    assert_eq!(
        again.files(Kind::Suspension, TODAY, "2026-10-01"),
        Some(Reason::LeaveTooLong)
    );
}

#[test]
fn every_kind_starts_only_from_its_states() {
    use StudentState::*;
    let states = [
        Enrolled,
        Suspended,
        Deferred,
        Abroad,
        TransferredOut,
        Graduated,
        Deceased,
        Cancelled,
    ];
    for rule in &KINDS {
        for state in states {
            let judged = from_state(rule, &pupil(Stage::Primary, 1, state));
            assert_eq!(
                judged.is_ok(),
                rule.from.contains(&state),
                "{:?} {state:?}",
                rule.kind
            );
        }
    }
    let refused = enrolled().files(Kind::Return, TODAY, "");
    assert_eq!(
        refused,
        Some(Reason::StatusChangeNotApplicable),
        "a return before a leave"
    );
    for (gone, corrected) in [
        (Deceased, true),
        (Graduated, true),
        (Cancelled, false),
        (TransferredOut, false),
    ] {
        for rule in &KINDS {
            let starts = corrected && rule.kind == Kind::Correction;
            assert_eq!(rule.from.contains(&gone), starts, "{gone:?}");
        }
    }
}

#[test]
fn a_return_leads_into_a_class_of_a_fitting_grade() {
    let into = |stage, grade| {
        let case = Case {
            class: Some(class(stage, grade)),
            today: "2026-09-01",
            ..suspended()
        };
        case.files(Kind::Return, "2026-09-01", "")
    };
    assert_eq!(into(Stage::Primary, 3), None);
    assert_eq!(into(Stage::Primary, 4), None, "with the own class");
    assert_eq!(into(Stage::Primary, 2), Some(Reason::GradeNotFitting));
    assert_eq!(into(Stage::Primary, 5), Some(Reason::GradeNotFitting));
    assert_eq!(into(Stage::Junior, 3), Some(Reason::GradeNotFitting));
}

#[test]
fn a_mistaken_end_is_corrected_into_the_grade_that_the_childs_class_has_reached() {
    let back = |state, grade, into: i32| {
        let mut case = Case::of(pupil(Stage::Primary, grade, state));
        case.class = Some(class(Stage::Primary, into));
        case.today = "2026-10-12";
        case.files(Kind::Correction, "2026-10-12", "")
    };
    use StudentState::{Deceased, Enrolled, Graduated};
    assert_eq!(back(Deceased, 3, 3), None);
    assert_eq!(back(Deceased, 3, 4), None);
    assert_eq!(back(Deceased, 3, 5), Some(Reason::GradeNotFitting));
    assert_eq!(back(Graduated, 6, 6), None);
    assert_eq!(
        back(Enrolled, 3, 3),
        Some(Reason::StatusChangeNotApplicable)
    );
}

#[test]
fn a_leave_that_is_over_is_neither_filed_nor_approved() {
    for kind in [Kind::Suspension, Kind::GoingAbroad] {
        let past = enrolled().files(kind, "2025-03-01", "2026-03-01");
        assert_eq!(past, Some(Reason::FieldInvalid));
        assert_eq!(enrolled().files(kind, "2025-09-01", TODAY), None);
    }
    let rule = rule_of(Kind::Suspension as i32).unwrap();
    let change = leave("2025-09-01", "2026-03-01");
    let judged = |today| {
        let case = Case {
            today,
            ..enrolled()
        };
        case.with_facts(|facts| judge(Guard::NotOver, rule, &change, facts))
    };
    assert_eq!(judged("2026-03-01"), Ok(()));
    assert!(judged("2026-03-02").is_err());
}

#[test]
fn repeating_and_skipping_are_refused_unless_the_province_allows_them() {
    static ALLOWED: LazyLock<RuleBook> = LazyLock::new(|| {
        let of_province = |id: &str| {
            format!(
                "[[rule]]\nid = \"{id}\"\nregion = \"63\"\neffective_from = 2020-01-01\nvalue = 1\n\
                 source = \"示例\"\ntrust = \"V\"\n"
            )
        };
        RuleBook::with(&(of_province("repeat.allowed") + &of_province("skip.allowed")))
    });
    for (kind, grade) in [(Kind::Repeating, 2), (Kind::Skipping, 4)] {
        let mut case = Case {
            class: Some(class(Stage::Primary, grade)),
            ..enrolled()
        };
        assert_eq!(
            case.files(kind, TODAY, ""),
            Some(Reason::NotAllowedInProvince)
        );
        case.book = &ALLOWED;
        assert_eq!(case.files(kind, TODAY, ""), None);
        case.class = Some(class(Stage::Primary, 3));
        assert_eq!(case.files(kind, TODAY, ""), Some(Reason::GradeNotFitting));
    }
}

#[test]
fn entry_is_put_off_by_who_enters_and_nobody_else() {
    let deferral = |stage, grade| {
        let case = Case::of(pupil(stage, grade, StudentState::Enrolled));
        case.files(Kind::Deferral, TODAY, "2026-08-31")
    };
    assert_eq!(deferral(Stage::Primary, 1), None);
    assert_eq!(deferral(Stage::Primary, 2), Some(Reason::GradeNotFitting));
    assert_eq!(deferral(Stage::Junior, 1), Some(Reason::GradeNotFitting));
}

#[test]
fn death_takes_its_proof_and_is_closed_within_ten_working_days_of_the_day() {
    let case = enrolled();
    assert_eq!(
        case.refused(Kind::Death, TODAY, "", vec![]),
        Some(Reason::ProofMissing)
    );
    assert_eq!(case.files(Kind::Death, "2026-02-27", ""), None);
    let rule = rule_of(Kind::Death as i32).unwrap();
    let due = case
        .with_facts(|facts| first_due(rule, day("2026-02-27"), facts))
        .unwrap();
    assert_eq!(
        due.date,
        CALENDAR.add_working_days(day("2026-02-27"), 10).date
    );
}

#[test]
fn a_step_that_takes_effect_waits_for_the_day_and_for_the_record_it_was_filed_for() {
    let rule = rule_of(Kind::Suspension as i32).unwrap();
    let change = leave("2026-03-09", "2026-12-31");
    let judge = |case: &Case, guard| case.with_facts(|facts| judge(guard, rule, &change, facts));
    let early = judge(&enrolled(), Guard::DayReached);
    assert_eq!(early, Err(Unmet::NotBefore(day("2026-03-08"))));
    let on_the_day = Case {
        today: "2026-03-09",
        ..enrolled()
    };
    assert_eq!(judge(&on_the_day, Guard::DayReached), Ok(()));
    assert_eq!(judge(&enrolled(), Guard::RecordFits), Ok(()));
    assert!(judge(&suspended(), Guard::RecordFits).is_err());
    let mut elsewhere = enrolled();
    elsewhere.student.school = Uuid::now_v7();
    assert!(judge(&elsewhere, Guard::RecordFits).is_err());
    assert!(judge(&enrolled(), Guard::WithAnotherChange).is_err());
}

#[test]
fn only_the_county_cancels_and_only_schools_file_the_rest() {
    for rule in &KINDS {
        let by_county = rule.kind == Kind::Cancellation;
        let expected = if by_county {
            COUNTY_CLERK
        } else {
            SCHOOL_CLERK
        };
        assert_eq!(rule.filed_by, expected, "{:?}", rule.kind);
        assert!(!rule.proofs.is_empty(), "{:?}", rule.kind);
    }
}
