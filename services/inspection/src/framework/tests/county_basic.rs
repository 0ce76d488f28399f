//! The verdict of 基本均衡 2012.

use junheng_kernel::rule_book::RegionPath;

use super::sample::{DAY, framework, school};
use crate::framework::assess::assess;
use crate::framework::error::FrameworkError;
use crate::framework::school::School;
use crate::framework::stage::Stage::{Junior, Primary};
use crate::framework::verdict::{CountyVerdict, Outcome, Reason};

const BOOKS: &str = "books.count";

fn judge(schools: &[School]) -> CountyVerdict {
    let framework = framework("basic-2012");
    let profile = framework
        .profile(&RegionPath::of_codes(&["429004", "420000"]), DAY)
        .expect("in force");
    assess(&framework, profile, schools).expect("distinct schools")
}

#[test]
fn the_published_example_stands_in_the_county_verdict() {
    let rows = [(45, 279), (37, 137), (89, 935), (76, 160), (55, 402)];
    let schools: Vec<School> = rows
        .iter()
        .enumerate()
        .map(|(index, (pupils, books))| {
            school(&index.to_string(), "211", &[(Primary, *pupils)]).with(BOOKS, *books)
        })
        .collect();
    let verdict = judge(&schools);
    let stage = &verdict.stages[0];
    let books = &stage.coefficients[4];
    assert_eq!(books.mean.as_ref().expect("computed").to_string(), "6.33");
    assert_eq!(
        books.reported.as_ref().expect("computed").to_string(),
        "0.515"
    );
    assert_eq!(books.outcome, Outcome::NotJudged, "only the mean is judged");
    // The other seven do not differ between these schools.
    let composite = stage.composite.as_ref().expect("judged");
    assert_eq!(
        composite.reported.as_ref().expect("computed").to_string(),
        "0.064"
    );
    assert_eq!(verdict.outcome, Outcome::Passes);
    assert!(
        verdict
            .schools
            .iter()
            .all(|one| one.outcome == Outcome::NotJudged)
    );
}

#[test]
fn the_mean_of_the_coefficients_decides_and_a_high_one_may_stand() {
    // One school has everything: with n equal schools the coefficient is sqrt(n − 1), here 3.
    let schools = |measures: &[&str]| -> Vec<School> {
        let poor = |mut school: School, key: usize| {
            for measure in measures.iter().filter(|_| key > 0) {
                school = school.with(measure, 0);
            }
            school
        };
        (0..10)
            .map(|key| poor(school(&key.to_string(), "311", &[(Junior, 100)]), key))
            .collect()
    };
    let one = judge(&schools(&[BOOKS]));
    let composite = one.stages[0].composite.as_ref().expect("judged");
    assert_eq!(
        composite.reported.as_ref().expect("computed").to_string(),
        "0.375"
    );
    assert_eq!(
        one.outcome,
        Outcome::Passes,
        "3.000 in one indicator, 0 in the others"
    );

    let two = judge(&schools(&[BOOKS, "computers.count"]));
    let composite = two.stages[0].composite.as_ref().expect("judged");
    assert_eq!(
        composite.reported.as_ref().expect("computed").to_string(),
        "0.750"
    );
    assert_eq!(two.outcome, Outcome::Fails);
    assert!(matches!(
        two.reasons.as_slice(),
        [Reason::CoefficientAbove {
            stage: Junior,
            indicator: None,
            ..
        }]
    ));
    assert_eq!(two.reasons[0].zh(), "初中综合差异系数0.750，超过0.55");
}

#[test]
fn private_directly_run_and_teaching_points_are_left_out() {
    let run_by = |sponsor: &str| School {
        key: sponsor.to_owned(),
        sponsor: sponsor.to_owned(),
        ..school("x", "211", &[(Primary, 100)])
    };
    let schools = [
        run_by("3"),
        run_by("5"),
        run_by("7"),
        run_by("10"),
        school("point", "218", &[(Primary, 200)]),
    ];
    let verdict = judge(&schools);
    let codes: Vec<&str> = verdict
        .excluded
        .iter()
        .map(|one| one.code.as_str())
        .collect();
    assert_eq!(
        codes,
        [
            "not_county_run",
            "not_county_run",
            "private",
            "teaching_point"
        ]
    );
    assert_eq!(verdict.schools.len(), 1);
}

#[test]
fn the_same_school_twice_is_refused() {
    let framework = framework("basic-2012");
    let profile = framework
        .profile(&RegionPath::of_codes(&[]), DAY)
        .expect("in force");
    let one = school("a", "211", &[(Primary, 100)]);
    let fault = assess(&framework, profile, &[one.clone(), one]).expect_err("twice");
    assert!(matches!(fault, FrameworkError::SchoolTwice { key } if key == "a"));
}

#[test]
fn a_county_of_four_hundred_unequal_schools_is_computed_exactly() {
    let schools: Vec<School> = (0..400)
        .map(|index| {
            let (primary, junior) = (101 + index * 7 % 1_913, 97 + index * 11 % 1_511);
            let pupils = [(Primary, primary), (Junior, junior)];
            school(&index.to_string(), "312", &pupils).with(BOOKS, 1_000 + index * 13 % 977)
        })
        .collect();
    let verdict = judge(&schools);
    assert_eq!(verdict.stages.len(), 2);
    let books = &verdict.stages[1].coefficients[4];
    let shown = books
        .dispersion
        .as_ref()
        .expect("computed")
        .coefficient
        .to_string();
    assert_eq!(shown, "0.72647458847516259609");
}
