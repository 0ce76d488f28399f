//! A missing figure is shown and stops what depends on it; it is never zero.

use junheng_kernel::rule_book::RegionPath;

use super::sample::{DAY, framework, reported, row, school};
use crate::framework::assess::assess;
use crate::framework::coefficient::NotComputable;
use crate::framework::school::{GapKind, School};
use crate::framework::stage::Stage::{self, Junior, Primary};
use crate::framework::verdict::{CountyVerdict, Outcome, Reason};

fn judge(schools: &[School]) -> CountyVerdict {
    let framework = framework("quality-2017");
    let profile = framework
        .profile(&RegionPath::of_codes(&[]), DAY)
        .expect("in force");
    assess(&framework, profile, schools).expect("distinct schools")
}

fn primary(key: &str) -> School {
    school(key, "211", &[(Primary, 100)])
}

fn gaps(verdict: &CountyVerdict) -> Vec<(&str, Stage, &str, GapKind)> {
    verdict
        .gaps
        .iter()
        .map(|gap| {
            (
                gap.school.as_str(),
                gap.stage,
                gap.measure.as_str(),
                gap.kind,
            )
        })
        .collect()
}

#[test]
fn a_missing_measure_stops_its_school_and_its_coefficient_and_no_other() {
    let verdict = judge(&[primary("a"), primary("b").without("area.indoor_sports")]);
    let expected = [("b", Primary, "area.indoor_sports", GapKind::Missing)];
    assert_eq!(gaps(&verdict), expected);
    assert_eq!(row(&verdict, "a", Primary).outcome, Outcome::Passes);
    assert_eq!(row(&verdict, "b", Primary).outcome, Outcome::NotComputable);
    for coefficient in &verdict.stages[0].coefficients {
        let stopped = coefficient.dispersion == Err(NotComputable::Gaps { schools: 1 });
        assert_eq!(stopped, coefficient.indicator == "L4");
    }
    assert_eq!(verdict.outcome, Outcome::NotComputable);
    assert_eq!(verdict.reasons.len(), 2, "{:?}", verdict.reasons);
}

#[test]
fn a_school_without_a_roll_stops_every_coefficient_of_its_stage() {
    let verdict = judge(&[primary("a"), primary("b").without("pupils.total")]);
    assert_eq!(
        gaps(&verdict),
        [("b", Primary, "pupils.total", GapKind::Missing)]
    );
    let all_stopped = verdict.stages[0]
        .coefficients
        .iter()
        .all(|one| one.outcome == Outcome::NotComputable);
    assert!(all_stopped);
}

#[test]
fn a_roll_of_zero_drops_the_stage_and_is_no_gap() {
    let growing = school("n", "312", &[(Primary, 100), (Junior, 0)]);
    let verdict = judge(&[growing, school("j", "311", &[(Junior, 100)])]);
    assert_eq!(verdict.outcome, Outcome::Passes, "{:?}", verdict.gaps);
    assert_eq!(row(&verdict, "n", Junior).outcome, Outcome::NotJudged);
    assert_eq!(verdict.stages[1].schools, 1);
}

#[test]
fn schools_without_any_pupils_are_not_computable() {
    let verdict = judge(&[school("a", "211", &[(Primary, 0)])]);
    assert_eq!(verdict.outcome, Outcome::NotComputable);
    let why = NotComputable::NoPupils;
    assert!(
        verdict.reasons.iter().all(
            |reason| matches!(reason, Reason::NotComputable { why: found, .. } if *found == why)
        )
    );
}

#[test]
fn a_county_without_any_tested_school_is_not_judged() {
    assert_eq!(judge(&[]).outcome, Outcome::NotJudged);
}

#[test]
fn teachers_of_a_mixed_school_must_be_reported_by_section() {
    let name = "teachers.full_time.sports_arts";
    let mut mixed = school("n", "312", &[(Primary, 100), (Junior, 100)]).without(name);
    mixed.measures.push(reported(name, None, 9));
    let verdict = judge(&[mixed]);
    let expected = [
        ("n", Primary, name, GapKind::NotByStage),
        ("n", Junior, name, GapKind::NotByStage),
    ];
    assert_eq!(gaps(&verdict), expected);
}

#[test]
fn a_shared_value_waits_for_the_senior_roll_of_a_complete_school() {
    let complete = school("c", "341", &[(Junior, 100)]);
    let verdict = judge(&[complete]);
    assert_eq!(
        gaps(&verdict),
        [("c", Stage::Senior, "pupils.total", GapKind::Missing)]
    );
}

#[test]
fn impossible_values_are_gaps_with_their_kind() {
    let kind = |school: School| judge(&[school]).gaps[0].kind;
    assert_eq!(
        kind(primary("a").with("equipment.value", -1)),
        GapKind::Negative
    );
    let whole = "teachers.full_time";
    let too_many = primary("a").with("teachers.full_time.college_up", 101);
    assert_eq!(kind(too_many), GapKind::ExceedsWhole { whole });
    let mut twice = primary("a");
    twice.measures.push(reported("equipment.value", None, 1));
    assert_eq!(kind(twice), GapKind::ReportedTwice);
}

#[test]
fn a_single_stage_school_may_report_for_the_school_as_a_whole() {
    let mut whole = primary("a");
    for measure in &mut whole.measures {
        measure.stage = None;
    }
    assert_eq!(judge(&[whole]).outcome, Outcome::Passes);
}
