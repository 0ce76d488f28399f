use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use super::*;

static TABLE: LazyLock<RegionTable> = LazyLock::new(RegionTable::builtin);

fn ranges(code: &str) -> Vec<RangeInclusive<i64>> {
    TABLE.ranges(code).unwrap()
}

fn codes(regions: Vec<&Region>) -> Vec<&str> {
    regions
        .into_iter()
        .map(|region| region.code.as_str())
        .collect()
}

fn name(region: Option<&Region>) -> Option<&str> {
    region.map(|region| region.name.as_str())
}

#[test]
fn the_shipped_tables_are_whole() {
    let mut counts: BTreeMap<(RegionLevel, CodeSystem), usize> = BTreeMap::new();
    for region in TABLE.iter() {
        *counts
            .entry((region.level, region.code_system))
            .or_default() += 1;
    }
    assert_eq!(counts[&(RegionLevel::Province, CodeSystem::MCA_2026)], 34);
    assert_eq!(counts[&(RegionLevel::City, CodeSystem::MCA_2026)], 333);
    assert_eq!(counts[&(RegionLevel::County, CodeSystem::MCA_2026)], 2847);
    assert_eq!(
        counts[&(RegionLevel::Town, CodeSystem::MCA_2026)],
        1260 + 1351 + 404
    );
    let zones = TABLE
        .iter()
        .filter(|region| region.kind == RegionKind::DevelopmentZone);
    assert_eq!(zones.count(), 124);
}

#[test]
fn every_parent_is_in_force_and_of_a_higher_level() {
    for region in TABLE.iter().filter(|region| region.code != NATION) {
        let parent = TABLE
            .get(region.parent.as_deref().unwrap())
            .expect(&region.code);
        assert!(parent.level < region.level, "{}", region.code);
        assert!(
            !region.name.is_empty() && normalize(&region.code).is_ok(),
            "{}",
            region.code
        );
        let top = TABLE.province_of(&region.code).unwrap();
        assert_eq!(region.code[..2], top.code[..2]);
    }
}

#[test]
fn a_district_knows_its_path() {
    assert_eq!(
        TABLE.name_path("630103").as_deref(),
        Some("青海省西宁市城中区")
    );
    assert_eq!(codes(TABLE.ancestors("630103")), ["630100", "630000"]);
    assert_eq!(name(TABLE.city_of("630103")), Some("西宁市"));
    assert_eq!(name(TABLE.county_of("630103001")), Some("城中区"));
    assert_eq!(TABLE.county_of("630100"), None);
    assert_eq!(TABLE.get("63"), TABLE.get("630000"));
    assert_eq!(TABLE.get("6301"), TABLE.get("630100"));
    assert!(codes(TABLE.children(NATION)).contains(&"630000"));
}

#[test]
fn a_county_under_its_province_has_no_city() {
    let xiantao = TABLE.get("429004").unwrap();
    assert_eq!(xiantao.parent.as_deref(), Some("420000"));
    assert_eq!(xiantao.kind, RegionKind::ProvinceDirect);
    assert_eq!(TABLE.city_of("429004"), None);
    assert_eq!(TABLE.name_path("429004").as_deref(), Some("湖北省仙桃市"));
    assert!(codes(TABLE.children("42")).contains(&"429004"));
    assert_eq!(ranges("429004"), [429_004_000_000..=429_004_999_999]);
    let placeholder = TABLE.require("4290").unwrap_err();
    assert_eq!(
        placeholder,
        RegionError::Placeholder {
            code: "429000".to_owned()
        }
    );
    assert_eq!(placeholder.zh(), "429000是统计用占位代码，不是行政区划");
}

#[test]
fn a_municipality_has_no_city_level() {
    assert_eq!(codes(TABLE.ancestors("110101")), ["110000"]);
    assert_eq!(TABLE.city_of("110101"), None);
    assert_eq!(TABLE.get("110100"), None);
    assert_eq!(TABLE.counties("11").len(), 16);
    assert_eq!(ranges("11"), [110_000_000_000..=119_999_999_999]);
}

