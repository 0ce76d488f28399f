//! The shape of a framework file.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;

use super::exact::Exact;
use super::item::Item;
use super::school::School;
use super::split::SplitRule;
use super::stage::{PerStage, Stage};

/// The region code that stands for the whole nation.
pub const EVERYWHERE: &str = "*";

/// A framework (评估框架), as read from its file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// The id, `quality-2017`.
    pub id: String,
    /// The version of the data file; a published verdict names it.
    pub version: u32,
    /// The Chinese title.
    pub title_zh: String,
    /// The English title.
    pub title_en: String,
    /// The title of the document behind it.
    pub document_zh: String,
    /// The number of that document (文号).
    pub document_no: String,
    /// When the document was published.
    pub publish_date: NaiveDate,
    /// The trust tag of number and date.
    pub trust: String,
    /// The thresholds by place and time.
    pub profiles: Vec<Profile>,
    /// Which schools are tested.
    pub scope: Scope,
    /// How a value shared by stages is divided.
    pub split: Vec<SplitRule>,
    /// The indicators (指标) in the document's order.
    pub indicators: Vec<Indicator>,
    /// The items that people answer.
    pub items: Vec<Item>,
}

/// The thresholds of one region during one time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// A region code, or [`EVERYWHERE`]; holds for all regions below.
    pub region: String,
    /// The first day it holds.
    pub effective_from: NaiveDate,
    /// The last day it holds; open when absent.
    pub effective_to: Option<NaiveDate>,
    /// The document that gives the numbers.
    pub source: String,
    /// The trust tag of the source.
    pub trust: String,
    /// Readings of the document that a province may choose, name to value.
    #[serde(default)]
    pub switches: BTreeMap<String, String>,
    /// The rule for the county.
    pub county: CountyRule,
    /// The rule for a school; none where schools are not judged by indicators.
    pub school: Option<SchoolRule>,
    /// The threshold (标准值) of each indicator, by its code.
    #[serde(default)]
    pub thresholds: BTreeMap<String, PerStage>,
    /// What a failing indicator must still reach, by its code.
    #[serde(default)]
    pub floors: BTreeMap<String, PerStage>,
    /// The points of the county government's work.
    pub work_score: Option<WorkScore>,
}

/// The rule for a county (县域).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountyRule {
    /// Which coefficient is compared with the limit.
    pub coefficient: Judged,
    /// The decimals of the published coefficient.
    pub digits: u32,
    /// The largest coefficient that passes.
    pub limit: PerStage,
    /// Whether every school must pass as well.
    pub all_schools_pass: bool,
}

/// Which coefficients of a stage are compared with the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judged {
    /// The arithmetic mean over all indicators (综合差异系数).
    Mean,
    /// Each indicator's own.
    Each,
}

/// The rule for a school (学校达标).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchoolRule {
    /// How many indicators must reach their threshold; each of the others must reach its floor.
    pub at_least: usize,
}

/// The points of the county government's work (工作评估得分).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkScore {
    /// The highest score.
    pub total: Exact,
    /// The lowest score that passes.
    pub pass: Exact,
    /// The groups of items and their points where known.
    pub groups: Vec<WorkGroup>,
    /// The document that gives the score.
    pub source: String,
    /// The trust tag of the source.
    pub trust: String,
}

/// A group of items of the county government's work.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkGroup {
    /// The group's Chinese name.
    pub zh: String,
    /// Its points; provinces set them.
    pub points: Option<Exact>,
    /// The trust tag of the points.
    pub trust: String,
}

/// Which schools are tested.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// The kinds of school tested; any other kind is excluded.
    pub kinds: Vec<Kind>,
    /// Schools of these kinds that are left out.
    pub exclusions: Vec<Exclusion>,
}

/// A kind of school (办学类型).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// The 3-digit code.
    pub code: String,
    /// The Chinese name.
    pub zh: String,
    /// The stages that such a school has.
    pub stages: Vec<Stage>,
}

/// A group of schools that is left out; a school belongs to it when all criteria given hold.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// The name of the reason, stable.
    pub code: String,
    /// The reason in Chinese.
    pub zh: String,
    /// The kinds of school (办学类型); empty for any.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// The sponsors (举办者, 1 to 10); empty for any.
    #[serde(default)]
    pub sponsors: Vec<String>,
    /// Only schools with fewer pupils than this.
    pub pupils_below: Option<i64>,
    /// The document that leaves them out.
    pub source: String,
    /// The trust tag of the source.
    pub trust: String,
}

/// An indicator (指标): a sum of measures over the pupils of the stage, times a scale.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// The code in the document's forms.
    pub code: String,
    /// The Chinese name.
    pub zh: String,
    /// The English name.
    pub en: String,
    /// The unit of the figure, in Chinese.
    pub unit: String,
    /// The measures added up.
    pub numerator: Vec<Term>,
    /// The measure divided by.
    pub denominator: String,
    /// The factor from the measures' units to the indicator's unit.
    pub scale: Exact,
    /// How a value shared by several stages is treated.
    pub split: Split,
    /// The decimals of the published figure.
    pub digits: u32,
    /// The statistical table that the figures come from.
    pub table: String,
    /// The document and item that define it.
    pub source: String,
    /// The trust tag of the source.
    pub trust: String,
}

/// One measure in an indicator's numerator.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The measure's name.
    pub measure: String,
    /// Whether it is added or taken away.
    #[serde(default)]
    pub sign: TermSign,
    /// The only stage in which it counts; every stage when absent.
    pub stage: Option<Stage>,
    /// Whether the figure stands without it; then it is shown as left out.
    #[serde(default)]
    pub optional: bool,
}

/// Whether a measure is added or taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TermSign {
    /// Added.
    #[default]
    Plus,
    /// Taken away.
    Minus,
}

/// How a value that covers several stages of a school is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// Divided by weighted pupils (assets).
    Weights,
    /// Never divided: it must be reported for the section actually served (teachers).
    Section,
}

// === impl Scope, Exclusion, Indicator ===

impl Scope {
    /// The kind of that code, if such schools are tested.
    pub fn kind(&self, code: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.code == code)
    }

    /// The first exclusion that a school with `pupils` on its roll falls under; `None` for `pupils` not known.
    pub fn exclusion(&self, school: &School, pupils: Option<i64>) -> Option<&Exclusion> {
        self.exclusions
            .iter()
            .find(|exclusion| exclusion.covers(school, pupils))
    }
}

impl Exclusion {
    fn covers(&self, school: &School, pupils: Option<i64>) -> bool {
        let names =
            |codes: &[String], code: &str| codes.is_empty() || codes.iter().any(|c| c == code);
        let small_enough = self
            .pupils_below
            .is_none_or(|bound| pupils.is_some_and(|count| count < bound));
        names(&self.kinds, &school.kind) && names(&self.sponsors, &school.sponsor) && small_enough
    }
}

impl Indicator {
    /// The terms that count in `stage`.
    pub fn terms(&self, stage: Stage) -> impl Iterator<Item = &Term> {
        self.numerator
            .iter()
            .filter(move |term| term.stage.is_none_or(|only| only == stage))
    }
}
