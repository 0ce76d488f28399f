//! Who attends at some ages, county by county: what far fewer children than that were counted as cannot be everybody of these ages.
//! A list holds some children only whatever its header says, and births are entered of one town; either would give an entry rate
//! of many hundred percent.

use std::collections::{BTreeMap, HashMap};

use junheng_kernel::name::Parent;
use junheng_kernel::region::RegionTable;
use junheng_kernel::scope::{Scope, Scoped as _};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, QueryFilter as _, QuerySelect as _};

use super::formula::{Input, JUNIOR, PRIMARY};
use super::inputs::aged;
use super::lists::Counts;
use super::rules::{Asked, inputs};
use crate::approval::region_of;
use crate::entity::{school_year, student};
use crate::ledger::people;
use crate::ledger::rules::birth_months;
use crate::tally::read::COUNTY;

/// The ages of each stage, from and to: what a year is judged by of which only the yearbook is left.
const STAGES: [(i32, (i32, i32)); 2] = [(PRIMARY, (6, 11)), (JUNIOR, (12, 14))];

/// Who attends in a county.
#[derive(Clone, Debug, Default)]
pub(super) struct Attending {
    /// Of the year that runs, by month of birth.
    by_month: Counts,
    /// Of a year before, by stage.
    by_stage: BTreeMap<i32, i64>,
}

/// Who attends below a parent in a school year, by county.
pub(super) async fn read(
    database: &impl ConnectionTrait,
    regions: &RegionTable,
    parent: &Parent,
    asked: &Asked,
) -> Result<HashMap<String, Attending>, DbErr> {
    let mut all: HashMap<String, Attending> = HashMap::new();
    let county = |place: i64| match regions.county_at(place) {
        Some(county) => county.code.clone(),
        None => region_of(place),
    };
    if !asked.is_running {
        for (place, stage, count) in by_stage(database, parent, asked.school_year).await? {
            let of_county = all.entry(county(place)).or_default();
            *of_county.by_stage.entry(stage).or_default() += count;
        }
        return Ok(all);
    }
    for (code, month, count) in by_month(database, parent, asked).await? {
        let of_county = all.entry(county(code * COUNTY)).or_default();
        *of_county.by_month.entry(month).or_default() += count;
    }
    Ok(all)
}

fn judged() -> Scope {
    Scope::everything("the parent was judged against the scope before; only sums are read")
}

/// Pupils by the digits of their county and the month of their birth, of every age whose population is asked for.
async fn by_month(
    database: &impl ConnectionTrait,
    parent: &Parent,
    asked: &Asked,
) -> Result<Vec<(i64, i32, i64)>, DbErr> {
    let ages = inputs(asked.is_on_roll)
        .into_iter()
        .filter_map(|input| match input {
            Input::Population(from, to) => Some((from, to)),
            _ => None,
        });
    let ages = ages.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
    let Some(ages) = ages else {
        return Ok(Vec::new());
    };
    let county = || Expr::cust(format!("place / {COUNTY}"));
    student::Entity::visible_to(&judged())
        .filter(parent.condition::<student::Entity>())
        .filter(people::students_of(&aged(0, ages, asked.school_year)))
        .select_only()
        .column_as(county(), "county")
        .column(student::Column::BirthMonth)
        .column_as(student::Column::Id.count(), "student_count")
        .group_by(county())
        .group_by(student::Column::BirthMonth)
        .into_tuple()
        .all(database)
        .await
}

/// The yearbook, school by school: place, stage, pupils.
async fn by_stage(
    database: &impl ConnectionTrait,
    parent: &Parent,
    year: i32,
) -> Result<Vec<(i64, i32, i64)>, DbErr> {
    use school_year::{Column, Entity};
    Entity::visible_to(&judged())
        .filter(parent.condition::<Entity>())
        .filter(Column::SchoolYear.eq(year))
        .select_only()
        .columns([Column::Place, Column::Stage, Column::StudentCount])
        .into_tuple()
        .all(database)
        .await
}

// === impl Attending ===

impl Attending {
    /// Pupils of these ages; of a year before those of the stages that lie within them.
    pub(super) fn aged(&self, from: i32, to: i32, school_year: i32) -> i64 {
        let months = (from..=to).flat_map(|age| birth_months(age, school_year));
        let of_age: i64 = months.filter_map(|month| self.by_month.get(&month)).sum();
        let within = STAGES
            .iter()
            .filter(|(_, (first, last))| from <= *first && *last <= to);
        let of_stage: i64 = within
            .filter_map(|(stage, _)| self.by_stage.get(stage))
            .sum();
        of_age + of_stage
    }

    /// Pupils by month of birth, as a test has them.
    #[cfg(test)]
    pub(super) fn born(by_month: Counts) -> Self {
        Self {
            by_month,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_that_is_over_is_judged_by_its_yearbook() {
        let past = Attending {
            by_stage: BTreeMap::from([(PRIMARY, 600), (JUNIOR, 290)]),
            ..Attending::default()
        };
        let of = |from, to| past.aged(from, to, 2017);
        assert_eq!((of(6, 11), of(12, 14), of(6, 14)), (600, 290, 890));
        assert_eq!(of(7, 7), 0, "says nothing of one age");
    }
}
