//! The verdict of 优质均衡 2017.

use junheng_kernel::rule_book::RegionPath;

use super::sample::{DAY, framework, row, school, value};
use crate::framework::assess::assess;
use crate::framework::exact::Exact;
use crate::framework::school::School;
use crate::framework::stage::Stage::{Junior, Primary, Senior};
use crate::framework::verdict::{CountyVerdict, Outcome, Reason};

const GRADUATES: &str = "teachers.full_time.college_up";
const BACKBONE: &str = "teachers.full_time.backbone_county_up";

fn judge(schools: &[School]) -> CountyVerdict {
    let framework = framework("quality-2017");
    let profile = framework
        .profile(&RegionPath::of_codes(&["630103", "630100", "630000"]), DAY)
        .expect("in force");
    assess(&framework, profile, schools).expect("distinct schools")
}

fn primary(key: &str) -> School {
    school(key, "211", &[(Primary, 100_000)])
}

#[test]
fn a_county_of_equal_and_rich_schools_passes() {
    let verdict = judge(&[
        primary("a"),
        primary("b"),
        school("c", "311", &[(Junior, 300)]),
    ]);
    assert_eq!(verdict.outcome, Outcome::Passes, "{:?}", verdict.reasons);
    assert!(verdict.reasons.is_empty() && verdict.gaps.is_empty());
    assert_eq!(verdict.stages[0].schools_passing, 2);
    let alone = verdict.stages[1].coefficients[0]
        .dispersion
        .as_ref()
        .expect("computed");
    assert!(alone.single_school);
}

#[test]
fn the_rounded_figure_decides_on_threshold_and_floor() {
    // Per 100,000 pupils: 4,195 graduates are 4.195 a hundred, reported 4.20.
    #[rustfmt::skip]
    let cases = [
        (4_195, "4.20", true,  true),
        (4_194, "4.19", false, true),
        (3_570, "3.57", false, true),
        (3_569, "3.57", false, true),
        (3_565, "3.57", false, true),
        (3_564, "3.56", false, false),
    ];
    for (graduates, reported, meets, meets_floor) in cases {
        let poor = primary("a").with("teachers.full_time.bachelor_up", 0);
        let verdict = judge(&[poor.with(GRADUATES, graduates)]);
        let row = row(&verdict, "a", Primary);
        let value = value(row, "L1");
        let standing = value.standing.as_ref().expect("judged");
        assert_eq!(
            value.exact,
            Exact::ratio(graduates, 1000).expect("not zero")
        );
        assert_eq!(value.reported.to_string(), reported);
        assert_eq!(
            (standing.meets, standing.meets_floor),
            (meets, meets_floor),
            "{graduates}"
        );
        assert_eq!(row.outcome, Outcome::of(meets_floor), "six others are met");
    }
}

#[test]
fn one_failing_indicator_is_forgiven_above_its_floor_and_two_are_not() {
    let one = primary("a").with(GRADUATES, 4_000);
    let verdict = judge(std::slice::from_ref(&one));
    assert_eq!(row(&verdict, "a", Primary).met, 6);
    assert_eq!(verdict.outcome, Outcome::Passes);

    let verdict = judge(&[one.with(BACKBONE, 900)]);
    assert_eq!(row(&verdict, "a", Primary).met, 5);
    assert_eq!(verdict.outcome, Outcome::Fails);
    let expected = Reason::SchoolFails {
        school: "a".to_owned(),
        stage: Primary,
        below: vec!["L1".to_owned(), "L2".to_owned()],
    };
    assert_eq!(verdict.reasons, [expected]);
}

#[test]
fn one_coefficient_above_the_limit_fails_the_county() {
    // Two schools of equal size with 1−d and 1+d: the coefficient is d.
    let pair = |d: i64| {
        let with = |key, count| primary(key).with("rooms.network_multimedia.count", count);
        judge(&[with("a", 50_000 - d), with("b", 50_000 + d)])
    };
    let reported = |verdict: &CountyVerdict| {
        let last = verdict.stages[0].coefficients.last().expect("L7");
        last.reported.as_ref().expect("computed").to_string()
    };
    let at_limit = pair(25_000);
    assert_eq!(reported(&at_limit), "0.500");
    assert_eq!(at_limit.outcome, Outcome::Passes);
    let rounded_to_limit = pair(25_024);
    assert_eq!(reported(&rounded_to_limit), "0.500", "0.50048 exactly");
    assert_eq!(rounded_to_limit.outcome, Outcome::Passes);
    let above = pair(25_025);
    assert_eq!(reported(&above), "0.501", "0.5005 exactly");
    assert_eq!(above.outcome, Outcome::Fails);
    assert!(matches!(
        above.reasons.as_slice(),
        [Reason::CoefficientAbove { stage: Primary, indicator: Some(code), .. }] if code == "L7"
    ));
    assert_eq!(above.reasons[0].zh(), "小学指标L7差异系数0.501，超过0.5");
}

