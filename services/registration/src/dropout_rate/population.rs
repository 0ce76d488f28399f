//! How many children of an age live somewhere (适龄人口), county by county: as a department's list of everybody of school age has
//! them, where one is complete and speaks of every year of these ages, and otherwise from what the county entered of births.
//!
//! A child is of an age by the end of August in which the school year begins. A list says that by the month of birth. Of those
//! born in a calendar year eight twelfths are, and four twelfths of those born the year before; where a county has an entry of its
//! own, those of its towns are not added.
//!
//! What counts far fewer than attend at these ages is not everybody of them, and is passed over: a list of some children, births of
//! one town. A county that has schools and neither list nor births left leaves its region without a population: none is better than
//! too few.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Days;
use junheng_kernel::error::KernelError;
use junheng_kernel::label;
use junheng_kernel::name::Parent;
use junheng_kernel::region::RegionTable;
use junheng_proto::registration::v1::resident_list::Source;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::attending::{self, Attending};
use super::lists::{self, Counts};
use super::rules::{Asked, Origin};
use crate::entity::birth_count::Model;
use crate::entity::resident_list;
use crate::forecast;
use crate::ledger::rules::birth_months;
use crate::rule_book::{RegionPath, RuleBook};

/// For how many days a list tells the population.
const LIST_DAYS: &str = "dropout.population_list_days";
/// How many percent of those who attend at some ages a population of these ages has at least.
const LEAST: &str = "dropout.population_least_percent";
/// What was passed over is told piece by piece up to so many.
const TOLD: usize = 3;

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
    /// Newest first.
    lists: Vec<(resident_list::Model, Counts)>,
    born: Born,
    attending: Attending,
    least_percent: u32,
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
    let day = asked.population_day;
    let rules = RuleBook::builtin()?;
    let known = lists::read(database, regions, &whole, day).await?;
    for region in whole {
        let path = RegionPath::of(regions, &region);
        let Some(rule) = rules.find(LIST_DAYS, &path, day) else {
            continue;
        };
        let since = day.checked_sub_days(Days::new(rule.count()?.into()));
        let lists = known.speaking(&region, since.unwrap_or(day));
        if !lists.is_empty() {
            counties.entry(region).or_default().lists = lists;
        }
    }
    let counts = |county: &County| !county.lists.is_empty() || county.born.as_of.is_some();
    if counties.values().any(counts) {
        let mut attending = attending::read(database, regions, parent, asked).await?;
        for (region, county) in &mut counties {
            let path = RegionPath::of(regions, region);
            let least = rules.find(LEAST, &path, day).map(|rule| rule.count());
            county.least_percent = least.transpose()?.unwrap_or(0);
            county.attending = attending.remove(region).unwrap_or_default();
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
        let attending = self.attending.aged(from, to, school_year);
        let is_enough = |count: i64| count * 100 >= i64::from(self.least_percent) * attending;
        let lists = self.lists.iter().filter_map(|(list, counts)| {
            let count = listed(counts, from, to, school_year)?;
            Some((Some(list), count))
        });
        let born = self.born.aged(from, to, school_year);
        let mut passed_over = Vec::new();
        for (list, count) in lists.chain(born.map(|count| (None, count))) {
            if is_enough(count) {
                taken.passed_over.extend(passed_over);
                taken.take(list, self.born.as_of);
                return Some(count);
            }
            let of = list.map_or(BIRTHS.to_owned(), |list| {
                format!("{}{}", list_label(list.source), list.as_of)
            });
            passed_over.push(format!("{of}({count}人,在校{attending}人)"));
        }
        if self.has_schools {
            match passed_over.is_empty() {
                true => taken.missing += 1,
                false => taken.unusable += 1,
            }
            taken.passed_over.extend(passed_over);
        }
        None
    }
}

/// The births on record, as a source.
const BIRTHS: &str = "出生人口登记";

