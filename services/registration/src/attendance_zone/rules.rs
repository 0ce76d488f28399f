//! What zones must look like, where they meet, and what they leave out. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::NaiveDate;
use junheng_kernel::fault::Violation;
use junheng_kernel::text::check_text;
use junheng_kernel::workflow::Unmet;
use junheng_proto::registration::v1::{AttendanceZone, ZoneOverlap};

use super::workflow::Guard;

/// The most zones of a plan, and the most places or areas of a zone.
const MOST: usize = 500;
/// The most schools of a zone.
const MOST_SCHOOLS: usize = 20;
/// The most children of a zone.
const MOST_PLACES: i32 = 20_000;
/// The most overlaps that are told at once.
const MOST_TOLD: usize = 100;

/// The place numbers of a code of 6, 9 or 12 digits.
pub fn span_of(code: &str) -> Option<RangeInclusive<i64>> {
    let width = match code.len() {
        6 => 1_000_000,
        9 => 1_000,
        12 => 1,
        _ => return None,
    };
    if !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let first = code.parse::<i64>().ok()? * width;
    Some(first..=first + (width - 1))
}

/// What is wrong with a stage: zones and admissions are of compulsory stages.
pub fn check_stage(field: &str, stage: i32) -> Option<Violation> {
    (!(1..=2).contains(&stage)).then(|| {
        Violation::invalid(
            field,
            "must be primary or junior: the compulsory stages",
            "应为小学或初中(义务教育阶段)",
        )
    })
}

/// Everything that is wrong with zones of a county of these place numbers, but for their schools.
pub fn check(zones: &[AttendanceZone], county: &[RangeInclusive<i64>]) -> Vec<Violation> {
    let mut wrong = Vec::new();
    if zones.len() > MOST {
        wrong.push(too_many("zones", MOST));
    }
    let mut numbers = BTreeSet::new();
    for (index, zone) in zones.iter().enumerate() {
        let at = |field: &str| format!("zones[{index}].{field}");
        if zone.number < 1 || !numbers.insert(zone.number) {
            wrong.push(Violation::invalid(
                &at("number"),
                "must be 1 or more, and each number once",
                "应从1起,且不得重复",
            ));
        }
        wrong.extend(check_name(&at("display_name"), &zone.display_name, 1));
        for (field, count, most) in [
            ("places", zone.places.len(), MOST),
            ("areas", zone.areas.len(), MOST),
            ("schools", zone.schools.len(), MOST_SCHOOLS),
        ] {
            if count > most {
                wrong.push(too_many(&at(field), most));
            }
        }
        if zone.schools.is_empty() {
            wrong.push(Violation::required(&at("schools")));
        }
        if zone.places.is_empty() && zone.areas.is_empty() {
            wrong.push(Violation::required(&at("places")));
        }
        for (number, place) in zone.places.iter().enumerate() {
            let inside = span_of(place).is_some_and(|span| {
                county
                    .iter()
                    .any(|own| own.start() <= span.start() && span.end() <= own.end())
            });
            if !inside {
                wrong.push(Violation::invalid(
                    &at(&format!("places[{number}]")),
                    format!("{place} is no place of this county, written in 6, 9 or 12 digits"),
                    format!("{place}不是本县的区划代码(6、9或12位)"),
                ));
            }
        }
        for (number, area) in zone.areas.iter().enumerate() {
            wrong.extend(check_name(&at(&format!("areas[{number}]")), area, 2));
        }
        if !(0..=MOST_PLACES).contains(&zone.place_count) {
            wrong.push(Violation::invalid(
                &at("place_count"),
                "must be 0 to 20,000",
                "应为0至20000",
            ));
        }
    }
    wrong
}

