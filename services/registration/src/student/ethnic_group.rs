//! Ethnic groups 民族, by the codes of GB/T 3304.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use junheng_kernel::fault::Violation;

static NAMES: LazyLock<BTreeMap<&str, &str>> = LazyLock::new(|| {
    include_str!("../../data/ethnic_groups.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .filter_map(|line| line.split_once('\t'))
        .collect()
});

/// What is wrong with a code.
pub(super) fn check(code: &str) -> Option<Violation> {
    if code.is_empty() {
        return Some(Violation::required("ethnicity"));
    }
    (!NAMES.contains_key(code)).then(|| {
        Violation::invalid(
            "ethnicity",
            format!("{code} is no code of GB/T 3304; two digits, for example 01"),
            format!("{code}不是民族代码(GB/T 3304),应为两位数字,例如01"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_56_groups_and_the_three_of_practice_have_codes() {
        assert_eq!(NAMES.len(), 59);
        assert_eq!(NAMES["30"], "土族");
        assert_eq!(NAMES["35"], "撒拉族");
        assert_eq!(check("56"), None);
        assert_eq!(check("1").unwrap().field, "ethnicity");
        assert!(check("60").is_some());
    }
}
