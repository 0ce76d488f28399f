//! The figure of one school, stage and indicator.

use super::document::{Framework, Indicator, Profile, Split, Term, TermSign};
use super::exact::{Exact, Rounded};
use super::school::{Gap, GapKind, Roll, School};
use super::stage::Stage;

/// A school's figure with everything it was computed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The indicator's code.
    pub indicator: String,
    /// The measures used, in the order of the formula.
    pub inputs: Vec<Input>,
    /// Optional measures that were not reported and do not count.
    pub left_out: Vec<String>,
    /// The figure, or what it lacks.
    pub finding: Finding,
}

/// One reported value in a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The measure's name.
    pub measure: String,
    /// Whether it is added or taken away.
    pub sign: TermSign,
    /// The stage it was reported for; `None` when shared by the school's stages.
    pub reported_for: Option<Stage>,
    /// The value reported, in the measure's unit.
    pub reported: i64,
    /// The part of it that counts for the stage, 0 to 1.
    pub share: Exact,
    /// The value that counts: reported times share.
    pub used: Exact,
}

/// What became of a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It was computed.
    Value(Box<Value>),
    /// It cannot be computed until these are filled.
    Missing(Vec<Gap>),
}

/// A computed figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The pupils of the stage, more than zero.
    pub pupils: i64,
    /// The numerator in the indicator's unit: x of the coefficient's formula.
    pub numerator: Exact,
    /// The exact figure.
    pub exact: Exact,
    /// The published figure, half-up; this one is judged.
    pub reported: Rounded,
    /// How it stands to its threshold; `None` where the framework sets none.
    pub standing: Option<Standing>,
}

/// How a figure stands to its threshold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The threshold.
    pub threshold: Exact,
    /// What it must reach when it fails the threshold.
    pub floor: Exact,
    /// Whether the published figure reaches the threshold.
    pub meets: bool,
    /// Whether it reaches the floor.
    pub meets_floor: bool,
}

/// Computes and judges one figure; `pupils` of the stage is more than zero.
pub fn figure(
    framework: &Framework,
    profile: &Profile,
    school: &School,
    roll: &Roll,
    indicator: &Indicator,
    (stage, pupils): (Stage, i64),
) -> Figure {
    let mut figure = Figure {
        indicator: indicator.code.clone(),
        inputs: Vec::new(),
        left_out: Vec::new(),
        finding: Finding::Missing(Vec::new()),
    };
    let mut gaps = Vec::new();
    for term in indicator.terms(stage) {
        match inputs(framework, school, roll, indicator.split, term, stage) {
            Ok(inputs) if !inputs.is_empty() => figure.inputs.extend(inputs),
            Ok(_) if term.optional => figure.left_out.push(term.measure.clone()),
            Ok(_) => gaps.push(gap(school, stage, &term.measure, GapKind::Missing)),
            Err(found) => gaps.push(found),
        }
    }
    let sum = figure
        .inputs
        .iter()
        .fold(Exact::zero(), |sum, input| match input.sign {
            TermSign::Plus => sum + &input.used,
            TermSign::Minus => sum - &input.used,
        });
    if gaps.is_empty() && sum.is_negative() {
        let measure = &indicator.numerator[0].measure;
        gaps.push(gap(school, stage, measure, GapKind::BelowZero));
    }
    let numerator = sum * &indicator.scale;
    figure.finding = match numerator.checked_div(&Exact::from(pupils)) {
        Some(exact) if gaps.is_empty() => {
            let reported = exact.half_up(indicator.digits);
            Finding::Value(Box::new(Value {
                pupils,
                standing: standing(profile, indicator, stage, &reported),
                numerator,
                exact,
                reported,
            }))
        }
        _ => Finding::Missing(gaps),
    };
    figure
}

/// The values that a term takes from the school's report; none when nothing was reported.
fn inputs(
    framework: &Framework,
    school: &School,
    roll: &Roll,
    split: Split,
    term: &Term,
    stage: Stage,
) -> Result<Vec<Input>, Gap> {
    let refuse = |kind| gap(school, stage, &term.measure, kind);
    let read = |at| school.reported(&term.measure, at).map_err(refuse);
    let input = |reported_for, reported, share: Exact| Input {
        measure: term.measure.clone(),
        sign: term.sign,
        reported_for,
        reported,
        used: Exact::from(reported) * &share,
        share,
    };
    let own = read(Some(stage))?.map(|value| input(Some(stage), value, Exact::one()));
    let shared = match (split, read(None)?) {
        (_, None) => None,
        // A total beside the section's own number says nothing about the section.
        (Split::Section, Some(_)) if own.is_some() => None,
        (Split::Section, Some(value)) if roll.is_all_in(stage)? => {
            Some(input(None, value, Exact::one()))
        }
        (Split::Section, Some(_)) => return Err(refuse(GapKind::NotByStage)),
        (Split::Weights, Some(value)) => {
            let share = roll.share(&framework.split, stage)?;
            let share = share.ok_or_else(|| refuse(GapKind::NoSplitRule))?;
            Some(input(None, value, share))
        }
    };
    Ok(own.into_iter().chain(shared).collect())
}

fn standing(
    profile: &Profile,
    indicator: &Indicator,
    stage: Stage,
    reported: &Rounded,
) -> Option<Standing> {
    let threshold = profile.thresholds.get(&indicator.code)?.of(stage)?.clone();
    let floor = profile.floors.get(&indicator.code)?.of(stage)?.clone();
    let judged = reported.value();
    Some(Standing {
        meets: judged >= threshold,
        meets_floor: judged >= floor,
        threshold,
        floor,
    })
}

fn gap(school: &School, stage: Stage, measure: &str, kind: GapKind) -> Gap {
    Gap {
        school: school.key.clone(),
        stage,
        measure: measure.to_owned(),
        kind,
    }
}
