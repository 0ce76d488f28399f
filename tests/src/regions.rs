//! The counties that stories play in, read from the ministry's table without the product's own reader.

use std::collections::BTreeMap;

const TABLE: &str = include_str!("../../services/kernel/data/regions/mca_2026_county.tsv");

const ZONES: &str = include_str!("../../services/kernel/data/regions/nbs_2023_county.tsv");

/// A county and the city above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The county, `regions/{code}`.
    pub county: String,
    /// The city, `regions/{code}`; none for a county directly under its province.
    pub city: Option<String>,
    /// The province, `regions/{code}`.
    pub province: String,
}

/// The counties of a province, in the order of their codes.
pub fn counties(province: &str) -> Vec<Place> {
    let rows: BTreeMap<&str, (&str, &str)> = TABLE
        .lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [code, _, parent, level, ..] = fields.as_slice() else {
                return None;
            };
            Some((*code, (*parent, *level)))
        })
        .collect();
    rows.iter()
        .filter(|(code, (_, level))| code.starts_with(province) && *level == "3")
        .map(|(code, (parent, _))| {
            let below_city = rows.get(parent).is_some_and(|(_, level)| *level == "2");
            Place {
                county: format!("regions/{code}"),
                city: below_city.then(|| format!("regions/{parent}")),
                province: format!("regions/{province}0000"),
            }
        })
        .collect()
}

/// The same with the development zones that the statistics bureau counts like counties: everything a province is made up of.
pub fn counties_and_zones(province: &str) -> Vec<Place> {
    let zones = ZONES.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [code, _, parent, _, "stat_zone"] = fields.as_slice() else {
            return None;
        };
        code.starts_with(province).then(|| Place {
            county: format!("regions/{code}"),
            city: Some(format!("regions/{parent}")),
            province: format!("regions/{province}0000"),
        })
    });
    let mut places: Vec<Place> = counties(province).into_iter().chain(zones).collect();
    places.sort_by(|one, other| one.county.cmp(&other.county));
    places
}

/// The place of one county, for example `630103`.
pub fn place(code: &str) -> Option<Place> {
    let name = format!("regions/{code}");
    counties(code.get(..2)?)
        .into_iter()
        .find(|place| place.county == name)
}