/// Where two zones cover the same, at most a hundred.
pub fn overlaps(zones: &[AttendanceZone]) -> Vec<ZoneOverlap> {
    let mut found = Vec::new();
    let mut spans: Vec<(RangeInclusive<i64>, i32, &str)> = zones
        .iter()
        .flat_map(|zone| {
            let span = |place: &'_ String| span_of(place);
            zone.places
                .iter()
                .filter_map(move |place| Some((span(place)?, zone.number, place.as_str())))
        })
        .collect();
    // The wider first, so that what encloses a place stands on the stack when the place comes.
    spans.sort_by_key(|(span, number, _)| (*span.start(), -span.end(), *number));
    let mut around: Vec<(i64, i32)> = Vec::new();
    for (span, zone, place) in &spans {
        around.retain(|(end, _)| end >= span.start());
        let others: BTreeSet<i32> = around
            .iter()
            .map(|(_, other)| *other)
            .filter(|other| other != zone)
            .collect();
        found.extend(others.into_iter().map(|other| overlap(other, *zone, place)));
        around.push((*span.end(), *zone));
    }
    let mut areas: BTreeMap<&str, BTreeSet<i32>> = BTreeMap::new();
    for zone in zones {
        for area in &zone.areas {
            areas.entry(area.trim()).or_default().insert(zone.number);
        }
    }
    for (area, numbers) in areas {
        let numbers: Vec<i32> = numbers.into_iter().collect();
        let pairs = numbers.windows(2);
        found.extend(pairs.map(|pair| overlap(pair[0], pair[1], area)));
    }
    found.truncate(MOST_TOLD);
    found
}

/// The towns of which no zone covers anything, and those of which zones cover single villages only.
pub fn uncovered(zones: &[AttendanceZone], towns: &[String]) -> (Vec<String>, Vec<String>) {
    let spans: Vec<RangeInclusive<i64>> = zones
        .iter()
        .flat_map(|zone| zone.places.iter().filter_map(|place| span_of(place)))
        .collect();
    let (mut none, mut part) = (Vec::new(), Vec::new());
    for town in towns {
        let Some(own) = span_of(town) else { continue };
        if spans
            .iter()
            .any(|span| span.start() <= own.start() && own.end() <= span.end())
        {
            continue;
        }
        if spans
            .iter()
            .any(|span| own.start() <= span.start() && span.end() <= own.end())
        {
            part.push(town.clone());
        } else {
            none.push(town.clone());
        }
    }
    (none, part)
}

/// The zones that cover a place or a named area.
pub fn zones_of<'a>(
    zones: &'a [AttendanceZone],
    place: &'a str,
    area: &'a str,
) -> impl Iterator<Item = &'a AttendanceZone> {
    let wanted = span_of(place);
    let meets = move |zone: &AttendanceZone| {
        let by_place = wanted.as_ref().is_some_and(|wanted| {
            let spans = zone.places.iter().filter_map(|place| span_of(place));
            spans
                .into_iter()
                .any(|span| span.start() <= wanted.end() && wanted.start() <= span.end())
        });
        let by_area =
            !area.trim().is_empty() && zone.areas.iter().any(|known| known.trim() == area.trim());
        by_place || by_area
    };
    zones.iter().filter(move |zone| meets(zone))
}

/// What a step is judged by.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The zones.
    pub zones: Vec<AttendanceZone>,
    /// The towns of the county.
    pub towns: Vec<String>,
    /// The last day of the notice.
    pub notice_end: Option<NaiveDate>,
    /// Today.
    pub today: NaiveDate,
}

/// Whether a guard lets a step pass.
pub fn judge(guard: Guard, facts: &Facts) -> Result<(), Unmet> {
    let missing = |why: String, why_zh: String| Err(Unmet::Missing(why, why_zh));
    match guard {
        Guard::SomeZones if facts.zones.is_empty() => {
            missing("the plan has no zone".into(), "方案中尚无片区".into())
        }
        Guard::NoOverlap => match overlaps(&facts.zones).as_slice() {
            [] => Ok(()),
            [first, rest @ ..] => missing(
                format!(
                    "zones {} and {} both cover {} and {} more overlap; see CheckZonePlan",
                    first.zone,
                    first.other_zone,
                    first.r#where,
                    rest.len()
                ),
                format!(
                    "片区{}与片区{}在{}重叠,另有{}处重叠",
                    first.zone,
                    first.other_zone,
                    first.r#where,
                    rest.len()
                ),
            ),
        },
        Guard::NothingUncovered => match uncovered(&facts.zones, &facts.towns).0.as_slice() {
            [] => Ok(()),
            towns => missing(
                format!("no zone covers the towns {}", towns.join(", ")),
                format!("下列乡镇(街道)未划入任何片区:{}", towns.join("、")),
            ),
        },
        Guard::NoticeOver => match facts.notice_end {
            Some(end) if facts.today > end => Ok(()),
            Some(end) => Err(Unmet::NotBefore(end)),
            None => missing("the notice has no end".into(), "尚未公示".into()),
        },
        Guard::SomeZones => Ok(()),
    }
}

