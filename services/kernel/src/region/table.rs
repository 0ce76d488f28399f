//! The table: look-ups up, down and by name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::code::normalize;
use super::error::RegionError;
use super::history::{AreaCode, History};
use super::ranges::Exception;
use super::{CodeSystem, Region, RegionKind, RegionLevel, data};

/// What a table is made of.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    /// Regions by code: the nation down to the ministry's towns, the bureau's additional counties, local additions.
    pub(super) primary: BTreeMap<String, Region>,
    /// The bureau's towns by code; the same code may be another town in `primary`.
    pub(super) statistics_towns: BTreeMap<String, Region>,
    /// Codes of rows that stand where no city is.
    pub(super) placeholders: BTreeSet<String>,
    /// Area codes of identity documents that are no region of this table.
    pub(super) identity_areas: BTreeSet<String>,
    pub(super) history: History,
    /// Codes replaced by a local addition: their place numbers belong to the successor.
    pub(super) absorbed: BTreeSet<String>,
}

/// All regions, indexed. Immutable; build once at start and share.
#[derive(Debug, Clone)]
pub struct RegionTable {
    pub(super) parts: Parts,
    /// Codes of the regions directly below each region, ascending.
    children: HashMap<String, Vec<String>>,
    /// The same for the bureau's towns.
    statistics_children: HashMap<String, Vec<String>>,
    /// Codes by name.
    names: HashMap<String, Vec<String>>,
    /// Regions whose place numbers do not follow their parents.
    pub(super) exceptions: Vec<Exception>,
}

// === impl RegionTable ===

impl RegionTable {
    /// The shipped table: ministry of civil affairs 2026, the statistics bureau's development zones of 2023, towns of 42, 62 and 63.
    /// Parses some ten thousand lines: call once and keep it.
    pub fn builtin() -> Self {
        Self::build(data::builtin())
    }

    pub(super) fn build(parts: Parts) -> Self {
        let mut table = Self {
            children: by_parent(parts.primary.values()),
            statistics_children: by_parent(parts.statistics_towns.values()),
            names: HashMap::new(),
            exceptions: Vec::new(),
            parts,
        };
        for region in table.parts.primary.values() {
            table
                .names
                .entry(region.name.clone())
                .or_default()
                .push(region.code.clone());
        }
        table.mark_cities_without_counties();
        table.exceptions = table.find_exceptions();
        table
    }

    /// The region of a code in force, or `None`. Accepts what [`normalize`] accepts; nine digits are the ministry's town.
    pub fn get(&self, code: &str) -> Option<&Region> {
        self.parts.primary.get(&normalize(code).ok()?)
    }

    /// Like [`get`](Self::get), but says why not.
    ///
    /// # Errors
    /// Malformed, [`Placeholder`](RegionError::Placeholder), [`Retired`](RegionError::Retired) with the successor, or
    /// [`Unknown`](RegionError::Unknown).
    pub fn require(&self, code: &str) -> Result<&Region, RegionError> {
        let code = normalize(code)?;
        if let Some(region) = self.parts.primary.get(&code) {
            return Ok(region);
        }
        if self.parts.placeholders.contains(&code) {
            return Err(RegionError::Placeholder { code });
        }
        if self.parts.history.is_retired(&code) {
            let successor = self.successor(&code).map(|region| region.code.clone());
            return Err(RegionError::Retired { code, successor });
        }
        Err(RegionError::Unknown { code })
    }

    /// The region of a code within one code system: nine digits of [`CodeSystem::NBS_2023`] are the bureau's town of that code.
    /// Regions above the town are the same in all systems and answered for any.
    pub fn get_in(&self, system: CodeSystem, code: &str) -> Option<&Region> {
        let code = normalize(code).ok()?;
        if code.len() == 6 {
            return self.parts.primary.get(&code);
        }
        [
            self.parts.primary.get(&code),
            self.parts.statistics_towns.get(&code),
        ]
        .into_iter()
        .flatten()
        .find(|town| town.code_system == system)
    }

    /// The regions directly below, by code. Towns come in the ministry's numbering; where it lists none (development zones), in the bureau's.
    pub fn children(&self, code: &str) -> Vec<&Region> {
        let Some(region) = self.get(code) else {
            return Vec::new();
        };
        let below = self.listed(&self.children, &self.parts.primary, region);
        if below.is_empty() {
            return self.children_in(CodeSystem::NBS_2023, code);
        }
        below
    }

    /// The towns directly below a county in one code system, by code.
    pub fn children_in(&self, system: CodeSystem, code: &str) -> Vec<&Region> {
        let Some(region) = self.get(code) else {
            return Vec::new();
        };
        let mut towns = self.listed(&self.children, &self.parts.primary, region);
        towns.extend(self.listed(
            &self.statistics_children,
            &self.parts.statistics_towns,
            region,
        ));
        towns.retain(|town| town.level == RegionLevel::Town && town.code_system == system);
        towns
    }

    /// The regions above, nearest first, up to the province. Empty for a province, the nation and an unknown code.
    pub fn ancestors(&self, code: &str) -> Vec<&Region> {
        self.get(code)
            .map(|region| self.ancestors_of(region))
            .unwrap_or_default()
    }

    /// The city a region belongs to; itself for a city. `None` where there is none: 省直辖县, counties of municipalities, provinces.
    pub fn city_of(&self, code: &str) -> Option<&Region> {
        self.find_upwards(code, |region| region.level == RegionLevel::City)
    }

    /// The county a region belongs to: itself for a county or a city without counties. `None` above the county.
    pub fn county_of(&self, code: &str) -> Option<&Region> {
        // The highest that acts as county, so that the bureau's 620201 is part of 620200 嘉峪关市.
        let region = self.get(code)?;
        let mut path = vec![region];
        path.extend(self.ancestors_of(region));
        path.into_iter().rfind(|region| region.acts_as_county())
    }

