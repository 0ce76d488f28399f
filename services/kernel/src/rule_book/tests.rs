use super::*;

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

#[test]
fn the_nearest_region_wins_and_the_day_decides() {
    let text = entry("", "2013-09-01", "", 0)
        + &entry("63", "2020-09-01", "2024-08-31", 1)
        + &entry("630103", "2022-09-01", "", 2);
    let book = Rules::parse(&text).unwrap();
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
    let book = Rules::parse(&text).unwrap();
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
    assert!(Rules::parse(&(entry("", "2013-09-01", "", 0) + "unit = \"days\"\n")).is_err());
    assert!(Rules::parse(&entry("", "2013-02-30", "", 0)).is_err());
}

#[test]
fn what_counts_something_is_not_below_zero() {
    let rules = Rules::parse(&entry("", "2013-09-01", "", -1)).unwrap();
    let nation = RegionPath::nation();
    assert!(
        rules
            .count("repeat.allowed", &nation, day("2020-01-01"))
            .is_err()
    );
    assert_eq!(
        rules
            .number("repeat.allowed", &nation, day("2020-01-01"))
            .unwrap(),
        -1
    );
}

#[test]
fn the_standing_rule_is_the_nations_that_has_no_end() {
    let text = entry("", "2013-09-01", "2020-08-31", 0)
        + &entry("", "2020-09-01", "", 1)
        + &entry("63", "2021-09-01", "", 2);
    let rules = Rules::parse(&text).unwrap();
    assert_eq!(rules.standing("repeat.allowed").unwrap().value, 1);
    assert!(rules.standing("skip.allowed").is_none());
}

#[test]
fn a_rule_has_a_value_or_a_list_and_not_both() {
    let list = entry("", "2013-09-01", "", 0).replace("value = 0", "list = [1, 3]");
    let rules = Rules::parse(&list).unwrap();
    let nation = RegionPath::nation();
    let read = |date| rules.list("repeat.allowed", &nation, day(date));
    assert_eq!(read("2026-09-01").unwrap(), [1, 3]);
    assert!(read("2012-09-01").is_err());
    assert!(
        rules
            .find("repeat.allowed", &nation, day("2012-09-01"))
            .is_none()
    );
    for wrong in ["", "value = 0\nlist = [1]"] {
        let wrong = entry("", "2013-09-01", "", 0).replace("value = 0", wrong);
        assert!(Rules::parse(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn of_two_files_the_one_ahead_counts_where_both_speak_of_the_same_day() {
    let rules =
        |region: &str, value| Rules::parse(&entry(region, "2013-09-01", "", value)).unwrap();
    let book = rules("63", 1)
        .ahead_of(rules("63", 2))
        .ahead_of(rules("", 3));
    let number = |codes: &[&str]| {
        let path = path(codes);
        book.number("repeat.allowed", &path, day("2020-01-01"))
            .unwrap()
    };
    assert_eq!(number(&["630103", "630000", NATION]), 1);
    assert_eq!(number(&["420106", "420000", NATION]), 3);
}
