//! The verdict on a county: its schools, its coefficients, and why it fails.

use super::coefficient::{Dispersion, NotComputable};
use super::exact::{Exact, Rounded};
use super::indicator::Figure;
use super::root::MeanOfRoots;
use super::school::Gap;
use super::stage::Stage;

/// The verdict of the resource test on a county.
#[derive(Clone, Debug)]
pub struct CountyVerdict {
    /// The framework's id.
    pub framework: String,
    /// The version of the framework's data.
    pub version: u32,
    /// The schools that are not tested.
    pub excluded: Vec<Excluded>,
    /// The schools that are, in the order given.
    pub schools: Vec<SchoolVerdict>,
    /// Every figure that is missing, once.
    pub gaps: Vec<Gap>,
    /// Primary and junior stage.
    pub stages: Vec<StageVerdict>,
    /// Whether the county passes.
    pub outcome: Outcome,
    /// Why it does not pass; empty when it does.
    pub reasons: Vec<Reason>,
}

/// What a test ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is passed.
    Passes,
    /// It is failed.
    Fails,
    /// It cannot be told until gaps are filled.
    NotComputable,
    /// The framework does not judge this.
    NotJudged,
}

/// A school that is not tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excluded {
    /// The school's key.
    pub school: String,
    /// The code of the exclusion, or `kind_not_in_scope`.
    pub code: String,
    /// The reason in Chinese.
    pub zh: String,
    /// The document that leaves it out.
    pub source: String,
}

/// The figures of a school.
#[derive(Clone, Debug)]
pub struct SchoolVerdict {
    /// The school's key.
    pub school: String,
    /// Its compulsory stages.
    pub stages: Vec<SchoolStage>,
    /// Whether it passes in all stages.
    pub outcome: Outcome,
}

/// The figures of a school in one stage.
#[derive(Clone, Debug)]
pub struct SchoolStage {
    /// The stage.
    pub stage: Stage,
    /// Its pupils; zero drops the stage from every coefficient, a gap stops them all.
    pub pupils: Result<i64, Gap>,
    /// One figure for each indicator; empty without pupils.
    pub figures: Vec<Figure>,
    /// How many figures reach their threshold.
    pub met: usize,
    /// Whether the school passes in this stage.
    pub outcome: Outcome,
}

/// The county's figures in one stage.
#[derive(Clone, Debug)]
pub struct StageVerdict {
    /// The stage.
    pub stage: Stage,
    /// One coefficient for each indicator.
    pub coefficients: Vec<CoefficientVerdict>,
    /// The mean of the coefficients, where the framework judges it.
    pub composite: Option<Composite>,
    /// How many schools have the stage and pupils in it.
    pub schools: usize,
    /// How many of them pass.
    pub schools_passing: usize,
    /// Whether the county passes in this stage.
    pub outcome: Outcome,
}

/// The coefficient of one indicator.
#[derive(Clone, Debug)]
pub struct CoefficientVerdict {
    /// The indicator's code.
    pub indicator: String,
    /// The exact figures, or why there are none.
    pub dispersion: Result<Dispersion, NotComputable>,
    /// The county's value as published.
    pub mean: Option<Rounded>,
    /// The coefficient as published; this one is judged.
    pub reported: Option<Rounded>,
    /// The largest coefficient that passes, where each one is judged.
    pub limit: Option<Exact>,
    /// Whether it passes.
    pub outcome: Outcome,
}

/// The mean of a stage's coefficients (综合差异系数).
#[derive(Clone, Debug)]
pub struct Composite {
    /// The mean of the exact coefficients; none while one of them is not computable.
    pub exact: Option<MeanOfRoots>,
    /// The mean as published; this one is judged.
    pub reported: Option<Rounded>,
    /// The largest mean that passes.
    pub limit: Exact,
    /// Whether it passes.
    pub outcome: Outcome,
}

/// Why a county does not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A school fails its own test.
    SchoolFails {
        /// The school's key.
        school: String,
        /// The stage.
        stage: Stage,
        /// The codes of the indicators below their threshold.
        below: Vec<String>,
    },
    /// A coefficient exceeds the limit.
    CoefficientAbove {
        /// The stage.
        stage: Stage,
        /// The indicator's code, or `None` for the mean of all.
        indicator: Option<String>,
        /// The coefficient as published.
        reported: Rounded,
        /// The limit.
        limit: Exact,
    },
    /// A coefficient cannot be computed.
    NotComputable {
        /// The stage.
        stage: Stage,
        /// The indicator's code.
        indicator: String,
        /// Why not.
        why: NotComputable,
    },
    /// A school's figures are incomplete.
    SchoolIncomplete {
        /// The school's key.
        school: String,
        /// The stage.
        stage: Stage,
    },
}

impl Outcome {
    /// Several outcomes as one: what cannot be told outweighs a failure, a failure outweighs a pass.
    pub fn together(outcomes: impl Iterator<Item = Self>) -> Self {
        let rank = |outcome: &Self| match outcome {
            Self::NotJudged => 0,
            Self::Passes => 1,
            Self::Fails => 2,
            Self::NotComputable => 3,
        };
        outcomes.max_by_key(rank).unwrap_or(Self::NotJudged)
    }

    /// The outcome of a test that could be made.
    pub fn of(passed: bool) -> Self {
        if passed { Self::Passes } else { Self::Fails }
    }

    /// The Chinese name.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Passes => "达标",
            Self::Fails => "未达标",
            Self::NotComputable => "数据缺失，无法判定",
            Self::NotJudged => "不作判定",
        }
    }
}

impl Reason {
    /// The sentence for officers; schools and indicators appear with their key and code.
    pub fn zh(&self) -> String {
        match self {
            Self::SchoolFails {
                school,
                stage,
                below,
            } => {
                let below = below.join("、");
                format!("学校{school}{}未达标，未达标指标：{below}", stage.zh())
            }
            Self::CoefficientAbove {
                stage,
                indicator,
                reported,
                limit,
            } => {
                let what = match indicator {
                    Some(code) => format!("指标{code}差异系数"),
                    None => "综合差异系数".to_owned(),
                };
                format!("{}{what}{reported}，超过{limit}", stage.zh())
            }
            Self::NotComputable {
                stage,
                indicator,
                why,
            } => format!("{}指标{indicator}：{}", stage.zh(), why.zh()),
            Self::SchoolIncomplete { school, stage } => {
                format!("学校{school}{}数据不完整", stage.zh())
            }
        }
    }
}
