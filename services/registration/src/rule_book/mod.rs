//! Dated rules 政策参数: thresholds and deadlines that differ by province and year, as data with their sources.
//!
//! A rule is asked for by its id, the region whose rules count and the day that counts. The nearest region with an entry on
//! that day wins: county, city, province, nation. What is missing is a fault of the file and found by the test that reads
//! the code; at run time it is an error, never a guess.

mod document;

use std::sync::LazyLock;

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::region::RegionTable;

use document::Document;
pub use document::Rule;

/// The region of a rule that holds everywhere.
const NATION: &str = "";

static BUILTIN: LazyLock<Result<RuleBook, String>> =
    LazyLock::new(|| RuleBook::parse(include_str!("../../data/rules.toml")));

/// All rules.
#[derive(Clone, Debug)]
pub struct RuleBook {
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

    fn contains(&self, code: &str) -> Option<usize> {
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

// === impl RuleBook ===

impl RuleBook {
    /// The shipped rules. Fails with `INTERNAL` when the file cannot be read, which its test excludes.
    pub fn builtin() -> Result<&'static Self, KernelError> {
        BUILTIN
            .as_ref()
            .map_err(|error| KernelError::Stored(format!("data/rules.toml: {error}")))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let document: Document = toml::from_str(text).map_err(|error| error.to_string())?;
        Ok(Self {
            rules: document.rules,
        })
    }

    /// The rule that counts for a region on a day. Of two entries of one region the one that began later counts.
    pub fn rule(&self, id: &str, path: &RegionPath, date: NaiveDate) -> Result<&Rule, KernelError> {
        self.rules
            .iter()
            .filter(|rule| rule.id == id && rule.holds_on(date))
            .filter_map(|rule| Some((path.contains(&rule.region)?, rule)))
            .min_by_key(|(distance, rule)| (*distance, std::cmp::Reverse(rule.effective_from)))
            .map(|(_, rule)| rule)
            .ok_or_else(|| KernelError::Stored(format!("data/rules.toml has no {id} on {date}")))
    }

    /// The value of the rule that counts.
    pub fn number(&self, id: &str, path: &RegionPath, date: NaiveDate) -> Result<i64, KernelError> {
        self.rule(id, path, date).map(|rule| rule.value)
    }

    /// The smallest value that counts for any region on a day.
    pub fn least(&self, id: &str, date: NaiveDate) -> Result<i64, KernelError> {
        let of_id = |rule: &&Rule| rule.id == id && rule.holds_on(date);
        let values = self.rules.iter().filter(of_id).map(|rule| rule.value);
        values
            .min()
            .ok_or_else(|| KernelError::Stored(format!("data/rules.toml has no {id} on {date}")))
    }

    /// Whether the rule that counts is switched on.
    pub fn allows(
        &self,
        id: &str,
        path: &RegionPath,
        date: NaiveDate,
    ) -> Result<bool, KernelError> {
        self.number(id, path, date).map(|value| value != 0)
    }
}

#[cfg(test)]
mod tests;
