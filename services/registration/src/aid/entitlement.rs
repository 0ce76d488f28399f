//! The table of entitlements, `data/aid.toml`.

use std::sync::LazyLock;

use chrono::NaiveDate;
use junheng_proto::registration::v1::AidItem;
use serde::Deserialize;

/// Who is entitled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Who {
    #[serde(rename = "everybody")]
    Everybody,
    #[serde(rename = "boarder in hardship")]
    BoarderInHardship,
    #[serde(rename = "day pupil in hardship")]
    DayPupilInHardship,
}

/// The item in the file's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Item {
    FeeExemption,
    FreeTextbooks,
    BoarderAllowance,
    DayPupilAllowance,
}

/// One entry of the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entitlement {
    item: Item,
    pub(crate) stages: Vec<i32>,
    pub(crate) who: Who,
    year_fen: Vec<i64>,
    pub(crate) region: String,
    pub(crate) effective_from: NaiveDate,
    /// Empty while it is in force.
    effective_to: String,
    pub(crate) source: String,
    pub(crate) trust: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    entitlement: Vec<Entitlement>,
}

/// The entries that ship with the program.
pub(crate) static ENTITLEMENTS: LazyLock<Vec<Entitlement>> = LazyLock::new(|| {
    let table: Table = toml::from_str(include_str!("../../data/aid.toml"))
        .expect("the shipped table is well formed");
    table.entitlement
});

// === impl Entitlement ===

impl Entitlement {
    pub(crate) fn item(&self) -> AidItem {
        match self.item {
            Item::FeeExemption => AidItem::FeeExemption,
            Item::FreeTextbooks => AidItem::FreeTextbooks,
            Item::BoarderAllowance => AidItem::BoarderAllowance,
            Item::DayPupilAllowance => AidItem::DayPupilAllowance,
        }
    }

    /// Fen for one term of a stage, half of a year's; `None` for another stage.
    pub(crate) fn term_fen(&self, stage: i32) -> Option<i64> {
        let index = self.stages.iter().position(|one| *one == stage)?;
        self.year_fen.get(index).map(|year| year / 2)
    }

    pub(crate) fn in_force(&self, day: NaiveDate) -> bool {
        let last: Option<NaiveDate> = self.effective_to.parse().ok();
        self.effective_from <= day && last.is_none_or(|last| day <= last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        for one in ENTITLEMENTS.iter() {
            assert_eq!(one.stages.len(), one.year_fen.len(), "{one:?}");
            assert!(!one.source.is_empty() && !one.trust.is_empty(), "{one:?}");
            assert!(one.effective_to.is_empty() || one.effective_to.parse::<NaiveDate>().is_ok());
            assert!(one.year_fen.iter().all(|fen| fen % 2 == 0), "{one:?}");
        }
    }
}
