use std::collections::BTreeSet;
use std::path::Path;

use super::*;

const TRUSTS: [&str; 6] = ["V-LAW", "V", "V-LOCAL", "R+", "R", "DESIGN"];

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn path(codes: &[&str]) -> RegionPath {
    RegionPath(codes.iter().map(|code| (*code).to_owned()).collect())
}

fn entry(region: &str, from: &str, to: &str, value: i64) -> String {
    let to = match to {
        "" => String::new(),
        to => format!("effective_to = {to}\n"),
    };
    format!(
        "[[rule]]\nid = \"repeat.allowed\"\nregion = \"{region}\"\neffective_from = {from}\n{to}\
         value = {value}\nsource = \"示例\"\ntrust = \"V\"\n"
    )
}

/// The ids that the crate asks for: what stands in quotes after a look-up's bracket.
fn asked_for(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            asked_for(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs")
            && !path.ends_with("rule_book/tests.rs")
        {
            let text = std::fs::read_to_string(&path).unwrap();
            for call in [".number(", ".rule(", ".allows("] {
                for rest in text.split(call).skip(1) {
                    let quoted = rest.trim_start().strip_prefix('"');
                    let id = quoted.and_then(|rest| rest.split_once('"'));
                    found.extend(id.map(|(id, _)| id.to_owned()));
                }
            }
        }
    }
}

#[test]
fn every_rule_that_the_code_asks_for_is_in_the_book() {
    let mut found = BTreeSet::new();
    asked_for(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    let book = RuleBook::builtin().unwrap();
    for id in found {
        let nation = path(&[NATION]);
        assert!(book.number(&id, &nation, day("2026-09-01")).is_ok(), "{id}");
    }
}

#[test]
fn every_rule_has_a_source_and_a_trust_and_holds_for_the_nation_without_an_end() {
    let rules = &RuleBook::builtin().unwrap().rules;
    for rule in rules {
        assert!(
            !rule.source.is_empty() && TRUSTS.contains(&rule.trust.as_str()),
            "{}",
            rule.id
        );
        assert!(
            rule.effective_to
                .is_none_or(|last| rule.effective_from <= last),
            "{}",
            rule.id
        );
        let nation = rules.iter().find(|other| {
            other.id == rule.id && other.region == NATION && other.effective_to.is_none()
        });
        assert!(nation.is_some(), "{}", rule.id);
    }
}

#[test]
fn every_region_of_a_rule_is_in_the_table() {
    let regions = RegionTable::builtin();
    for rule in &RuleBook::builtin().unwrap().rules {
        let known = rule.region.is_empty() || regions.get(&rule.region).is_some();
        assert!(known, "{} {}", rule.id, rule.region);
    }
}

#[test]
fn the_nearest_region_wins_and_the_day_decides() {
    let text = entry("", "2013-09-01", "", 0)
        + &entry("63", "2020-09-01", "2024-08-31", 1)
        + &entry("630103", "2022-09-01", "", 2);
    let book = RuleBook::parse(&text).unwrap();
    let number = |codes: &[&str], date| {
        book.number("repeat.allowed", &path(codes), day(date))
            .unwrap()
    };
    let county = ["630103", "630100", "630000", NATION];
    assert_eq!(
        number(&county, "2021-01-01"),
        1,
        "the province's, written 63"
    );
    assert_eq!(number(&county, "2022-09-01"), 2, "the county's");
    let neighbour = ["630104", "630100", "630000", NATION];
    assert_eq!(number(&neighbour, "2024-08-31"), 1);
    assert_eq!(number(&neighbour, "2024-09-01"), 0, "the nation's again");
    let before = book.number("repeat.allowed", &path(&[NATION]), day("2013-08-31"));
    assert!(before.is_err(), "no rule is no guess");
}

#[test]
fn of_two_entries_of_one_region_the_later_counts() {
    let text = entry("", "2013-09-01", "", 0) + &entry("", "2025-01-03", "", 1);
    let book = RuleBook::parse(&text).unwrap();
    let nation = path(&[NATION]);
    assert!(
        !book
            .allows("repeat.allowed", &nation, day("2025-01-02"))
            .unwrap()
    );
    assert!(
        book.allows("repeat.allowed", &nation, day("2025-01-03"))
            .unwrap()
    );
}

#[test]
fn a_path_goes_from_the_county_to_the_nation_and_passes_over_what_is_not_there() {
    let regions = RegionTable::builtin();
    let codes = |code: &str| RegionPath::of(&regions, code).0;
    assert_eq!(codes("630103"), ["630103", "630100", "630000", ""]);
    assert_eq!(codes("429004"), ["429004", "420000", ""], "no city");
    assert_eq!(codes("nowhere"), [""]);
}

#[test]
fn what_the_file_may_not_hold_is_refused() {
    assert!(RuleBook::parse(&(entry("", "2013-09-01", "", 0) + "unit = \"days\"\n")).is_err());
    assert!(RuleBook::parse(&entry("", "2013-02-30", "", 0)).is_err());
}
