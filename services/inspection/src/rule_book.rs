//! The dated rules of inspection, `data/rules.toml`: by when each step of a campaign is due. How they are looked up is
//! [`junheng_kernel::rule_book`].

use std::sync::LazyLock;

use junheng_kernel::error::KernelError;
use junheng_kernel::rule_book::Rules;

static BUILTIN: LazyLock<Result<Rules, String>> =
    LazyLock::new(|| Rules::parse(include_str!("../data/rules.toml")));

/// The shipped rules. Fails with `INTERNAL` when the file cannot be read, which a test of the tables excludes.
pub fn rules() -> Result<&'static Rules, KernelError> {
    BUILTIN
        .as_ref()
        .map_err(|error| KernelError::Stored(format!("data/rules.toml: {error}")))
}