#[test]
fn forty_five_hundredths_in_the_junior_stage_is_within_the_limit() {
    let junior = |key, count| {
        school(key, "311", &[(Junior, 1_000)])
            .with("computers.count", 1)
            .with(BACKBONE, count)
    };
    let verdict = judge(&[junior("a", 110), junior("b", 290)]);
    let coefficient = &verdict.stages[0].coefficients[1];
    let found = coefficient.dispersion.as_ref().expect("computed");
    assert_eq!(found.coefficient.to_string(), "0.45");
    assert_eq!(coefficient.outcome, Outcome::Passes);
}

#[test]
fn excluded_schools_are_listed_with_the_reason_and_the_rest_is_tested() {
    let verdict = judge(&[
        school("special", "511", &[(Primary, 60)]),
        school("vocational", "321", &[(Junior, 60)]),
        school("point49", "218", &[(Primary, 49)]),
        school("point50", "218", &[(Primary, 50)]),
        School {
            sponsor: "10".to_owned(),
            ..primary("private")
        },
        school("kindergarten", "111", &[]),
        school("senior", "342", &[(Senior, 900)]),
    ]);
    let excluded: Vec<(&str, &str)> = verdict
        .excluded
        .iter()
        .map(|one| (one.school.as_str(), one.code.as_str()))
        .collect();
    let expected = [
        ("special", "special"),
        ("vocational", "vocational"),
        ("point49", "small_teaching_point"),
        ("kindergarten", "kind_not_in_scope"),
        ("senior", "no_compulsory_stage"),
    ];
    assert_eq!(excluded, expected);
    let tested: Vec<&str> = verdict
        .schools
        .iter()
        .map(|one| one.school.as_str())
        .collect();
    assert_eq!(tested, ["point50", "private"]);
}

#[test]
fn a_mixed_school_is_judged_in_each_stage_by_its_share() {
    let nine_year =
        school("n", "312", &[(Primary, 166), (Junior, 210)]).with("equipment.value", 2_322_600);
    let verdict = judge(&[nine_year]);
    let primary = value(row(&verdict, "n", Primary), "L6");
    assert_eq!(primary.numerator.half_up(1).to_string(), "9711.6");
    assert_eq!(primary.reported.to_string(), "58.50");
    let junior = row(&verdict, "n", Junior);
    assert_eq!(value(junior, "L6").reported.to_string(), "64.35");
    let input = &junior.figures[5].inputs[0];
    assert_eq!((input.reported, input.reported_for), (2_322_600, None));
    assert_eq!(input.used.half_up(1).to_string(), "1351437.3");
}

#[test]
fn a_value_reported_for_one_stage_counts_for_that_stage_only() {
    let mut campus =
        school("n", "312", &[(Primary, 100), (Junior, 100)]).without("computers.count");
    let rooms = campus
        .measures
        .iter_mut()
        .find(|one| one.measure.starts_with("rooms."));
    let rooms = rooms.expect("the measure");
    (rooms.stage, rooms.value) = (Some(Primary), 7);
    let none = super::sample::reported("rooms.network_multimedia.count", Some(Junior), 0);
    campus.measures.push(none);
    let verdict = judge(&[campus]);
    assert_eq!(
        value(row(&verdict, "n", Primary), "L7")
            .reported
            .to_string(),
        "7.00"
    );
    assert_eq!(
        value(row(&verdict, "n", Junior), "L7").reported.to_string(),
        "0.00"
    );
}

#[test]
fn indoor_sports_rooms_are_taken_off_the_teaching_area() {
    let verdict = judge(&[primary("a")
        .with("area.teaching_auxiliary", 50_000_000)
        .with("area.indoor_sports", 5_000_001)]);
    let area = value(row(&verdict, "a", Primary), "L4");
    assert_eq!(area.exact.to_string(), "4.4999999");
    assert_eq!(
        area.reported.to_string(),
        "4.50",
        "and 4.50 reaches the threshold"
    );
    assert!(area.standing.as_ref().expect("judged").meets);
}
