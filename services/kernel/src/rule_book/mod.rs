//! Dated rules 政策参数: thresholds and deadlines that differ by province and year, as data with their sources. Every service
//! ships a file of its own.
//!
//! A rule is asked for by its id, the region whose rules count and the day that counts. The nearest region with an entry on
//! that day wins: county, city, province, nation. What is missing is a fault of the file and found by the test that reads
//! the code; at run time it is an error, never a guess.

mod document;

use chrono::NaiveDate;

use crate::error::KernelError;
use crate::region::RegionTable;

use document::Document;
pub use document::Rule;

/// The region of a rule that holds everywhere.
pub const NATION: &str = "";

/// The rules of one file.
#[derive(Clone, Debug)]
pub struct Rules {
    rules: Vec<Rule>,
}

/// A region and those above it, nearest first, up to the nation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionPath(Vec<String>);

// === impl RegionPath ===

impl RegionPath {
    /// The path of a region by its code: county, city, province, nation. A code that is in no table has only the nation's
    /// rules.
    pub fn of(regions: &RegionTable, code: &str) -> Self {
        let own = regions.get(code).map(|region| region.code.clone());
        let above = regions.ancestors(code);
        let above = above.into_iter().map(|region| region.code.clone());
        Self(
            own.into_iter()
                .chain(above)
                .chain([NATION.to_owned()])
                .collect(),
        )
    }

    /// The path where only the nation's rules count.
    pub fn nation() -> Self {
        Self(vec![NATION.to_owned()])
    }

    /// The codes, nearest first; the last is the nation's, empty.
    pub fn codes(&self) -> &[String] {
        &self.0
    }

    /// A path of these codes, nearest first, and the nation.
    pub fn of_codes(codes: &[&str]) -> Self {
        let codes = codes.iter().map(|code| (*code).to_owned());
        Self(codes.chain([NATION.to_owned()]).collect())
    }

    /// How far a region's word is from here: 0 for its own, more for those above; `None` where it does not count.
    pub fn distance(&self, code: &str) -> Option<usize> {
        self.0.iter().position(|own| is_same(own, code))
    }
}

/// Whether two codes are of one region: 63 is written for 630000 as well.
fn is_same(own: &str, written: &str) -> bool {
    let padded = |code: &str| match code {
        NATION => String::new(),
        code => format!("{code:0<6}"),
    };
    padded(own) == padded(written)
}

// === impl Rules ===

impl Rules {
    /// Reads a file of rules.
    pub fn parse(text: &str) -> Result<Self, String> {
        let document: Document = toml::from_str(text).map_err(|error| error.to_string())?;
        Ok(Self {
            rules: document.rules,
        })
    }

    /// These rules, and behind them those of another file: where both have an entry of one region from one day on, these count.
    pub fn ahead_of(mut self, behind: Self) -> Self {
        self.rules.extend(behind.rules);
        self
    }

    /// All of them, in the order of the file.
    pub fn all(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule that counts for a region on a day, where there is one: of what began at some day there is none before it. Of
    /// two entries of one region the one that began later counts.
    pub fn find(&self, id: &str, path: &RegionPath, date: NaiveDate) -> Option<&Rule> {
        self.rules
            .iter()
            .filter(|rule| rule.id == id && rule.holds_on(date))
            .filter_map(|rule| Some((path.distance(&rule.region)?, rule)))
            .min_by_key(|(distance, rule)| (*distance, std::cmp::Reverse(rule.effective_from)))
            .map(|(_, rule)| rule)
    }

    /// The same of what holds on every day.
    pub fn rule(&self, id: &str, path: &RegionPath, date: NaiveDate) -> Result<&Rule, KernelError> {
        self.find(id, path, date)
            .ok_or_else(|| KernelError::Stored(format!("the rules have no {id} on {date}")))
    }

    /// The numbers of the list that counts.
    pub fn list(
        &self,
        id: &str,
        path: &RegionPath,
        date: NaiveDate,
    ) -> Result<&[i64], KernelError> {
        self.rule(id, path, date).map(|rule| rule.list.as_slice())
    }

    /// The value of the rule that counts.
    pub fn number(&self, id: &str, path: &RegionPath, date: NaiveDate) -> Result<i64, KernelError> {
        self.rule(id, path, date).map(|rule| rule.value)
    }

    /// The value of a rule that counts something: days, months, times. Fails where the file has a number below zero.
    pub fn count(&self, id: &str, path: &RegionPath, date: NaiveDate) -> Result<u32, KernelError> {
        self.rule(id, path, date)?.count()
    }

    /// Whether the rule that counts is switched on.
    pub fn allows(
        &self,
        id: &str,
        path: &RegionPath,
        date: NaiveDate,
    ) -> Result<bool, KernelError> {
        self.rule(id, path, date).map(Rule::is_on)
    }

    /// The smallest value that counts for any region on a day.
    pub fn least(&self, id: &str, date: NaiveDate) -> Result<i64, KernelError> {
        let of_id = |rule: &&Rule| rule.id == id && rule.holds_on(date);
        let values = self.rules.iter().filter(of_id).map(|rule| rule.value);
        values
            .min()
            .ok_or_else(|| KernelError::Stored(format!("the rules have no {id} on {date}")))
    }

    /// The nation's rule that holds without an end; of two the one that began later.
    pub fn standing(&self, id: &str) -> Option<&Rule> {
        self.rules
            .iter()
            .filter(|rule| rule.id == id && rule.region == NATION && rule.effective_to.is_none())
            .max_by_key(|rule| rule.effective_from)
    }
}

#[cfg(test)]
mod tests;
