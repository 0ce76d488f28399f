use std::collections::BTreeSet;
use std::path::Path;

use chrono::NaiveDate;
use junheng_kernel::region::RegionTable;
use junheng_kernel::rule_book::NATION;

use super::*;

const TRUSTS: [&str; 6] = ["V-LAW", "V", "V-LOCAL", "R+", "R", "DESIGN"];

fn book() -> &'static RuleBook {
    RuleBook::builtin().unwrap()
}

/// All of the crate's code but this file.
fn code(directory: &Path, all: &mut String) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            code(&path, all);
        } else if path.extension().is_some_and(|kind| kind == "rs")
            && !path.ends_with("rule_book/tests.rs")
        {
            *all += &std::fs::read_to_string(&path).unwrap();
        }
    }
}

fn crates_code() -> String {
    let mut all = String::new();
    code(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    all
}

#[test]
fn every_rule_that_the_code_asks_for_is_in_the_book() {
    let text = crates_code();
    let mut found = BTreeSet::new();
    for call in [".number(", ".count(", ".rule(", ".allows(", ".due("] {
        for rest in text.split(call).skip(1) {
            let quoted = rest.trim_start().strip_prefix('"');
            let id = quoted.and_then(|rest| rest.split_once('"'));
            found.extend(id.map(|(id, _)| id.to_owned()));
        }
    }
    let today: NaiveDate = "2026-09-01".parse().unwrap();
    for id in found {
        let rule = book().number(&id, &RegionPath::nation(), today);
        assert!(rule.is_ok(), "{id}");
    }
}

#[test]
fn every_rule_of_the_book_is_asked_for() {
    // The forms of notices name their rules in a file of data.
    let text = crates_code() + include_str!("../../data/dropout_notices.toml");
    for rule in book().all() {
        let asked = text.contains(&format!("\"{}\"", rule.id));
        assert!(asked, "{} is read by nobody", rule.id);
    }
}

#[test]
fn every_rule_has_a_source_and_a_trust_and_holds_for_the_nation_without_an_end() {
    for rule in book().all() {
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
        assert!(book().standing(&rule.id).is_some(), "{}", rule.id);
    }
}

#[test]
fn every_region_of_a_rule_is_in_the_table() {
    let regions = RegionTable::builtin();
    for rule in book().all() {
        let known = rule.region == NATION || regions.get(&rule.region).is_some();
        assert!(known, "{} {}", rule.id, rule.region);
    }
}
