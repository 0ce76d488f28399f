//! The shipped tables and how they are put together. Sources and licences: `data/README.md`.

use std::collections::{BTreeMap, BTreeSet};

use super::history::{History, Retirement};
use super::table::Parts;
use super::{CodeSystem, NATION, Region, RegionKind, RegionLevel};

const MCA_COUNTIES: &str = include_str!("../../data/regions/mca_2026_county.tsv");
const NBS_COUNTIES: &str = include_str!("../../data/regions/nbs_2023_county.tsv");
const RETIRED: &str = include_str!("../../data/regions/retired.tsv");
const IDENTITY_AREAS: &str = include_str!("../../data/regions/identity_areas.tsv");

/// Towns of the three provinces shipped, in both numberings.
#[rustfmt::skip]
const TOWNS: &[(CodeSystem, &str)] = &[
    (CodeSystem::MCA_2026, include_str!("../../data/regions/mca_2026_town_42.tsv")),
    (CodeSystem::MCA_2026, include_str!("../../data/regions/mca_2026_town_62.tsv")),
    (CodeSystem::MCA_2026, include_str!("../../data/regions/mca_2026_town_63.tsv")),
    (CodeSystem::NBS_2023, include_str!("../../data/regions/nbs_2023_town_42.tsv")),
    (CodeSystem::NBS_2023, include_str!("../../data/regions/nbs_2023_town_62.tsv")),
    (CodeSystem::NBS_2023, include_str!("../../data/regions/nbs_2023_town_63.tsv")),
];

/// The shipped regions, placeholders and retired codes, before any addition.
pub(super) fn builtin() -> Parts {
    let history = history();
    let mut placeholders = BTreeMap::new();
    let mut primary = BTreeMap::new();
    primary.insert(NATION.to_owned(), nation());
    for row in rows::<5>(MCA_COUNTIES) {
        let region = county_row(row, CodeSystem::MCA_2026);
        primary.insert(region.code.clone(), region);
    }
    for row in rows::<5>(NBS_COUNTIES) {
        if row[4] == "virtual" {
            placeholders.insert(row[0].to_owned(), row[2].to_owned());
        } else if !primary.contains_key(row[0]) && !history.is_retired(row[0]) {
            let region = county_row(row, CodeSystem::NBS_2023);
            primary.insert(region.code.clone(), region);
        }
    }
    // A region under a placeholder hangs under what stands above the placeholder.
    for region in primary.values_mut() {
        if let Some(above) = region
            .parent
            .as_ref()
            .and_then(|parent| placeholders.get(parent))
        {
            region.parent = Some(above.clone());
        }
    }
    let mut statistics_towns = BTreeMap::new();
    for (system, text) in TOWNS {
        let towns = if *system == CodeSystem::MCA_2026 {
            &mut primary
        } else {
            &mut statistics_towns
        };
        towns.extend(rows::<4>(text).map(|row| (row[0].to_owned(), town_row(row, *system))));
    }
    Parts {
        primary,
        statistics_towns,
        placeholders: placeholders.into_keys().collect(),
        identity_areas: identity_areas(),
        history,
        absorbed: BTreeSet::new(),
    }
}

fn nation() -> Region {
    Region {
        code: NATION.to_owned(),
        name: "全国".to_owned(),
        level: RegionLevel::Nation,
        parent: None,
        kind: RegionKind::Ordinary,
        code_system: CodeSystem::LOCAL,
    }
}

fn county_row([code, name, parent, level, kind]: [&str; 5], code_system: CodeSystem) -> Region {
    let level = match level {
        "1" => RegionLevel::Province,
        "2" => RegionLevel::City,
        _ => RegionLevel::County,
    };
    let kind = match kind {
        "municipality_district" => RegionKind::MunicipalityDistrict,
        "province_direct" => RegionKind::ProvinceDirect,
        "stat_zone" => RegionKind::DevelopmentZone,
        _ if code_system == CodeSystem::NBS_2023 => RegionKind::StatisticsOnly,
        "no_county_city" => RegionKind::NoCountyCity,
        _ => RegionKind::Ordinary,
    };
    let parent = if parent.is_empty() { NATION } else { parent };
    Region {
        code: code.to_owned(),
        name: name.to_owned(),
        level,
        parent: Some(parent.to_owned()),
        kind,
        code_system,
    }
}

fn town_row([code, name, parent, _]: [&str; 4], code_system: CodeSystem) -> Region {
    Region {
        code: code.to_owned(),
        name: name.to_owned(),
        level: RegionLevel::Town,
        parent: Some(parent.to_owned()),
        kind: RegionKind::Ordinary,
        code_system,
    }
}

fn history() -> History {
    let retired = rows::<6>(RETIRED).map(|[code, name, year, _event, successor, _document]| {
        let retirement = Retirement {
            name: Some(name.to_owned()).filter(|name| !name.is_empty()),
            year: year.parse().ok(),
            successor: Some(successor.to_owned()).filter(|code| !code.is_empty()),
        };
        (code.to_owned(), retirement)
    });
    History::new(retired.collect())
}

fn identity_areas() -> BTreeSet<String> {
    rows::<2>(IDENTITY_AREAS)
        .map(|[code, _]| code.to_owned())
        .collect()
}

/// Lines of a shipped table after its heading, as columns; missing columns are empty. A test holds the tables to their shape.
fn rows<const N: usize>(text: &str) -> impl Iterator<Item = [&str; N]> {
    text.lines()
        .skip(1)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let mut columns = line.split('\t');
            std::array::from_fn(|_| columns.next().unwrap_or_default())
        })
}
