//! The items that people answer: evidence, ratios with a threshold, satisfaction, and veto flags.

use chrono::NaiveDate;
use serde::Deserialize;

use super::document::Profile;
use super::exact::{Exact, Rounded};
use super::stage::{PerStage, Stage};

/// An item (评估要点) that is answered by people with evidence.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The code, unique in the framework.
    pub code: String,
    /// The part of the assessment it belongs to.
    pub chapter: Chapter,
    /// The group within the chapter, in Chinese.
    pub group: Option<String>,
    /// The demand in Chinese.
    pub zh: String,
    /// How it is answered.
    pub kind: ItemKind,
    /// What is compared with a threshold; all must hold.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// Lower thresholds for a time of transition.
    #[serde(default)]
    pub waivers: Vec<Waiver>,
    /// How points are taken off, where known.
    pub deduction: Option<Deduction>,
    /// How the figure is computed, in Chinese, where the document says so.
    pub formula_zh: Option<String>,
    /// What a survey asks about.
    #[serde(default)]
    pub topics: Vec<String>,
    /// Whom a survey asks.
    #[serde(default)]
    pub respondents: Vec<String>,
    /// The document and item that demand it.
    pub source: String,
    /// The trust tag of the source.
    pub trust: String,
}

/// The part of the assessment that an item belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chapter {
    /// 申报条件: whether the county may apply.
    Eligibility,
    /// 办学基本标准: what every school reaches first.
    Gate,
    /// 县级政府工作, scored by points (2012).
    Work,
    /// 政府保障程度 (2017).
    Government,
    /// 教育质量 (2017).
    Quality,
    /// 公众满意度, 社会认可度.
    Recognition,
    /// 一票否决.
    Veto,
}

/// How an item is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// Reached or not, shown by documents.
    Evidence,
    /// Figures compared with thresholds, shown by documents.
    Ratio,
    /// Figures of a survey compared with thresholds.
    Satisfaction,
    /// A fact that ends the assessment when it is so.
    Veto,
}

/// A figure compared with a threshold.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The code, unique in the framework.
    pub code: String,
    /// The figure's Chinese name.
    pub zh: String,
    /// The unit in Chinese; empty for a pure number.
    pub unit: String,
    /// The comparison that passes.
    pub compare: Compare,
    /// The threshold.
    pub threshold: Threshold,
    /// The decimals of the figure that is judged.
    pub digits: u32,
    /// The kinds of school (办学类型) it applies to; empty for all, or for the county.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Applies only when the profile chooses this reading.
    pub only_if: Option<OnlyIf>,
}

/// A choice among the readings of a document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnlyIf {
    /// The name of the profile's switch.
    pub switch: String,
    /// The value it must have.
    pub is: String,
}

/// The comparison of a figure with its threshold that passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    /// 不低于
    AtLeast,
    /// 不超过
    AtMost,
    /// 低于
    Below,
}

/// One threshold, or one for each stage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Threshold {
    /// The same for every stage, or for the county.
    #[serde(rename_all = "snake_case")]
    Same {
        /// The threshold.
        all: Exact,
    },
    /// By stage.
    ByStage(PerStage),
}

/// A lower threshold for a time of transition (过渡期); needs a decision in the single case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The code of the condition it lowers.
    pub condition: String,
    /// For which schools, in Chinese.
    pub when_zh: String,
    /// The lower threshold.
    pub threshold: Threshold,
    /// The first day; unknown when absent.
    pub effective_from: Option<NaiveDate>,
    /// The last day; unknown when absent.
    pub effective_to: Option<NaiveDate>,
    /// The trust tag of the source.
    pub trust: String,
}

/// How points are taken off.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deduction {
    /// The points taken off each time.
    pub points: Exact,
    /// For what, in Chinese.
    pub per_zh: String,
    /// The trust tag of the source.
    pub trust: String,
}

/// A figure that was compared with its threshold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The exact figure.
    pub exact: Exact,
    /// The figure that was judged, half-up.
    pub reported: Rounded,
    /// The threshold.
    pub threshold: Exact,
    /// Whether it passes.
    pub passes: bool,
}

impl Item {
    /// The conditions that hold under the readings of `profile`.
    pub fn conditions_in<'a>(
        &'a self,
        profile: &'a Profile,
    ) -> impl Iterator<Item = &'a Condition> {
        self.conditions.iter().filter(|condition| {
            condition
                .only_if
                .as_ref()
                .is_none_or(|choice| profile.switches.get(&choice.switch) == Some(&choice.is))
        })
    }
}

impl Condition {
    /// Judges the half-up figure for `stage`, or for the county when `stage` is `None`.
    ///
    /// `None` when the threshold differs by stage and none, or the senior stage, is given.
    pub fn judge(&self, exact: &Exact, stage: Option<Stage>) -> Option<Judgement> {
        let threshold = self.threshold.of(stage)?.clone();
        let reported = exact.half_up(self.digits);
        let passes = match self.compare {
            Compare::AtLeast => reported.value() >= threshold,
            Compare::AtMost => reported.value() <= threshold,
            Compare::Below => reported.value() < threshold,
        };
        Some(Judgement {
            exact: exact.clone(),
            reported,
            threshold,
            passes,
        })
    }
}

impl Threshold {
    /// The threshold for `stage`, or for the county when `stage` is `None`.
    pub fn of(&self, stage: Option<Stage>) -> Option<&Exact> {
        match (self, stage) {
            (Self::Same { all }, _) => Some(all),
            (Self::ByStage(values), Some(stage)) => values.of(stage),
            (Self::ByStage(_), None) => None,
        }
    }
}