fn overlap(zone: i32, other_zone: i32, place: &str) -> ZoneOverlap {
    ZoneOverlap {
        zone,
        other_zone,
        r#where: place.to_owned(),
    }
}

fn too_many(field: &str, most: usize) -> Violation {
    Violation::invalid(
        field,
        format!("must be at most {most}"),
        format!("不得超过{most}个"),
    )
}

fn check_name(field: &str, name: &str, least: usize) -> Option<Violation> {
    if !(least..=50).contains(&name.trim().chars().count()) {
        return Some(Violation::invalid(
            field,
            format!("must have {least} to 50 characters"),
            format!("应为{least}至50个字"),
        ));
    }
    check_text(field, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(number: i32, places: &[&str], areas: &[&str]) -> AttendanceZone {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        AttendanceZone {
            number,
            display_name: format!("第{number}片区"),
            places: owned(places),
            areas: owned(areas),
            schools: vec!["schools/x".into()],
            place_count: 90,
        }
    }

    fn county() -> Vec<RangeInclusive<i64>> {
        vec![420_106_000_000..=420_106_999_999]
    }

    fn fields(zones: &[AttendanceZone]) -> Vec<String> {
        let wrong = check(zones, &county());
        wrong.into_iter().map(|wrong| wrong.field).collect()
    }

    #[test]
    fn a_place_code_is_a_range_of_place_numbers() {
        assert_eq!(span_of("420106"), Some(420_106_000_000..=420_106_999_999));
        assert_eq!(
            span_of("420106001"),
            Some(420_106_001_000..=420_106_001_999)
        );
        assert_eq!(
            span_of("420106001003"),
            Some(420_106_001_003..=420_106_001_003)
        );
        assert_eq!(span_of("42010600a"), None);
        assert_eq!(span_of("42"), None);
    }

    #[test]
    fn a_zone_lies_in_its_county_and_feeds_a_school() {
        assert_eq!(
            fields(&[zone(1, &["420106001"], &[])]),
            Vec::<String>::new()
        );
        assert_eq!(
            fields(&[zone(1, &["420107001"], &[])]),
            ["zones[0].places[0]"]
        );
        let mut lonely = zone(1, &["420106001"], &[]);
        lonely.schools.clear();
        assert_eq!(fields(&[lonely]), ["zones[0].schools"]);
        let twice = [zone(1, &["420106001"], &[]), zone(1, &["420106002"], &[])];
        assert_eq!(fields(&twice), ["zones[1].number"]);
    }

    #[test]
    fn zones_meet_where_one_names_a_village_of_the_others_town() {
        let zones = [
            zone(1, &["420106001", "420106002"], &["翠园小区"]),
            zone(2, &["420106002003", "420106003"], &[" 翠园小区"]),
            zone(3, &["420106004"], &[]),
        ];
        let met: Vec<_> = overlaps(&zones)
            .into_iter()
            .map(|found| (found.zone, found.other_zone, found.r#where))
            .collect();
        assert_eq!(
            met,
            [
                (1, 2, "420106002003".to_owned()),
                (1, 2, "翠园小区".to_owned())
            ]
        );
        let own = [zone(1, &["420106001", "420106001002"], &[])];
        assert!(overlaps(&own).is_empty(), "a zone does not meet itself");
    }

    #[test]
    fn a_town_is_covered_whole_in_part_or_not_at_all() {
        let zones = [zone(1, &["420106001", "420106002003"], &[])];
        let towns = ["420106001", "420106002", "420106003"].map(str::to_owned);
        let (none, part) = uncovered(&zones, &towns);
        assert_eq!(
            (none, part),
            (vec!["420106003".to_owned()], vec!["420106002".to_owned()])
        );
        let whole = [zone(1, &["420106"], &[])];
        assert!(uncovered(&whole, &towns).0.is_empty());
    }

    #[test]
    fn a_village_is_found_by_its_town_and_an_area_by_its_name() {
        let zones = [
            zone(1, &["420106001"], &["翠园小区"]),
            zone(2, &["420106002"], &[]),
        ];
        let found = |place: &str, area: &str| -> Vec<i32> {
            zones_of(&zones, place, area)
                .map(|zone| zone.number)
                .collect()
        };
        assert_eq!(found("420106001009", ""), [1]);
        assert_eq!(found("", "翠园小区"), [1]);
        assert_eq!(found("420106003", ""), Vec::<i32>::new());
        assert_eq!(found("", ""), Vec::<i32>::new());
    }
}
