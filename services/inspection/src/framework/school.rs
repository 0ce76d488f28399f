//! A school as inspection sees it: codes, measures, and what is missing among them.

use std::collections::{BTreeMap, BTreeSet};

use super::document::Kind;
use super::exact::Exact;
use super::measure::{PUPILS, measure};
use super::split::{SplitRule, shares};
use super::stage::Stage;

/// A school and the measures reported for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct School {
    /// What the caller knows the school by; unique in a county.
    pub key: String,
    /// The kind of school (办学类型), 3 digits.
    pub kind: String,
    /// The sponsor (举办者), 1 to 10 without leading zeros.
    pub sponsor: String,
    /// The urban-rural class (城乡分类), 3 digits; no rule of the resource test reads it yet.
    pub urban_rural: String,
    /// The figures reported.
    pub measures: Vec<Reported>,
}

/// One figure that a service reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// The measure's name.
    pub measure: String,
    /// The stage it covers; `None` when all stages of the school share it.
    pub stage: Option<Stage>,
    /// The value in the measure's unit, not negative.
    pub value: i64,
}

/// A figure that is missing or cannot be used; what depends on it is not computable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The school's key.
    pub school: String,
    /// The stage it is missing for.
    pub stage: Stage,
    /// The measure's name.
    pub measure: String,
    /// What is wrong.
    pub kind: GapKind,
}

/// What is wrong with a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapKind {
    /// It was not reported.
    Missing,
    /// It was reported for the whole school where each stage is needed.
    NotByStage,
    /// It was reported twice for the same stage.
    ReportedTwice,
    /// It is below zero.
    Negative,
    /// It is larger than the measure it is a part of.
    ExceedsWhole {
        /// The measure it is a part of.
        whole: &'static str,
    },
    /// The framework does not say how to divide it between the school's stages.
    NoSplitRule,
    /// What is taken away exceeds what it is taken from.
    BelowZero,
}

/// The pupils of a school by stage.
#[derive(Clone, Debug)]
pub struct Roll {
    school: String,
    pupils: BTreeMap<Stage, Result<i64, GapKind>>,
}

// === impl School ===

impl School {
    /// The value reported for exactly this stage, or for the whole school when `stage` is `None`.
    pub fn reported(&self, name: &str, stage: Option<Stage>) -> Result<Option<i64>, GapKind> {
        let Some(value) = self.lookup(name, stage)? else {
            return Ok(None);
        };
        if value < 0 {
            return Err(GapKind::Negative);
        }
        if let Some(whole) = measure(name).and_then(|row| row.part_of)
            && let Some(limit) = self.lookup(whole, stage)?
            && value > limit
        {
            return Err(GapKind::ExceedsWhole { whole });
        }
        Ok(Some(value))
    }

    fn lookup(&self, name: &str, stage: Option<Stage>) -> Result<Option<i64>, GapKind> {
        let mut values = self
            .measures
            .iter()
            .filter(|reported| reported.measure == name && reported.stage == stage)
            .map(|reported| reported.value);
        let first = values.next();
        match values.next() {
            Some(_) => Err(GapKind::ReportedTwice),
            None => Ok(first),
        }
    }
}

// === impl Roll ===

impl Roll {
    /// Reads the roll: the stages of the school's kind, and any other stage for which pupils are reported
    /// (附设班, classes attached to a school of another kind).
    pub fn of(school: &School, kind: &Kind) -> Self {
        let attached = school
            .measures
            .iter()
            .filter(|reported| reported.measure == PUPILS && reported.value != 0)
            .filter_map(|reported| reported.stage);
        let stages: BTreeSet<Stage> = kind.stages.iter().copied().chain(attached).collect();
        let single = stages.len() == 1;
        let count = |stage: Stage| match school.reported(PUPILS, Some(stage))? {
            Some(count) => Ok(count),
            None => match school.reported(PUPILS, None)? {
                Some(count) if single => Ok(count),
                Some(_) => Err(GapKind::NotByStage),
                None => Err(GapKind::Missing),
            },
        };
        Self {
            school: school.key.clone(),
            pupils: stages
                .into_iter()
                .map(|stage| (stage, count(stage)))
                .collect(),
        }
    }

    /// The compulsory stages of the school, also those without pupils.
    pub fn stages(&self) -> impl Iterator<Item = Stage> {
        self.pupils
            .keys()
            .copied()
            .filter(|stage| stage.is_compulsory())
    }

    /// The pupils of a stage; zero for a stage that the school does not have.
    pub fn pupils(&self, stage: Stage) -> Result<i64, Gap> {
        self.pupils
            .get(&stage)
            .copied()
            .unwrap_or(Ok(0))
            .map_err(|kind| Gap {
                school: self.school.clone(),
                stage,
                measure: PUPILS.to_owned(),
                kind,
            })
    }

    /// All pupils, or `None` while a stage is not known.
    pub fn total(&self) -> Option<i64> {
        self.known().ok().map(|pupils| pupils.values().sum())
    }

    /// Whether all pupils of the school are in `stage`.
    pub fn is_all_in(&self, stage: Stage) -> Result<bool, Gap> {
        let pupils = self.known()?;
        Ok(pupils
            .iter()
            .all(|(one, count)| *one == stage || *count == 0))
    }

    /// The share of `stage` in what the school's stages share; `Ok(None)` when no rule covers the school.
    pub fn share(&self, rules: &[SplitRule], stage: Stage) -> Result<Option<Exact>, Gap> {
        let mut shares = shares(rules, &self.known()?);
        Ok(shares.as_mut().and_then(|by_stage| by_stage.remove(&stage)))
    }

    fn known(&self) -> Result<BTreeMap<Stage, i64>, Gap> {
        self.pupils
            .keys()
            .map(|stage| Ok((*stage, self.pupils(*stage)?)))
            .collect()
    }
}

impl GapKind {
    /// The sentence for officers.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Missing => "未填报",
            Self::NotByStage => "未分学段填报",
            Self::ReportedTwice => "重复填报",
            Self::Negative => "数值为负",
            Self::ExceedsWhole { .. } => "部分大于总数",
            Self::NoSplitRule => "没有适用的学段折算办法",
            Self::BelowZero => "扣除后小于零",
        }
    }
}
