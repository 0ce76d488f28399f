//! Verdicts and figures as callers see them: every number as a decimal string, reported beside exact.

use junheng_proto::inspection::v1 as pb;

use super::county::Judged;
use super::findings;
use crate::framework::Outcome;
use crate::framework::coefficient::NotComputable;
use crate::framework::indicator::{Figure, Finding};
use crate::framework::verdict::{CoefficientVerdict, SchoolStage, StageVerdict};

/// The verdict. Digest, time and items are the campaign's to add.
pub(super) fn verdict(judged: &Judged) -> pb::Verdict {
    let verdict = &judged.verdict;
    pb::Verdict {
        campaign: judged.county.campaign.clone(),
        framework: format!("frameworks/{}", judged.framework.id),
        region: format!("regions/{}", judged.county.region),
        meets: verdict.outcome == Outcome::Passes && judged.unconfirmed.is_empty(),
        stages: verdict
            .stages
            .iter()
            .map(|one| stage(judged, one))
            .collect(),
        findings: findings::of(judged),
        exclusions: verdict
            .excluded
            .iter()
            .map(|one| pb::Exclusion {
                school: one.school.clone(),
                reason: one.code.clone(),
                reason_zh: one.zh.clone(),
            })
            .collect(),
        measures_digest: String::new(),
        freeze_time: None,
        items: Vec::new(),
    }
}

fn stage(judged: &Judged, stage: &StageVerdict) -> pb::StageVerdict {
    let composite = stage.composite.as_ref();
    let exact = composite.and_then(|one| one.exact.as_ref());
    pb::StageVerdict {
        stage: stage.stage.to_contract().into(),
        coefficients: stage.coefficients.iter().map(coefficient).collect(),
        composite: text(composite.and_then(|one| one.reported.as_ref())),
        composite_exact: text(exact),
        composite_limit: text(composite.map(|one| &one.limit)),
        meets: coefficients_pass(stage),
        school_count: count(stage.schools),
        passing_school_count: count(stage.schools_passing + not_judged(judged, stage)),
    }
}

/// Schools with pupils of the stage that the framework does not judge: nothing holds them back.
fn not_judged(judged: &Judged, stage: &StageVerdict) -> usize {
    let rows = judged
        .verdict
        .schools
        .iter()
        .flat_map(|school| &school.stages);
    let rows = rows.filter(|row| row.stage == stage.stage && row.pupils != Ok(0));
    rows.filter(|row| row.outcome == Outcome::NotJudged).count()
}

/// The coefficient test alone; schools that fail are counted beside it.
fn coefficients_pass(stage: &StageVerdict) -> bool {
    let each = stage.coefficients.iter().map(|one| one.outcome);
    let all = each.chain(stage.composite.iter().map(|one| one.outcome));
    Outcome::together(all) == Outcome::Passes
}

fn coefficient(one: &CoefficientVerdict) -> pb::Coefficient {
    let found = one.dispersion.as_ref().ok();
    let reason = one.dispersion.as_ref().err();
    pb::Coefficient {
        indicator: one.indicator.clone(),
        computable: found.is_some(),
        reason: reason.map_or_else(String::new, |why| not_computable(*why)),
        mean: text(one.mean.as_ref()),
        mean_exact: text(found.map(|one| &one.mean)),
        deviation_exact: text(found.map(|one| &one.deviation)),
        value: text(one.reported.as_ref()),
        value_exact: text(found.map(|one| &one.coefficient)),
        limit: text(one.limit.as_ref()),
        meets: matches!(one.outcome, Outcome::Passes),
        single_school: found.is_some_and(|one| one.single_school),
    }
}

/// Why a coefficient cannot be computed, in English.
pub(super) fn not_computable(why: NotComputable) -> String {
    match why {
        NotComputable::NoPupils => "no school has pupils of the stage".to_owned(),
        NotComputable::ZeroMean => "the county's value is zero".to_owned(),
        NotComputable::Gaps { schools } => format!("figures of {schools} schools are missing"),
    }
}

/// The figures by school, stage and indicator.
pub(super) fn figures(judged: &Judged) -> Vec<pb::SchoolFigure> {
    let mut schools: Vec<_> = judged.verdict.schools.iter().collect();
    schools.sort_by(|one, other| one.school.cmp(&other.school));
    let rows = schools.into_iter().flat_map(|school| {
        let stages = school.stages.iter();
        stages.flat_map(move |stage| {
            let figures = stage.figures.iter();
            figures.map(move |figure| self::figure(judged, &school.school, stage, figure))
        })
    });
    rows.collect()
}

/// One figure.
pub(super) fn figure(
    judged: &Judged,
    school: &str,
    stage: &SchoolStage,
    figure: &Figure,
) -> pb::SchoolFigure {
    let value = match &figure.finding {
        Finding::Value(value) => Some(value),
        Finding::Missing(_) => None,
    };
    let standing = value.and_then(|value| value.standing.as_ref());
    // Without a threshold there is nothing to miss.
    let free = value.is_some() && standing.is_none();
    pb::SchoolFigure {
        school: school.to_owned(),
        school_display_name: judged.name_of(school).to_owned(),
        stage: stage.stage.to_contract().into(),
        indicator: figure.indicator.clone(),
        computable: value.is_some(),
        value: text(value.map(|one| &one.reported)),
        value_exact: text(value.map(|one| &one.exact)),
        threshold: text(standing.map(|one| &one.threshold)),
        meets: free || standing.is_some_and(|one| one.meets),
        meets_floor: free || standing.is_some_and(|one| one.meets || one.meets_floor),
        school_passes: matches!(stage.outcome, Outcome::Passes | Outcome::NotJudged),
    }
}

pub(super) fn text(value: Option<&impl ToString>) -> String {
    value.map_or_else(String::new, ToString::to_string)
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
