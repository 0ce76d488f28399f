//! Place numbers: twelve digits in which every region is a range, or a few.

use std::ops::RangeInclusive;

use super::code::{normalize, significant, span};
use super::error::RegionError;
use super::table::RegionTable;
use super::{Authority, NATION, Region, RegionLevel};

/// A region whose digits do not tell where it belongs, or a code replaced here whose places its successor took over.
#[derive(Debug, Clone)]
pub(super) struct Exception {
    /// Its place numbers.
    span: RangeInclusive<i64>,
    /// Codes of all regions that cover it, itself included, the nation left out.
    covered_by: Vec<String>,
}

impl RegionTable {
    /// The place number of a code: its digits filled with zeros to twelve, so 630103 is `630103000000`.
    /// A town that the table does not list has a place when its county is in force.
    ///
    /// # Errors
    /// As [`require`](RegionTable::require).
    pub fn place(&self, code: &str) -> Result<i64, RegionError> {
        let code = normalize(code)?;
        if let Err(error) = self.require(&code) {
            let (true, Some(county)) = (code.len() == 9, code.get(..6)) else {
                return Err(error);
            };
            if !self.require(county)?.acts_as_county() {
                return Err(error);
            }
        }
        Ok(*span(&code).start())
    }

    /// The place number of a region of any code system. A town in the bureau's numbering has its county's number, since its own
    /// digits may be another town of the ministry's.
    pub fn place_of(&self, region: &Region) -> i64 {
        let statistics_town = region.level == RegionLevel::Town
            && region.code_system.authority == Authority::Statistics;
        let code = region
            .parent
            .as_ref()
            .filter(|_| statistics_town)
            .unwrap_or(&region.code);
        *span(code).start()
    }

    /// The place numbers a region covers: sorted, disjoint, merged where adjacent. One range unless a stored parent differs from the
    /// digits: a county run by a city of another number is added to that city and taken from the city of its digits.
    ///
    /// # Errors
    /// As [`require`](RegionTable::require): an unknown region has no ranges, not an empty list that reads like one.
    pub fn ranges(&self, code: &str) -> Result<Vec<RangeInclusive<i64>>, RegionError> {
        let region = self.require(code)?;
        let mut ranges = vec![span(&region.code)];
        if region.code == NATION {
            return Ok(ranges);
        }
        // Wide spans come first, so that a town has the last word over its county.
        for exception in &self.exceptions {
            ranges = without(ranges, &exception.span);
            if exception.covered_by.contains(&region.code) {
                ranges.push(exception.span.clone());
            }
        }
        Ok(merged(ranges))
    }

    /// The region that acts as county at a place number, where there is one in force. Numbers of towns and of replaced codes count
    /// to their county.
    pub fn county_at(&self, place: i64) -> Option<&Region> {
        if !span(NATION).contains(&place) {
            return None;
        }
        let narrowest = self
            .exceptions
            .iter()
            .rfind(|exception| exception.span.contains(&place));
        if let Some(exception) = narrowest {
            return exception
                .covered_by
                .iter()
                .find_map(|code| self.county_of(code));
        }
        let county = format!("{:06}", place.div_euclid(1_000_000));
        let city = format!("{:04}00", place.div_euclid(100_000_000));
        self.county_of(&county).or_else(|| self.county_of(&city))
    }

    /// Whether a place number lies in a region. False for an unknown region.
    pub fn covers(&self, code: &str, place: i64) -> bool {
        self.ranges(code)
            .is_ok_and(|ranges| ranges.iter().any(|range| range.contains(&place)))
    }

    /// Exceptions, widest first.
    pub(super) fn find_exceptions(&self) -> Vec<Exception> {
        let irregular = self
            .iter()
            .filter(|region| region.code != NATION)
            .filter_map(|region| {
                let covered_by = self.covering(region);
                let mut by_digits = self.regions_by_digits(&region.code);
                by_digits.sort();
                let mut by_parents = covered_by.clone();
                by_parents.sort();
                (by_digits != by_parents).then(|| Exception {
                    span: span(&region.code),
                    covered_by,
                })
            });
        let absorbed = self.parts.absorbed.iter().filter_map(|old| {
            Some(Exception {
                span: span(old),
                covered_by: self.covering(self.successor(old)?),
            })
        });
        let mut exceptions: Vec<Exception> = irregular.chain(absorbed).collect();
        exceptions.sort_by_key(|exception| {
            std::cmp::Reverse(exception.span.end() - exception.span.start())
        });
        exceptions
    }

    /// Codes of the region and of all above it.
    fn covering(&self, region: &Region) -> Vec<String> {
        let above = self.ancestors_of(region);
        std::iter::once(region)
            .chain(above)
            .map(|region| region.code.clone())
            .collect()
    }

    /// Codes in force that the significant digits of `code` begin with, itself included.
    fn regions_by_digits(&self, code: &str) -> Vec<String> {
        let digits = significant(code);
        let prefixes = [2, 4, 6, 9]
            .into_iter()
            .filter_map(|length| digits.get(..length));
        let codes = prefixes.filter_map(|prefix| normalize(prefix).ok());
        codes
            .filter(|code| self.parts.primary.contains_key(code))
            .collect()
    }
}

/// `ranges` with `cut` taken out.
fn without(
    ranges: Vec<RangeInclusive<i64>>,
    cut: &RangeInclusive<i64>,
) -> Vec<RangeInclusive<i64>> {
    let sides = |range: RangeInclusive<i64>| {
        let before = *range.start()..=(*range.end()).min(cut.start() - 1);
        let after = (*range.start()).max(cut.end() + 1)..=*range.end();
        [before, after]
    };
    ranges
        .into_iter()
        .flat_map(sides)
        .filter(|range| !range.is_empty())
        .collect()
}

/// Sorted, with adjacent and overlapping ranges made one.
fn merged(mut ranges: Vec<RangeInclusive<i64>>) -> Vec<RangeInclusive<i64>> {
    ranges.sort_by_key(|range| *range.start());
    let mut result: Vec<RangeInclusive<i64>> = Vec::new();
    for range in ranges {
        match result.last_mut() {
            Some(last) if *range.start() <= last.end() + 1 => {
                *last = *last.start()..=*range.end().max(last.end())
            }
            _ => result.push(range),
        }
    }
    result
}