fn list_label(source: i32) -> String {
    let source = Source::try_from(source).unwrap_or_default();
    format!("{}适龄儿童名单", label::of(source))
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
    /// Counties of which nothing is known that can be everybody.
    unusable: usize,
    /// What counts too few to be everybody.
    passed_over: Vec<String>,
    /// The days, or years, whose state was taken.
    days: BTreeSet<String>,
}

// === impl Taken ===

impl Taken {
    /// Takes a list, or the births entered since a year.
    fn take(&mut self, list: Option<&resident_list::Model>, since: Option<i32>) {
        let Some(list) = list else {
            self.born += 1;
            self.days.extend(since.map(|year| year.to_string()));
            return;
        };
        *self.listed.entry(list.source).or_default() += 1;
        self.lists.insert(list.id);
        self.days.insert(list.as_of.clone());
    }

    fn origin(self) -> Origin {
        let mut parts: Vec<(String, usize)> = Vec::new();
        for (source, counties) in &self.listed {
            parts.push((list_label(*source), *counties));
        }
        let others = [
            (BIRTHS, self.born),
            ("无名单且无出生人口登记", self.missing),
            ("名单或出生人口登记明显少于在校人数", self.unusable),
        ];
        let others = others.into_iter().filter(|(_, counties)| *counties > 0);
        parts.extend(others.map(|(name, counties)| (name.to_owned(), counties)));
        let counties: usize = parts.iter().map(|(_, counties)| counties).sum();
        let part = |(name, of): (String, usize)| match counties {
            1 => name,
            _ => format!("{name}({of}个县级区划)"),
        };
        let source: Vec<String> = parts.into_iter().map(part).collect();
        let mut source = source.join("、");
        if let some @ 1.. = self.passed_over.len() {
            let told = self.passed_over.get(..TOLD).unwrap_or(&self.passed_over);
            let more = if some > TOLD { "等" } else { "" };
            source += &format!(";未采用:{}{more}", told.join("、"));
        }
        Origin {
            source,
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

    /// So many of seven in each month.
    fn of_seven(count: i64) -> Counts {
        birth_months(7, 2018).into_iter().zip([count; 12]).collect()
    }

    fn county(list: Option<resident_list::Model>, births: &[Model]) -> County {
        County {
            has_schools: true,
            lists: list.map(|list| (list, of_seven(50))).into_iter().collect(),
            born: Born::of(births, 2018),
            attending: Attending::born(of_seven(54)),
            least_percent: 90,
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
    fn what_counts_far_fewer_than_attend_is_not_everybody_and_the_answer_says_so() {
        let of = |county: County| {
            let population = Population(BTreeMap::from([("630103".to_owned(), county)]));
            population.aged(7, 7, 2018)
        };
        let late = list(Source::PublicSecurity, "2018-10-20");
        let whole = list(Source::PublicSecurity, "2018-10-01");
        let mut one = county(None, &births());
        one.lists = vec![(late, of_seven(1)), (whole.clone(), of_seven(50))];
        let (seven, origin) = of(one.clone());
        assert_eq!(seven, Some(600), "the list before was of everybody");
        let told = "公安适龄儿童名单;未采用:公安适龄儿童名单2018-10-20(12人,在校648人)";
        assert_eq!(origin.source, told);
        assert_eq!(origin.lists, [format!("residentLists/{}", whole.id)]);

        one.lists.truncate(1);
        let (seven, origin) = of(one.clone());
        assert_eq!((seven, origin.lists.len()), (Some(654), 0));
        assert!(origin.source.starts_with("出生人口登记;未采用:"));

        one.born = Born::of(&[2010, 2011].map(|year| row("630103", year, 9, None)), 2018);
        let (seven, origin) = of(one);
        assert_eq!((seven, origin.as_of.as_str()), (None, ""));
        assert_eq!(
            origin.source,
            "名单或出生人口登记明显少于在校人数;未采用:\
             公安适龄儿童名单2018-10-20(12人,在校648人)、出生人口登记(12人,在校648人)"
        );
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
