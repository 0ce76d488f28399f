//! How many children of an age live somewhere (适龄人口), county by county: as a department's list of everybody of school age has
//! them, where one is complete and speaks of every year of these ages, and otherwise from what the county entered of births.
//!
//! A child is of an age by the end of August in which the school year begins. A list says that by the month of birth. Of those
//! born in a calendar year eight twelfths are, and four twelfths of those born the year before; where a county has an entry of its
//! own, those of its towns are not added.
//!
//! A county that has schools and neither list nor births leaves its region without a population: none is better than too few.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Days;
use junheng_kernel::error::KernelError;
use junheng_kernel::label;
use junheng_kernel::name::Parent;
use junheng_kernel::region::RegionTable;
use junheng_proto::registration::v1::resident_list::Source;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::lists::{self, Counts};
use super::rules::{Asked, Origin};
use crate::entity::birth_count::Model;
use crate::entity::resident_list;
use crate::forecast;
use crate::ledger::rules::birth_months;
use crate::rule_book::{RegionPath, RuleBook};

/// For how many days a list tells the population.
const LIST_DAYS: &str = "dropout.population_list_days";

/// Children by the year of their birth, at the beginning of a school year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Born {
    by_year: BTreeMap<i32, i64>,
    /// The oldest year in which an entry was made.
    as_of: Option<i32>,
}

/// What is known of one county.
#[derive(Clone, Debug, Default)]
struct County {
    has_schools: bool,
    list: Option<(resident_list::Model, Counts)>,
    born: Born,
}

/// What is known of the counties of a parent.
#[derive(Clone, Debug, Default)]
pub(super) struct Population(BTreeMap<String, County>);

/// What is known below a parent by a day. A school has no population of its own.
pub(super) async fn read(
    database: &impl ConnectionTrait,
    regions: &RegionTable,
    parent: &Parent,
    asked: &Asked,
) -> Result<Population, KernelError> {
    let Parent::Region { code, .. } = parent else {
        return Ok(Population::default());
    };
    let mut counties: BTreeMap<String, County> = BTreeMap::new();
    for region in lists::counties_with_schools(database, parent).await? {
        counties.entry(region).or_default().has_schools = true;
    }
    let rows = forecast::store::births(database, parent).await?;
    let mut by_county: BTreeMap<String, Vec<Model>> = BTreeMap::new();
    for row in rows {
        by_county.entry(row.region.clone()).or_default().push(row);
    }
    for (region, rows) in by_county {
        counties.entry(region).or_default().born = Born::of(&rows, asked.school_year);
    }
    // Lists speak of whole counties; a town has none.
    let whole: Vec<String> = regions
        .counties(code)
        .into_iter()
        .map(|region| region.code.clone())
        .collect();
    let known = lists::read(database, regions, &whole, asked.as_of).await?;
    for region in whole {
        let path = RegionPath::of(regions, &region);
        let days = RuleBook::builtin()?.count(LIST_DAYS, &path, asked.as_of)?;
        let since = asked.as_of.checked_sub_days(Days::new(days.into()));
        let chosen = known.newest(&region, since.unwrap_or(asked.as_of));
        if let Some(list) = chosen {
            counties.entry(region).or_default().list = Some(list);
        }
    }
    Ok(Population(counties))
}

// === impl Population ===

impl Population {
    /// Children of these ages, None where somebody's are not known; and where they were taken from.
    pub(super) fn aged(&self, from: i32, to: i32, school_year: i32) -> (Option<i64>, Origin) {
        let mut taken = Taken::default();
        let mut sum = Some(0);
        for county in self.0.values() {
            let counted = county.aged(from, to, school_year, &mut taken);
            if counted.is_none() && county.has_schools {
                taken.missing += 1;
                sum = None;
            }
            sum = sum.map(|sum| sum + counted.unwrap_or(0));
        }
        let is_known = taken.listed.values().sum::<usize>() + taken.born > 0;
        (sum.filter(|_| is_known), taken.origin())
    }
}

// === impl County ===

