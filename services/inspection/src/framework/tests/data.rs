//! The data files are complete and agree with themselves.

use chrono::NaiveDate;

use junheng_kernel::rule_book::RegionPath;

use super::sample::{DAY, framework};
use crate::framework::catalog::Catalog;
use crate::framework::document::Framework;
use crate::framework::error::FrameworkError;
use crate::framework::exact::Exact;
use crate::framework::item::Chapter;
use crate::framework::measure::measure;
use crate::framework::stage::Stage;

const QUALITY: &str = include_str!("../../../data/frameworks/quality-2017.toml");

fn exact(text: &str) -> Exact {
    text.parse().expect("a number")
}

fn refusal(text: &str) -> String {
    match Framework::parse(text) {
        Ok(_) => panic!("the file was read"),
        Err(fault) => fault.to_string(),
    }
}

#[test]
fn eight_indicators_in_2012_and_seven_in_2017_with_measures_that_exist() {
    assert_eq!(framework("basic-2012").indicators.len(), 8);
    assert_eq!(framework("quality-2017").indicators.len(), 7);
    for framework in Catalog::embedded().expect("frameworks").all() {
        for term in framework.indicators.iter().flat_map(|one| &one.numerator) {
            assert!(measure(&term.measure).is_some(), "{}", term.measure);
        }
    }
}

#[test]
fn every_entry_names_its_source_and_how_far_it_is_trusted() {
    let tags = ["V", "V-LAW", "V-LOCAL", "R+", "R", "R-", "DESIGN"];
    for framework in Catalog::embedded().expect("frameworks").all() {
        let profiles = framework
            .profiles
            .iter()
            .map(|one| (&one.source, &one.trust));
        let exclusions = framework.scope.exclusions.iter();
        let sources = profiles
            .chain(exclusions.map(|one| (&one.source, &one.trust)))
            .chain(framework.split.iter().map(|one| (&one.source, &one.trust)))
            .chain(
                framework
                    .indicators
                    .iter()
                    .map(|one| (&one.source, &one.trust)),
            )
            .chain(framework.items.iter().map(|one| (&one.source, &one.trust)));
        for (source, trust) in sources {
            assert!(
                !source.is_empty(),
                "an entry of {} has no source",
                framework.id
            );
            assert!(tags.contains(&trust.as_str()), "{trust} is no trust tag");
        }
    }
}

#[test]
fn the_items_are_as_many_as_the_documents_list() {
    let count = |id: &str, chapter| {
        let framework = framework(id);
        framework
            .items
            .iter()
            .filter(|item| item.chapter == chapter)
            .count()
    };
    assert_eq!(count("basic-2012", Chapter::Gate), 1);
    assert_eq!(count("basic-2012", Chapter::Work), 17);
    assert_eq!(count("basic-2012", Chapter::Recognition), 1);
    assert_eq!(count("quality-2017", Chapter::Government), 15);
    assert_eq!(count("quality-2017", Chapter::Quality), 9);
    assert_eq!(count("quality-2017", Chapter::Recognition), 1);
    assert_eq!(count("quality-2017", Chapter::Veto), 6);
}

#[test]
fn the_thresholds_of_2017_stand_as_published_and_each_floor_is_85_percent() {
    #[rustfmt::skip]
    let published = [
        ("L1", "4.2",  "5.3",  "3.57",  "4.505"),
        ("L2", "1",    "1",    "0.85",  "0.85"),
        ("L3", "0.9",  "0.9",  "0.765", "0.765"),
        ("L4", "4.5",  "5.8",  "3.825", "4.93"),
        ("L5", "7.5",  "10.2", "6.375", "8.67"),
        ("L6", "2000", "2500", "1700",  "2125"),
        ("L7", "2.3",  "2.4",  "1.955", "2.04"),
    ];
    let framework = framework("quality-2017");
    let profile = framework
        .profile(&RegionPath::of_codes(&[]), DAY)
        .expect("in force");
    assert_eq!(profile.thresholds.len(), published.len());
    for (code, primary, junior, primary_floor, junior_floor) in published {
        let (thresholds, floors) = (&profile.thresholds[code], &profile.floors[code]);
        assert_eq!(thresholds.primary, exact(primary), "{code}");
        assert_eq!(thresholds.junior, exact(junior), "{code}");
        assert_eq!(floors.primary, exact(primary_floor), "{code}");
        assert_eq!(floors.junior, exact(junior_floor), "{code}");
        for stage in Stage::COMPULSORY {
            let threshold = thresholds.of(stage).expect("a threshold").clone();
            let floor = floors.of(stage).expect("a floor");
            assert_eq!(&(threshold * &exact("0.85")), floor, "{code} {stage:?}");
        }
    }
}