#[test]
fn a_city_without_counties_is_city_and_county_at_once() {
    for (code, city) in [
        ("441900", "东莞市"),
        ("442000", "中山市"),
        ("460400", "儋州市"),
        ("620200", "嘉峪关市"),
    ] {
        let region = TABLE.get(code).unwrap();
        assert!(
            region.acts_as(RegionLevel::City) && region.acts_as(RegionLevel::County),
            "{code}"
        );
        assert_eq!(name(TABLE.city_of(code)), Some(city));
        assert_eq!(name(TABLE.county_of(code)), Some(city));
        assert_eq!(codes(TABLE.counties(code)), [code]);
    }
    assert_eq!(
        TABLE
            .iter()
            .filter(|region| region.kind == RegionKind::NoCountyCity)
            .count(),
        4
    );
    assert!(codes(TABLE.counties("44")).contains(&"441900"));
    assert_eq!(ranges("441900"), [441_900_000_000..=441_999_999_999]);
    assert_eq!(name(TABLE.county_at(441_900_003_000)), Some("东莞市"));
}

#[test]
fn the_bureaus_row_under_a_city_without_counties_is_part_of_the_city() {
    assert_eq!(
        TABLE.get("620201").unwrap().kind,
        RegionKind::StatisticsOnly
    );
    assert_eq!(TABLE.county_of("620201"), TABLE.get("620200"));
    assert!(TABLE.covers("620200", TABLE.place("620201").unwrap()));
}

#[test]
fn a_development_zone_is_a_county_of_its_own() {
    let zone = TABLE.get("620171").unwrap();
    assert_eq!(
        (zone.name.as_str(), zone.kind),
        ("兰州新区", RegionKind::DevelopmentZone)
    );
    assert_eq!(name(TABLE.county_of("620171")), Some("兰州新区"));
    assert_eq!(name(TABLE.city_of("620171")), Some("兰州市"));
    assert_eq!(zone.code_system.to_string(), "nbs-2023");
    assert!(!TABLE.children("620171").is_empty());
}

#[test]
fn a_city_covers_its_own_counties_and_nothing_of_the_next() {
    assert_eq!(ranges("6301"), [630_100_000_000..=630_199_999_999]);
    let counties = TABLE.counties("6301");
    assert_eq!(counties.len(), 7);
    assert!(
        counties
            .iter()
            .all(|county| TABLE.covers("6301", TABLE.place_of(county)))
    );
    assert!(
        TABLE
            .counties("6302")
            .iter()
            .all(|county| !TABLE.covers("6301", TABLE.place_of(county)))
    );
    assert_eq!(ranges("63"), [630_000_000_000..=639_999_999_999]);
    assert_eq!(ranges("630103"), [630_103_000_000..=630_103_999_999]);
    assert_eq!(ranges("630103001"), [630_103_001_000..=630_103_001_999]);
    assert_eq!(ranges(NATION), [0..=999_999_999_999]);
}

#[test]
fn ranges_agree_with_stored_parents_everywhere() {
    for county in TABLE
        .iter()
        .filter(|region| region.level == RegionLevel::County)
    {
        let place = TABLE.place(&county.code).unwrap();
        for above in TABLE.ancestors(&county.code) {
            assert!(
                TABLE.covers(&above.code, place),
                "{} in {}",
                county.code,
                above.code
            );
        }
        let at = TABLE.county_at(place).unwrap();
        assert_eq!(Some(at), TABLE.county_of(&county.code));
    }
}

#[test]
fn two_districts_may_have_one_name() {
    assert_eq!(codes(TABLE.named("城中区")), ["450202", "630103"]);
}

#[test]
fn one_town_code_is_two_towns_in_two_code_systems() {
    let (mca, nbs) = (CodeSystem::MCA_2026, CodeSystem::NBS_2023);
    assert_eq!(name(TABLE.get_in(nbs, "429004100")), Some("郑场镇"));
    assert_eq!(name(TABLE.get_in(mca, "429004101")), Some("郑场镇"));
    assert_eq!(name(TABLE.get_in(nbs, "429004101")), Some("毛嘴镇"));
    assert_eq!(name(TABLE.get("429004101")), Some("郑场镇"));
    assert_eq!(TABLE.get("429004100"), None);
    let town = TABLE.get_in(nbs, "429004101").unwrap();
    assert_eq!(
        TABLE.place_of(town),
        429_004_000_000,
        "not the ministry's town of that number"
    );
    assert_eq!(
        name(TABLE.ancestors_of(town).first().copied()),
        Some("仙桃市")
    );
    assert!(
        TABLE
            .children("429004")
            .iter()
            .all(|town| town.code_system == mca)
    );
    assert!(
        TABLE
            .children_in(nbs, "429004")
            .iter()
            .all(|town| town.code_system == nbs)
    );
}