impl County {
    fn aged(&self, from: i32, to: i32, school_year: i32, taken: &mut Taken) -> Option<i64> {
        if let Some((list, counts)) = &self.list
            && let Some(count) = listed(counts, from, to, school_year)
        {
            *taken.listed.entry(list.source).or_default() += 1;
            taken.lists.insert(list.id);
            taken.days.insert(list.as_of.clone());
            return Some(count);
        }
        let count = self.born.aged(from, to, school_year)?;
        taken.born += 1;
        taken
            .days
            .extend(self.born.as_of.map(|year| year.to_string()));
        Some(count)
    }
}

/// Children of these ages on a list; None when it has nobody of one of them, and so does not speak of it.
fn listed(counts: &Counts, from: i32, to: i32, school_year: i32) -> Option<i64> {
    let mut sum = 0;
    for age in from..=to {
        let months = birth_months(age, school_year);
        let of_age: i64 = months.iter().filter_map(|month| counts.get(month)).sum();
        if of_age == 0 {
            return None;
        }
        sum += of_age;
    }
    Some(sum)
}

/// Where a population was taken from.
#[derive(Debug, Default)]
struct Taken {
    /// Counties by the source of the list.
    listed: BTreeMap<i32, usize>,
    lists: BTreeSet<Uuid>,
    /// Counties by their births.
    born: usize,
    /// Counties of which nothing is known.
    missing: usize,
    /// The days, or years, whose state was taken.
    days: BTreeSet<String>,
}

// === impl Taken ===

impl Taken {
    fn origin(self) -> Origin {
        let mut parts: Vec<(String, usize)> = Vec::new();
        for (source, counties) in &self.listed {
            let source = Source::try_from(*source).unwrap_or_default();
            parts.push((format!("{}适龄儿童名单", label::of(source)), *counties));
        }
        if self.born > 0 {
            parts.push(("出生人口登记".to_owned(), self.born));
        }
        if self.missing > 0 {
            parts.push(("无名单且无出生人口登记".to_owned(), self.missing));
        }
        let counties: usize = parts.iter().map(|(_, counties)| counties).sum();
        let part = |(name, of): (String, usize)| match counties {
            1 => name,
            _ => format!("{name}({of}个县级区划)"),
        };
        let source: Vec<String> = parts.into_iter().map(part).collect();
        Origin {
            source: source.join("、"),
            as_of: self.days.into_iter().next().unwrap_or_default(),
            lists: self
                .lists
                .into_iter()
                .map(|id| format!("residentLists/{id}"))
                .collect(),
        }
    }
}

/// Months of the year before: September to December.
const BEFORE: i64 = 4;
/// Months of a year.
const YEAR: i64 = 12;

// === impl Born ===

impl Born {
    /// Sums entries.
    pub fn of(rows: &[Model], school_year: i32) -> Self {
        let own = |row: &Model| row.code == row.region;
        let counts_itself = |row: &&Model| {
            let same = |other: &Model| {
                own(other) && other.region == row.region && other.birth_year == row.birth_year
            };
            own(row) || !rows.iter().any(same)
        };
        let mut born = BTreeMap::new();
        for row in rows.iter().filter(counts_itself) {
            let counted = i64::from(row.resident_count.unwrap_or(row.birth_count));
            let since = i64::from(school_year - row.as_of_year);
            let now = counted + i64::from(row.yearly_migration) * since;
            *born.entry(row.birth_year).or_default() += now.max(0);
        }
        Self {
            by_year: born,
            as_of: rows.iter().map(|row| row.as_of_year).min(),
        }
    }