#[test]
fn the_nearest_region_in_force_gives_the_profile() {
    let (head, rest) = QUALITY.split_once("[[profiles]]").expect("a profile");
    let profile = rest.split("\n[scope]").next().expect("a profile");
    let of_province = profile
        .replacen("region = \"*\"", "region = \"630000\"", 1)
        .replacen(
            "effective_from = \"2017-05-23\"",
            "effective_from = \"2018-01-01\"\neffective_to = \"2018-12-31\"",
            1,
        );
    let text = format!("{head}[[profiles]]{of_province}\n[[profiles]]{rest}");
    let framework = Framework::parse(&text).expect("two profiles");
    let region = |path: &[&str], (year, month, day)| {
        let date = NaiveDate::from_ymd_opt(year, month, day).expect("a date");
        framework
            .profile(&RegionPath::of_codes(path), date)
            .map(|profile| profile.region.as_str())
            .ok()
    };
    let county = ["630103", "630100", "630000"];
    assert_eq!(region(&county, (2018, 6, 1)), Some("630000"));
    assert_eq!(
        region(&county, (2018, 12, 31)),
        Some("630000"),
        "the last day"
    );
    assert_eq!(region(&county, (2019, 1, 1)), Some("*"));
    assert_eq!(region(&["429004", "420000"], (2018, 6, 1)), Some("*"));
    assert_eq!(region(&county, (2017, 5, 22)), None, "before publication");
}

#[test]
fn a_file_that_contradicts_itself_is_refused_with_the_entry_named() {
    let swap = |from: &str, to: &str| refusal(&QUALITY.replacen(from, to, 1));
    assert!(swap("\"equipment.value\"", "\"equipment.worth\"").contains("equipment.worth"));
    assert!(swap("code = \"L2\"", "code = \"L1\"").contains("L1 occurs twice"));
    assert!(swap("L7 = {", "L8 = {").contains("L8"));
    assert!(swap("condition = \"G3.3\"", "condition = \"G9\"").contains("G9"));
    assert!(swap("version = 1", "version = 1\ncolour = 1").contains("colour"));
    assert!(swap("primary = \"0.50\"", "primary = 0.50").contains("expected a string"));
}

#[test]
fn an_unknown_framework_and_a_date_before_it_are_told_apart() {
    let catalog = Catalog::embedded().expect("frameworks");
    let unknown = catalog.get("basic-2013").expect_err("unknown");
    assert!(matches!(unknown, FrameworkError::Unknown { id } if id == "basic-2013"));
}

#[test]
fn ratio_items_judge_the_half_up_figure_of_the_right_stage() {
    let framework = framework("quality-2017");
    let item = |code: &str| {
        framework
            .items
            .iter()
            .find(|one| one.code == code)
            .expect("an item")
    };
    let near = &item("G13").conditions[0];
    let passes = |condition: &crate::framework::item::Condition, text: &str, stage| {
        condition
            .judge(&exact(text), stage)
            .map(|judged| judged.passes)
    };
    assert_eq!(
        passes(near, "94.95", Some(Stage::Junior)),
        Some(true),
        "reported 95.0"
    );
    assert_eq!(passes(near, "94.949", Some(Stage::Junior)), Some(false));
    assert_eq!(passes(near, "99.9", Some(Stage::Primary)), Some(false));
    assert_eq!(
        passes(near, "100", None),
        None,
        "the threshold differs by stage"
    );
    let between_schools = &item("Q9").conditions[1];
    assert_eq!(
        passes(between_schools, "0.15", None),
        Some(false),
        "must be below"
    );
    assert_eq!(passes(between_schools, "0.149", None), Some(true));
    let profile = framework
        .profile(&RegionPath::of_codes(&[]), DAY)
        .expect("in force");
    let codes: Vec<&str> = item("G3")
        .conditions_in(profile)
        .map(|one| one.code.as_str())
        .collect();
    assert_eq!(
        codes,
        ["G3.1", "G3.2", "G3.3", "G3.4"],
        "rooms of each kind"
    );
}
