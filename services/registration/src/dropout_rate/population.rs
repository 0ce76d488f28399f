//! How many children of an age live somewhere (适龄人口): counted by what the county entered of births and residents.
//!
//! A child is of an age by the end of August in which the school year begins: of those born in a calendar year eight twelfths are,
//! and four twelfths of those born the year before. Where a county has an entry of its own, those of its towns are not added.

use std::collections::BTreeMap;

use junheng_kernel::name::Parent;
use sea_orm::{ConnectionTrait, DbErr};

use crate::entity::birth_count::Model;
use crate::forecast;

/// Children by the year of their birth, at the beginning of a school year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Born(BTreeMap<i32, i64>);

/// Months of the year before: September to December.
const BEFORE: i64 = 4;
/// Months of a year.
const YEAR: i64 = 12;

/// What is entered below a parent. A school has no population of its own.
pub async fn born(
    database: &impl ConnectionTrait,
    parent: &Parent,
    school_year: i32,
) -> Result<Born, DbErr> {
    if parent.school().is_some() {
        return Ok(Born::default());
    }
    let rows = forecast::store::births(database, parent).await?;
    Ok(Born::of(&rows, school_year))
}

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
        Self(born)
    }

    /// Children of these ages; `None` when a year of birth is not entered.
    pub fn aged(&self, from: i32, to: i32, school_year: i32) -> Option<i64> {
        let mut months = 0;
        for age in from..=to {
            let born_in = |year: i32| self.0.get(&year).copied();
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
        assert_eq!(born.0, BTreeMap::from([(2010, 600), (2011, 500)]));
    }
}