    /// Children of these ages; `None` when a year of birth is not entered.
    pub fn aged(&self, from: i32, to: i32, school_year: i32) -> Option<i64> {
        let mut months = 0;
        for age in from..=to {
            let born_in = |year: i32| self.by_year.get(&year).copied();
            let year = school_year - age;
            months += BEFORE * born_in(year - 1)? + (YEAR - BEFORE) * born_in(year)?;
        }
        // Half up.
        Some((2 * months + YEAR).div_euclid(2 * YEAR))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn row(code: &str, birth_year: i32, births: i32, residents: Option<i32>) -> Model {
        Model {
            id: Uuid::now_v7(),
            region: "630103".into(),
            code: code.into(),
            place: 630_103_000_000,
            birth_year,
            birth_count: births,
            resident_count: residents,
            yearly_migration: 3,
            as_of_year: 2017,
            source: "统计公报".into(),
        }
    }

    #[test]
    fn an_age_is_a_third_of_one_year_of_birth_and_two_thirds_of_the_next() {
        let rows = [
            row("630103", 2010, 600, None),
            row("630103", 2011, 0, Some(651)),
        ];
        let born = Born::of(&rows, 2018);
        // (4 × 603 + 8 × 654) / 12 = 637.
        assert_eq!(born.aged(7, 7, 2018), Some(637));
        assert_eq!(born.aged(6, 7, 2018), None, "2012 is not entered");
    }

    #[test]
    fn towns_are_added_only_where_the_county_has_no_entry() {
        let rows = [
            row("630103", 2010, 600, None),
            row("630103100", 2010, 400, None),
            row("630103100", 2011, 300, None),
            row("630103101", 2011, 200, None),
        ];
        let born = Born::of(&rows, 2017);
        assert_eq!(born.by_year, BTreeMap::from([(2010, 600), (2011, 500)]));
    }

    fn list(source: Source, as_of: &str) -> resident_list::Model {
        resident_list::Model {
            id: Uuid::now_v7(),
            place: 630_103_000_000,
            region: "630103".into(),
            account: String::new(),
            post: String::new(),
            source: source.into(),
            kind: 1,
            as_of: as_of.into(),
            state: 2,
            row_count: 0,
            create_micros: 0,
            version: 1,
        }
    }

    fn county(list: Option<resident_list::Model>, births: &[Model]) -> County {
        let seven = birth_months(7, 2018)
            .into_iter()
            .zip([50; 12])
            .collect::<BTreeMap<i32, i64>>();
        County {
            has_schools: true,
            list: list.map(|list| (list, seven)),
            born: Born::of(births, 2018),
        }
    }

    fn births() -> [Model; 3] {
        [2010, 2011, 2012].map(|year| row("630103", year, 651, None))
    }

    #[test]
    fn a_list_is_taken_before_births_and_only_for_ages_that_it_speaks_of() {
        let police = list(Source::PublicSecurity, "2018-10-01");
        let name = format!("residentLists/{}", police.id);
        let one = county(Some(police), &births());
        let population = Population(BTreeMap::from([("630103".to_owned(), one)]));
        let (seven, origin) = population.aged(7, 7, 2018);
        assert_eq!(seven, Some(600));
        assert_eq!(origin.source, "公安适龄儿童名单");
        assert_eq!(
            (origin.as_of.as_str(), origin.lists),
            ("2018-10-01", vec![name])
        );
        // Nobody of six is listed.
        let (both, origin) = population.aged(6, 7, 2018);
        assert_eq!(both, Some(654 * 2));
        assert_eq!(origin.source, "出生人口登记");
        assert_eq!((origin.as_of.as_str(), origin.lists.len()), ("2017", 0));
    }

    #[test]
    fn a_county_with_schools_and_without_a_population_leaves_its_city_without_one() {
        let police = list(Source::PublicSecurity, "2018-10-01");
        let two = [
            ("630103".to_owned(), county(Some(police), &[])),
            ("630104".to_owned(), county(None, &births())),
        ];
        let mut population = Population(BTreeMap::from(two));
        let (seven, origin) = population.aged(7, 7, 2018);
        assert_eq!(seven, Some(600 + 654));
        let told = "公安适龄儿童名单(1个县级区划)、出生人口登记(1个县级区划)";
        assert_eq!(
            (origin.source.as_str(), origin.as_of.as_str()),
            (told, "2017")
        );
        let none = county(None, &[]);
        population.0.insert("630105".to_owned(), none.clone());
        let (seven, origin) = population.aged(7, 7, 2018);
        assert_eq!(seven, None);
        assert!(
            origin
                .source
                .ends_with("无名单且无出生人口登记(1个县级区划)")
        );
        // Where nobody goes to school, nothing is missing.
        let without_schools = County {
            has_schools: false,
            ..none
        };
        population.0.insert("630105".to_owned(), without_schools);
        assert_eq!(population.aged(7, 7, 2018).0, Some(600 + 654));
        assert_eq!(Population::default().aged(7, 7, 2018).0, None);
    }
}
