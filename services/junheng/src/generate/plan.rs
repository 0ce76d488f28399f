//! Which counties, and how many pupils each: what can be known before any school is made.

use std::ops::Range;

use anyhow::{Context as _, bail, ensure};
use junheng_kernel::region::RegionTable;

use super::chance::Chance;
use super::identity::{FIRST_YEAR, MOST_PERSONS};
use super::parameters::Parameters;
use crate::cli::GenerateArgs;
use crate::demo::county::apportion::apportion;

/// The most pupils: a large province has fewer.
pub const MOST_PUPILS: u64 = 15_000_000;
/// Where nobody says which, a county has at least about so many pupils, and so fewer counties are made.
const LEAST_COUNTY: u64 = 5_000;
/// School years that make sense: beyond, nobody is of school age yet.
const YEARS: Range<i32> = FIRST_YEAR..2036;

/// A province to be made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Everything follows from it.
    pub seed: u64,
    /// Two digits.
    pub province: String,
    /// The school year, by the calendar year in which it begins.
    pub year: i32,
    /// Pupils in all.
    pub pupils: u64,
    /// The counties, by code.
    pub counties: Vec<County>,
}

/// A county to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct County {
    /// Its place among all counties of the province, so that school codes do not depend on which are made.
    pub index: u64,
    /// Six digits.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Pupils.
    pub pupils: u64,
    /// The count of its first person in the province.
    pub first_person: u64,
}

// === impl Plan ===

impl Plan {
    /// The plan that the command line asks for.
    ///
    /// # Errors
    /// No such province or county, more pupils than any province has, a school year that does not do.
    pub fn of(args: &GenerateArgs, parameters: &Parameters) -> anyhow::Result<Self> {
        let province = args.province.get(..2).unwrap_or_default().to_owned();
        ensure!(
            (1..=MOST_PUPILS).contains(&args.pupils),
            "--pupils should be 1 to {MOST_PUPILS}"
        );
        ensure!(
            args.persons_from + args.pupils <= MOST_PERSONS,
            "--persons-from and --pupils should not exceed {MOST_PERSONS} together"
        );
        ensure!(
            YEARS.contains(&args.year),
            "--year should be {} to {}: pupils are born from 2008 on and old enough for school",
            YEARS.start,
            YEARS.end - 1
        );
        let regions = RegionTable::builtin();
        let found = regions.counties(&format!("{province}0000"));
        ensure!(!found.is_empty(), "{} is no province", args.province);
        let all: Vec<(u64, &str, &str)> = (0..)
            .zip(found)
            .map(|(index, region)| (index, region.code.as_str(), region.name.as_str()))
            .collect();
        let wanted = wanted(args, &all)?;
        let weights: Vec<u64> = wanted
            .iter()
            .map(|(index, ..)| {
                let mut chance = Chance::fork(args.seed, "county weight", *index);
                (chance.lognormal(parameters.county_weight.sigma) * 1e6) as u64
            })
            .collect();
        let mut first_person = args.persons_from;
        let counties = wanted
            .into_iter()
            .zip(apportion(args.pupils, &weights))
            .map(|((index, code, name), pupils)| {
                let county = County {
                    index,
                    code: code.to_owned(),
                    name: name.to_owned(),
                    pupils,
                    first_person,
                };
                first_person += pupils;
                county
            })
            .collect();
        Ok(Self {
            seed: args.seed,
            province,
            year: args.year,
            pupils: args.pupils,
            counties,
        })
    }

    /// The counties from one code to another, both with it.
    ///
    /// # Errors
    /// When one is not in the plan.
    pub fn between(&self, from: Option<&str>, until: Option<&str>) -> anyhow::Result<&[County]> {
        let place = |code: &str| {
            self.counties
                .iter()
                .position(|county| county.code == code)
                .with_context(|| format!("{code} is no county of this province as it is planned"))
        };
        let first = from.map(place).transpose()?.unwrap_or(0);
        let last = until.map(place).transpose()?;
        let last = last.unwrap_or(self.counties.len().saturating_sub(1));
        if first > last {
            bail!("--from should not come after --until");
        }
        Ok(&self.counties[first..=last])
    }
}

/// The counties that are made: those asked for, or so many of the first that none is tiny.
fn wanted<'a>(
    args: &GenerateArgs,
    all: &[(u64, &'a str, &'a str)],
) -> anyhow::Result<Vec<(u64, &'a str, &'a str)>> {
    if args.counties.is_empty() {
        let count = (args.pupils / LEAST_COUNTY).clamp(1, all.len() as u64);
        return Ok(all[..count as usize].to_vec());
    }
    let mut wanted: Vec<(u64, &str, &str)> = args
        .counties
        .iter()
        .map(|code| {
            let found = all.iter().find(|(_, one, _)| one == code);
            found.copied().with_context(|| {
                let province = &args.province;
                format!("{code} is no county of province {province}")
            })
        })
        .collect::<anyhow::Result<_>>()?;
    wanted.sort_unstable();
    wanted.dedup();
    Ok(wanted)
}
