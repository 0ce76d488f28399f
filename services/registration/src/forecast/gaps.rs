//! Where places will lack, in the order of the list: county by county, school by school, the largest lack first.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

use junheng_proto::registration::v1::{ForecastYear, PlaceGap};
use uuid::Uuid;

use super::unit::Unit;

/// Where a gap stands in the list. The list is made anew for each page: what came before is known by this, not by how many
/// they were.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    county: String,
    /// None of a county as a whole.
    school: Option<Uuid>,
    lack: Reverse<i64>,
    school_year: i32,
    stage: i32,
}

/// Whose gaps they are.
pub(super) struct Organisation<'a> {
    /// The county's code.
    pub(super) county: &'a str,
    /// The school, where they are a school's.
    pub(super) school: Option<Uuid>,
    /// Its name.
    pub(super) display_name: &'a str,
}

/// The years of a forecast in which places lack.
pub(super) fn of_unit(of: &Organisation<'_>, unit: &Unit) -> Vec<(Position, PlaceGap)> {
    let organisation = match of.school {
        Some(school) => format!("schools/{school}"),
        None => format!("regions/{}", of.county),
    };
    let listed = |year: &ForecastYear| {
        let position = Position {
            county: of.county.to_owned(),
            school: of.school,
            lack: Reverse(year.gap_count),
            school_year: year.school_year,
            stage: year.stage,
        };
        let gap = PlaceGap {
            organisation: organisation.clone(),
            display_name: of.display_name.to_owned(),
            year: Some(year.clone()),
        };
        (position, gap)
    };
    let lacking = unit.years.iter().filter(|year| year.gap_count > 0);
    lacking.map(listed).collect()
}

// === impl Position ===

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let school = self.school.unwrap_or_default();
        let (county, Reverse(lack)) = (&self.county, self.lack);
        let (school_year, stage) = (self.school_year, self.stage);
        write!(f, "{county}/{school}/{lack}/{school_year}/{stage}")
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('/');
        let mut next = || parts.next().ok_or(());
        let county = next()?.to_owned();
        let school: Uuid = next()?.parse().map_err(drop)?;
        Ok(Self {
            county,
            school: Some(school).filter(|school| !school.is_nil()),
            lack: Reverse(next()?.parse().map_err(drop)?),
            school_year: next()?.parse().map_err(drop)?,
            stage: next()?.parse().map_err(drop)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn unit(gaps: &[(i32, i64)]) -> Unit {
        let year = |(school_year, gap_count): &(i32, i64)| ForecastYear {
            school_year: *school_year,
            stage: 1,
            gap_count: *gap_count,
            ..ForecastYear::default()
        };
        Unit {
            years: gaps.iter().map(year).collect(),
            rates: Vec::new(),
            assumptions: BTreeSet::new(),
        }
    }

    #[test]
    fn a_page_goes_on_behind_the_last_gap_though_others_vanish_or_come_meanwhile() {
        let [first, second] = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let gaps = |school: Uuid, lacking: &[(i32, i64)]| {
            let of = Organisation {
                county: "630103",
                school: Some(school),
                display_name: "",
            };
            of_unit(&of, &unit(lacking))
        };
        let list = |parts: [Vec<(Position, PlaceGap)>; 2]| {
            let mut all: Vec<Position> = parts.concat().into_iter().map(|(at, _)| at).collect();
            all.sort();
            all
        };
        let before = list([
            gaps(second, &[(2027, 5)]),
            gaps(first, &[(2027, 3), (2028, 0), (2029, 9)]),
        ]);
        let told = |at: &Position| (at.school, at.school_year);
        let expected = [(first, 2029), (first, 2027), (second, 2027)];
        let expected = expected.map(|(school, year)| (Some(school), year));
        assert_eq!(before.iter().map(told).collect::<Vec<_>>(), expected);

        // The first page ended with the second of them; its own gap and the one before have closed.
        let last: Position = before[1].to_string().parse().unwrap();
        assert_eq!(last, before[1]);
        let now = list([gaps(second, &[(2027, 5)]), gaps(first, &[])]);
        let rest: Vec<_> = now.iter().filter(|at| **at > last).map(told).collect();
        assert_eq!(rest, [(Some(second), 2027)]);
        assert_eq!("630103/1/x".parse::<Position>(), Err(()));
    }
}
