//! The stages of schooling and values that differ by stage.

use serde::Deserialize;

use super::exact::Exact;

/// A stage of schooling (学段), in the order in which a pupil passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// 小学
    Primary,
    /// 初中
    Junior,
    /// 高中; outside compulsory education, counted only where it shares a school's assets.
    Senior,
}

impl Stage {
    /// The stages of compulsory education (义务教育), which are the stages judged.
    pub const COMPULSORY: [Stage; 2] = [Stage::Primary, Stage::Junior];

    /// The Chinese name.
    pub fn zh(self) -> &'static str {
        match self {
            Stage::Primary => "小学",
            Stage::Junior => "初中",
            Stage::Senior => "高中",
        }
    }

    /// Whether the stage is compulsory and therefore judged.
    pub fn is_compulsory(self) -> bool {
        Self::COMPULSORY.contains(&self)
    }
}

/// A value for each compulsory stage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerStage {
    /// The value for 小学.
    pub primary: Exact,
    /// The value for 初中.
    pub junior: Exact,
}

impl PerStage {
    /// The value for `stage`; none for the senior stage.
    pub fn of(&self, stage: Stage) -> Option<&Exact> {
        match stage {
            Stage::Primary => Some(&self.primary),
            Stage::Junior => Some(&self.junior),
            Stage::Senior => None,
        }
    }
}
