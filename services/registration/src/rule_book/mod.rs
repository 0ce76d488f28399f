//! The dated rules of registration, `data/rules.toml`: thresholds and deadlines that differ by province and year. How they are
//! looked up is [`junheng_kernel::rule_book`].

use std::ops::Deref;
use std::sync::LazyLock;

use junheng_kernel::error::KernelError;
use junheng_kernel::rule_book::Rules;
pub use junheng_kernel::rule_book::{RegionPath, Rule};

static BUILTIN: LazyLock<Result<RuleBook, String>> =
    LazyLock::new(|| Rules::parse(include_str!("../../data/rules.toml")).map(RuleBook));

/// All rules of registration.
#[derive(Clone, Debug)]
pub struct RuleBook(Rules);

// === impl RuleBook ===

impl RuleBook {
    /// The shipped rules. Fails with `INTERNAL` when the file cannot be read, which its test excludes.
    pub fn builtin() -> Result<&'static Self, KernelError> {
        BUILTIN
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
        let shipped = include_str!("../../data/rules.toml");
        Self::of(&format!("{shipped}\n{text}"))
    }
}

impl Deref for RuleBook {
    type Target = Rules;

    fn deref(&self) -> &Rules {
        &self.0
    }
}

/// The shipped rules, for the workflow tables.
pub fn rules() -> Result<&'static Rules, KernelError> {
    RuleBook::builtin().map(|book| &**book)
}

#[cfg(test)]
mod tests;
