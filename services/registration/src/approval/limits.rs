//! The limits of approvals as dated data, `data/approval_limits.toml`.

use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::Deserialize;

/// One entry of the table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// What it limits.
    pub rule: String,
    /// Days, records or times.
    pub number: u32,
    /// The region and all below it; empty: everywhere.
    pub region: String,
    /// The first day.
    pub effective_from: NaiveDate,
    /// What says so.
    pub source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    limit: Vec<Limit>,
}

static LIMITS: LazyLock<Vec<Limit>> = LazyLock::new(|| {
    let text = include_str!("../../data/approval_limits.toml");
    let table: Table = toml::from_str(text).expect("the shipped limits are well formed");
    table.limit
});

/// The number of a rule on a day, for a region whose codes, its own first, are `path`. A rule that is not in the table
/// allows nothing.
pub fn number(rule: &str, path: &[String], today: NaiveDate) -> u32 {
    chosen(&LIMITS, rule, path, today)
}

fn chosen(limits: &[Limit], rule: &str, path: &[String], today: NaiveDate) -> u32 {
    let distance = |limit: &Limit| match limit.region.as_str() {
        "" => Some(path.len()),
        code => path.iter().position(|one| one == code),
    };
    limits
        .iter()
        .filter(|limit| limit.rule == rule && limit.effective_from <= today)
        .filter_map(|limit| Some((distance(limit)?, limit)))
        .min_by_key(|(distance, limit)| (*distance, std::cmp::Reverse(limit.effective_from)))
        .map_or(0, |(_, limit)| limit.number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_that_the_code_asks_for_has_a_number() {
        for rule in [
            "access_grant.most_days",
            "access_grant.most_reveals",
            "access_grant.answer_working_days",
            "export.download_days",
            "export.most_downloads",
            "export.answer_working_days",
            "group_recognition.answer_working_days",
        ] {
            let today = "2018-09-01".parse().unwrap();
            assert!(number(rule, &[], today) > 0, "{rule}");
        }
        assert!(LIMITS.iter().all(|limit| !limit.source.is_empty()));
    }

    #[test]
    fn the_nearest_region_wins_then_the_newest_entry_in_force() {
        let limit = |number, region: &str, from: &str| Limit {
            rule: "rule".into(),
            number,
            region: region.into(),
            effective_from: from.parse().unwrap(),
            source: "DESIGN".into(),
        };
        let limits = [
            limit(1, "", "2013-09-01"),
            limit(2, "", "2020-01-01"),
            limit(3, "630000", "2013-09-01"),
            limit(4, "630000", "2030-01-01"),
        ];
        let at = |path: &[&str], day: &str| {
            let path: Vec<String> = path.iter().map(|code| (*code).to_owned()).collect();
            chosen(&limits, "rule", &path, day.parse().unwrap())
        };
        assert_eq!(at(&["420106", "420000"], "2019-01-01"), 1);
        assert_eq!(at(&["420106", "420000"], "2021-01-01"), 2);
        assert_eq!(at(&["630103", "630100", "630000"], "2021-01-01"), 3);
        assert_eq!(at(&["420106"], "2010-01-01"), 0);
    }
}