    /// The province a region belongs to; itself for a province. `None` for the nation.
    pub fn province_of(&self, code: &str) -> Option<&Region> {
        self.find_upwards(code, |region| region.level == RegionLevel::Province)
    }

    /// Every region at or below `code` that acts as a county, by code: what a campaign covers. 广东省 includes 441900 东莞市.
    pub fn counties(&self, code: &str) -> Vec<&Region> {
        let mut open: Vec<&Region> = self.get(code).into_iter().collect();
        let mut found = Vec::new();
        while let Some(region) = open.pop() {
            if region.acts_as_county() {
                found.push(region)
            } else {
                open.extend(self.children(&region.code))
            }
        }
        found.sort_by(|one, other| one.code.cmp(&other.code));
        found
    }

    /// Whether `code` is `within` or lies below it by stored parents. False for unknown codes.
    pub fn is_within(&self, code: &str, within: &str) -> bool {
        match (self.get(code), self.get(within)) {
            (Some(_), Some(top)) if top.level == RegionLevel::Nation => true,
            (Some(region), Some(top)) => region == top || self.ancestors_of(region).contains(&top),
            _ => false,
        }
    }

    /// Names from the province down, without separators: 青海省西宁市城中区. The nation alone is 全国.
    pub fn name_path(&self, code: &str) -> Option<String> {
        let region = self.get(code)?;
        let above = self.ancestors_of(region);
        Some(
            above
                .iter()
                .rev()
                .map(|region| region.name.as_str())
                .chain([region.name.as_str()])
                .collect(),
        )
    }

    /// Regions of exactly this name, by code; 城中区 gives two.
    pub fn named(&self, name: &str) -> Vec<&Region> {
        self.names
            .get(name)
            .into_iter()
            .flatten()
            .filter_map(|code| self.parts.primary.get(code))
            .collect()
    }

    /// All regions in force, by code, the bureau's towns left out.
    pub fn iter(&self) -> impl Iterator<Item = &Region> {
        self.parts.primary.values()
    }

    /// The region in force that took the place of a retired code, over any number of changes. `None` for a code in force or
    /// unknown, and where a region was split up.
    pub fn successor(&self, code: &str) -> Option<&Region> {
        let code = normalize(code).ok()?;
        if self.parts.primary.contains_key(&code) {
            return None;
        }
        let in_force = |code: &str| self.parts.primary.contains_key(code);
        self.parts
            .primary
            .get(self.parts.history.follow(&code, in_force)?)
    }

    /// What is known of an identity number's area code; give its first six digits.
    pub fn area_code_status(&self, code: &str) -> AreaCode {
        let in_force =
            self.parts.primary.contains_key(code) || self.parts.identity_areas.contains(code);
        match self.parts.history.get(code) {
            _ if code.len() != 6 || code == super::NATION => AreaCode::Unknown,
            _ if in_force => AreaCode::InForce,
            Some(retirement) => AreaCode::Retired {
                name: retirement.name.clone(),
                year: retirement.year,
                successor: self.successor(code).map(|region| region.code.clone()),
            },
            None => AreaCode::Unknown,
        }
    }

    /// Like [`ancestors`](Self::ancestors), for a region of any code system.
    pub fn ancestors_of<'a>(&'a self, region: &'a Region) -> Vec<&'a Region> {
        // Parents are of a higher level, so this ends.
        let up = |region: &&'a Region| self.parts.primary.get(region.parent.as_ref()?);
        std::iter::successors(up(&region), up)
            .filter(|above| above.level != RegionLevel::Nation)
            .collect()
    }

    fn find_upwards(&self, code: &str, wanted: impl Fn(&Region) -> bool) -> Option<&Region> {
        let region = self.get(code)?;
        if wanted(region) {
            return Some(region);
        }
        self.ancestors_of(region)
            .into_iter()
            .find(|above| wanted(above))
    }

    fn listed<'a>(
        &'a self,
        children: &HashMap<String, Vec<String>>,
        regions: &'a BTreeMap<String, Region>,
        parent: &Region,
    ) -> Vec<&'a Region> {
        children
            .get(&parent.code)
            .into_iter()
            .flatten()
            .filter_map(|code| regions.get(code))
            .collect()
    }

    /// A city is city and county at once exactly when no county stands below it. Development zones and the bureau's own rows (嘉峪关's
    /// 620201) are none in this respect: they stay part of the city.
    fn mark_cities_without_counties(&mut self) {
        let no_county = [RegionKind::StatisticsOnly, RegionKind::DevelopmentZone];
        let counties = self.iter().filter(|region| {
            region.level == RegionLevel::County && !no_county.contains(&region.kind)
        });
        let with_counties: BTreeSet<String> = counties
            .filter_map(|county| county.parent.clone())
            .collect();
        for city in self
            .parts
            .primary
            .values_mut()
            .filter(|region| region.level == RegionLevel::City)
        {
            city.kind = match with_counties.contains(&city.code) {
                true if city.kind == RegionKind::NoCountyCity => RegionKind::Ordinary,
                true => city.kind,
                false => RegionKind::NoCountyCity,
            };
        }
    }
}

fn by_parent<'a>(regions: impl Iterator<Item = &'a Region>) -> HashMap<String, Vec<String>> {
    let mut children: HashMap<String, Vec<String>> = HashMap::new();
    for region in regions {
        if let Some(parent) = &region.parent {
            children
                .entry(parent.clone())
                .or_default()
                .push(region.code.clone());
        }
    }
    children
}
