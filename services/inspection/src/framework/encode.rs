//! Frameworks as callers see them.

use junheng_proto::education::v1 as education;
use junheng_proto::inspection::v1 as pb;

use super::document::{EVERYWHERE, Framework, Indicator, Profile, TermSign};
use super::item::{Compare, Condition, Item, ItemKind, Threshold};
use super::stage::Stage;

// === impl Stage ===

impl Stage {
    /// The stage of the contract.
    pub fn to_contract(self) -> education::Stage {
        match self {
            Self::Primary => education::Stage::Primary,
            Self::Junior => education::Stage::Junior,
            Self::Senior => education::Stage::Senior,
        }
    }

    /// The stage of the contract's number; `None` for 0 and for a number that is no stage.
    pub fn of_contract(number: i32) -> Option<Self> {
        match education::Stage::try_from(number).ok()? {
            education::Stage::Unspecified => None,
            education::Stage::Primary => Some(Self::Primary),
            education::Stage::Junior => Some(Self::Junior),
            education::Stage::Senior => Some(Self::Senior),
        }
    }
}

// === impl Framework ===

impl Framework {
    /// The newest profile that holds everywhere: what the contract shows as default.
    pub fn default_profile(&self) -> Option<&Profile> {
        let everywhere = self.profiles.iter().filter(|one| one.region == EVERYWHERE);
        everywhere.max_by_key(|one| one.effective_from)
    }
}

/// The framework with the thresholds of its default profile.
pub fn framework(framework: &Framework) -> pb::Framework {
    let profile = framework.default_profile();
    pb::Framework {
        name: format!("frameworks/{}", framework.id),
        version: framework.version.to_string(),
        display_name: framework.title_en.clone(),
        display_name_zh: framework.title_zh.clone(),
        document: format!("《{}》{}", framework.document_zh, framework.document_no),
        indicators: framework
            .indicators
            .iter()
            .map(|one| indicator(one, profile))
            .collect(),
        items: framework
            .items
            .iter()
            .map(|one| item(one, profile))
            .collect(),
    }
}

fn indicator(indicator: &Indicator, profile: Option<&Profile>) -> pb::Indicator {
    let terms = indicator.numerator.iter();
    let mut measures: Vec<String> = terms.map(|term| term.measure.clone()).collect();
    measures.push(indicator.denominator.clone());
    pb::Indicator {
        code: indicator.code.clone(),
        display_name: indicator.en.clone(),
        display_name_zh: indicator.zh.clone(),
        unit: indicator.unit.clone(),
        formula: formula(indicator, None),
        measures,
        thresholds: Stage::COMPULSORY
            .iter()
            .filter_map(|stage| Some(stage_threshold(indicator, profile?, *stage)))
            .collect(),
        source: indicator.source.clone(),
    }
}

fn stage_threshold(indicator: &Indicator, profile: &Profile, stage: Stage) -> pb::StageThreshold {
    let of = |values: &std::collections::BTreeMap<String, super::stage::PerStage>| {
        let value = values.get(&indicator.code).and_then(|one| one.of(stage));
        value.map_or_else(String::new, ToString::to_string)
    };
    let limit = profile.county.limit.of(stage);
    pb::StageThreshold {
        stage: stage.to_contract().into(),
        threshold: of(&profile.thresholds),
        floor: of(&profile.floors),
        coefficient_limit: limit.map_or_else(String::new, ToString::to_string),
    }
}

/// The formula over measures, for people: of one stage, or of all with the stage beside what counts in one only.
pub fn formula(indicator: &Indicator, stage: Option<Stage>) -> String {
    let counts = |only: Option<Stage>| stage.is_none() || only.is_none() || only == stage;
    let mut sum = String::new();
    for term in indicator.numerator.iter().filter(|term| counts(term.stage)) {
        let sign = match term.sign {
            TermSign::Minus => " - ",
            TermSign::Plus if sum.is_empty() => "",
            TermSign::Plus => " + ",
        };
        let only = match term.stage {
            Some(only) if stage.is_none() => format!("({})", only.zh()),
            _ => String::new(),
        };
        sum += &format!("{sign}{}{only}", term.measure);
    }
    let scale = match indicator.scale.to_string().as_str() {
        "1" => String::new(),
        scale => format!(" * {scale}"),
    };
    format!("({sum}) / {}{scale}", indicator.denominator)
}

fn item(item: &Item, profile: Option<&Profile>) -> pb::ItemDefinition {
    let figures = profile.map_or(Vec::new(), |profile| item.figures(profile));
    let figures: Vec<String> = figures.iter().map(Figure::to_string).collect();
    pb::ItemDefinition {
        code: item.code.clone(),
        display_name_zh: item.zh.clone(),
        kind: match item.kind {
            ItemKind::Evidence => "evidence",
            ItemKind::Ratio => "ratio",
            ItemKind::Satisfaction => "satisfaction",
            ItemKind::Veto => "veto",
        }
        .to_owned(),
        threshold: figures.join(";"),
        source: item.source.clone(),
        figures,
    }
}

/// A figure that an item's answer gives: of a condition, and of one stage where stages differ.
#[derive(Clone, Copy, Debug)]
pub struct Figure<'a> {
    /// The condition.
    pub condition: &'a Condition,
    /// The stage, where the threshold differs by stage.
    pub stage: Option<Stage>,
}

// === impl Item, Figure ===

impl Item {
    /// The figures that an answer gives under the readings of `profile`, in their order.
    pub fn figures<'a>(&'a self, profile: &'a Profile) -> Vec<Figure<'a>> {
        self.conditions_in(profile)
            .flat_map(|condition| {
                let stages: Vec<Option<Stage>> = match condition.threshold {
                    Threshold::Same { .. } => vec![None],
                    Threshold::ByStage(_) => Stage::COMPULSORY.map(Some).to_vec(),
                };
                let figure = move |stage| Figure { condition, stage };
                stages.into_iter().map(figure)
            })
            .collect()
    }
}

impl std::fmt::Display for Figure<'_> {
    /// `最大班额(小学)不超过45人`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let condition = self.condition;
        write!(f, "{}", condition.zh)?;
        if let Some(stage) = self.stage {
            write!(f, "({})", stage.zh())?;
        }
        let compare = match condition.compare {
            Compare::AtLeast => "不低于",
            Compare::AtMost => "不超过",
            Compare::Below => "低于",
        };
        if let Some(threshold) = condition.threshold.of(self.stage) {
            write!(f, "{compare}{threshold}{}", condition.unit)?;
        }
        Ok(())
    }
}