#[test]
fn a_place_is_the_code_filled_to_twelve_digits() {
    assert_eq!(TABLE.place("630103"), Ok(630_103_000_000));
    assert_eq!(TABLE.place("63"), Ok(630_000_000_000));
    assert_eq!(
        TABLE.place("630103100"),
        Ok(630_103_100_000),
        "a town not listed, in a county that is"
    );
    assert!(matches!(
        TABLE.place("999999001"),
        Err(RegionError::Unknown { .. })
    ));
    assert!(matches!(
        TABLE.place("630100001"),
        Err(RegionError::Unknown { .. })
    ));
}

#[test]
fn malformed_codes_are_refused_in_both_languages() {
    let refused = |code: &str| TABLE.require(code).unwrap_err();
    assert_eq!(
        refused("63010").to_string(),
        "a region code has 2, 4, 6 or 9 digits, found 5"
    );
    assert_eq!(
        refused("63010").zh(),
        "区划代码应为2、4、6或9位数字，实为5位"
    );
    assert_eq!(refused("63o103"), RegionError::NotDigits { character: 'o' });
    assert_eq!(
        refused("６３０１０３"),
        RegionError::NotDigits { character: '６' }
    );
    assert_eq!(
        refused(" 630103"),
        RegionError::NotDigits { character: ' ' }
    );
    assert_eq!(refused(""), RegionError::Length { found: 0 });
    assert_eq!(refused("990101").zh(), "没有代码为990101的行政区划");
    assert!(TABLE.ranges("990101").is_err());
}

#[test]
fn a_retired_code_names_its_successor() {
    let error = TABLE.require("630122").unwrap_err();
    assert_eq!(error.to_string(), "region 630122 is retired, now 630106");
    assert_eq!(error.zh(), "区划代码630122已撤销，现为630106");
    assert_eq!(name(TABLE.successor("542622")), Some("工布江达县"));
    assert_eq!(
        name(TABLE.successor("542623")),
        Some("米林市"),
        "over two changes"
    );
    assert_eq!(name(TABLE.successor("652101")), Some("高昌区"));
    assert_eq!(TABLE.successor("140203"), None, "split up");
    assert_eq!(TABLE.successor("630103"), None, "in force");
}

#[test]
fn no_successor_lies_in_another_province() {
    for code in (110_000..820_000).map(|code| code.to_string()) {
        if let Some(successor) = TABLE.successor(&code) {
            assert_eq!(successor.code[..2], code[..2]);
            assert!(successor.acts_as_county(), "{code} to {}", successor.code);
        }
    }
}

#[test]
fn an_area_code_is_in_force_retired_or_unknown() {
    assert_eq!(TABLE.area_code_status("630103"), AreaCode::InForce);
    assert_eq!(TABLE.area_code_status("830000"), AreaCode::InForce);
    let huangzhong = AreaCode::Retired {
        name: Some("湟中县".to_owned()),
        year: Some(2019),
        successor: Some("630106".to_owned()),
    };
    assert_eq!(TABLE.area_code_status("630122"), huangzhong);
    let old = TABLE.area_code_status("632124");
    assert!(matches!(
        old,
        AreaCode::Retired {
            year: Some(1999),
            successor: None,
            ..
        }
    ));
    for unknown in ["999999", "63", "630103001", NATION, ""] {
        assert_eq!(
            TABLE.area_code_status(unknown),
            AreaCode::Unknown,
            "{unknown}"
        );
    }
}

// === additions ===

const HEADING: &str = "code\tname\tparent\tlevel\tkind\treplaces\n";

fn with(lines: &str) -> RegionTable {
    RegionTable::with_extra(&format!("{HEADING}# added here\n{lines}")).unwrap()
}

#[test]
fn a_zone_can_be_added_and_a_county_renamed() {
    let table =
        with("630171\t某新区\t6301\tcounty\tdevelopment_zone\n630103\t新城中区\t630100\tcounty\n");
    assert_eq!(name(table.county_of("630171")), Some("某新区"));
    assert_eq!(table.counties("6301").len(), 8);
    assert_eq!(
        table.name_path("630103001").unwrap(),
        "青海省西宁市新城中区".to_owned() + name(table.get("630103001")).unwrap()
    );
    assert_eq!(table.get("630103").unwrap().code_system, CodeSystem::LOCAL);
}

