//! The dated rules of registration: thresholds and deadlines that differ by province and year. `data/rules.toml` is shipped; what
//! a province, city or county has decided for itself stands in a file of its own, which the process adopts when it starts
//! ([`adopt`]). How rules are looked up is [`junheng_kernel::rule_book`].

mod local;

use std::ops::Deref;
use std::sync::OnceLock;

use junheng_kernel::error::KernelError;
use junheng_kernel::region::RegionTable;
use junheng_kernel::rule_book::Rules;
pub use junheng_kernel::rule_book::{RegionPath, Rule};

pub use local::LocalRulesError;

const SHIPPED: &str = include_str!("../../data/rules.toml");

/// The rules of this process: made once, since whoever asks twice within a step must be told the same.
static BOOK: OnceLock<Result<RuleBook, String>> = OnceLock::new();

/// All rules of registration.
#[derive(Clone, Debug)]
pub struct RuleBook(Rules);

/// Puts local rules ahead of the shipped ones, for this process. Call it once, before the service is made.
///
/// # Errors
/// A file that cannot be read, an entry that is no shipped rule's, of no known region or without a source; and a book that was
/// asked before.
pub fn adopt(text: &str, regions: &RegionTable) -> Result<(), LocalRulesError> {
    let shipped = Rules::parse(SHIPPED).map_err(LocalRulesError::Unreadable)?;
    let book = RuleBook(local::read(text, &shipped, regions)?.ahead_of(shipped));
    BOOK.set(Ok(book)).map_err(|_| LocalRulesError::Late)
}

// === impl RuleBook ===

impl RuleBook {
    /// The shipped rules, and those of this place. Fails with `INTERNAL` when the shipped file cannot be read, which its test
    /// excludes.
    pub fn builtin() -> Result<&'static Self, KernelError> {
        BOOK.get_or_init(|| Rules::parse(SHIPPED).map(Self))
            .as_ref()
            .map_err(|error| KernelError::Stored(format!("data/rules.toml: {error}")))
    }

    /// Rules that a test writes.
    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Self {
        Self(Rules::parse(text).unwrap())
    }

    /// The shipped rules, and behind them those that a test writes.
    #[cfg(test)]
    pub(crate) fn with(text: &str) -> Self {
        Self::of(&format!("{SHIPPED}\n{text}"))
    }
}

impl Deref for RuleBook {
    type Target = Rules;

    fn deref(&self) -> &Rules {
        &self.0
    }
}

/// The rules, for the workflow tables.
pub fn rules() -> Result<&'static Rules, KernelError> {
    RuleBook::builtin().map(|book| &**book)
}

#[cfg(test)]
mod tests;