#[test]
fn a_county_run_by_another_city_is_added_there_and_taken_from_the_city_of_its_digits() {
    let table = with("630103\t城中区\t630200\tcounty\n");
    assert_eq!(
        table.ranges("6301").unwrap(),
        [
            630_100_000_000..=630_102_999_999,
            630_104_000_000..=630_199_999_999
        ]
    );
    assert_eq!(
        table.ranges("6302").unwrap(),
        [
            630_103_000_000..=630_103_999_999,
            630_200_000_000..=630_299_999_999
        ]
    );
    assert_eq!(
        table.ranges("63").unwrap(),
        [630_000_000_000..=639_999_999_999]
    );
    assert_eq!(
        table.ranges("630103").unwrap(),
        [630_103_000_000..=630_103_999_999]
    );
    assert_eq!(name(table.city_of("630103001")), Some("海东市"));
}

#[test]
fn a_town_run_by_another_county_goes_with_it_even_inside_a_moved_county() {
    let table = with("630103\t城中区\t630200\tcounty\n630103001\t某街道\t630104\ttown\n");
    assert_eq!(
        table.ranges("630103").unwrap(),
        [
            630_103_000_000..=630_103_000_999,
            630_103_002_000..=630_103_999_999
        ]
    );
    assert!(table.covers("630104", 630_103_001_000) && table.covers("6301", 630_103_001_000));
    assert!(!table.covers("6302", 630_103_001_000));
    assert_eq!(
        name(table.county_at(630_103_001_500)),
        name(table.get("630104"))
    );
}

#[test]
fn a_replaced_county_hands_its_towns_and_places_to_the_successor() {
    let table = with("630209\t新区\t630200\tcounty\tordinary\t630103\n");
    assert_eq!(name(table.successor("630103")), Some("新区"));
    assert_eq!(name(table.county_of("630103001")), Some("新区"));
    assert!(table.covers("630209", 630_103_500_000) && table.covers("6302", 630_103_500_000));
    assert!(!table.covers("6301", 630_103_500_000));
    assert_eq!(name(table.county_at(630_103_500_000)), Some("新区"));
    assert!(matches!(
        table.area_code_status("630103"),
        AreaCode::Retired { .. }
    ));
    assert_eq!(
        table.ranges("630209").unwrap(),
        [
            630_103_000_000..=630_103_999_999,
            630_209_000_000..=630_209_999_999
        ]
    );
}

#[test]
fn a_county_replaced_twice_hands_its_places_to_the_last() {
    let table =
        with("630107\t甲区\t6301\tcounty\t\t630103\n630108\t乙区\t6301\tcounty\t\t630107\n");
    assert_eq!(
        table.ranges("630108").unwrap(),
        [
            630_103_000_000..=630_103_999_999,
            630_107_000_000..=630_108_999_999
        ]
    );
    assert_eq!(name(table.county_of("630103001")), Some("乙区"));
}

#[test]
fn adjacent_ranges_are_merged() {
    let table = with("630199\t边区\t630200\tcounty\n");
    assert_eq!(
        table.ranges("6302").unwrap(),
        [630_199_000_000..=630_299_999_999]
    );
}

#[test]
fn a_city_that_gains_a_county_stops_being_one() {
    let table = with("441902\t莞城区\t441900\tcounty\n");
    assert_eq!(codes(table.counties("441900")), ["441902"]);
    let table = with("441971\t松山湖\t441900\tcounty\tdevelopment_zone\n");
    assert_eq!(codes(table.counties("441900")), ["441900"]);
}

#[test]
fn a_line_that_cannot_be_used_is_named() {
    #[rustfmt::skip]
    let cases = [
        ("630171\t某新区",                                   "expected code, name, parent, level, kind and replaced codes, separated by tabs"),
        ("6301711\t某新区\t6301\tcounty",                    "the code \"6301711\" is malformed"),
        ("630171\t\t6301\tcounty",                           "the name is empty"),
        ("630171\t某新区\t6301\tvillage",                    "the level \"village\" is unknown or does not fit the code"),
        ("630100\t某新区\t63\tcounty",                       "the level \"county\" is unknown or does not fit the code"),
        ("630171\t某新区\t6301\tcounty\tzone",               "the kind \"zone\" is unknown"),
        ("630171\t某新区\t6399\tcounty",                     "the parent 639900 is unknown or not of a higher level"),
        ("630171\t某新区\t630103\tcounty",                   "the parent 630103 is unknown or not of a higher level"),
        ("630171\t某新区\t6301\tcounty\t\t630199",           "the replaced code 630199 is unknown or the same as the new one"),
        ("630171\t某新区\t6301\tcounty\t\t630171",           "the replaced code 630171 is unknown or the same as the new one"),
    ];
    for (line, problem) in cases {
        let error = RegionTable::with_extra(&format!("{HEADING}{line}")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("region table, line 2: {problem}")
        );
        assert!(error.zh().starts_with("区划补充表第2行："));
    }
}
