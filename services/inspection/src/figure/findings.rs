//! Why a county does not meet a framework, in sentences: schools by name, figures by what they are called.

use junheng_proto::inspection::v1::Finding;

use super::county::Judged;
use super::encode::not_computable;
use crate::framework::Stage;
use crate::framework::measure::measure;
use crate::framework::school::Gap;
use crate::framework::school::GapKind;
use crate::framework::verdict::Reason;

/// Everything that stands in the way: schools that have not confirmed, tests failed, measures missing.
pub(super) fn of(judged: &Judged) -> Vec<Finding> {
    let unconfirmed = judged.unconfirmed.iter().map(|school| {
        finding(
            "report_missing",
            format!("{school} has not confirmed its figures"),
            format!("{school}尚未确认数据"),
        )
    });
    let reasons = judged.verdict.reasons.iter();
    let gaps = judged.verdict.gaps.iter();
    unconfirmed
        .chain(reasons.map(|reason| reason_finding(judged, reason)))
        .chain(gaps.map(|gap| gap_finding(judged, gap)))
        .collect()
}

fn reason_finding(judged: &Judged, reason: &Reason) -> Finding {
    let named = with_names(judged, reason);
    let zh = named.zh();
    match named {
        Reason::SchoolFails {
            school,
            stage,
            below,
        } => {
            let (stage, below) = (en(stage), below.join(", "));
            let message = format!("{school} fails in the {stage} stage: below in {below}");
            finding("school_fails", message, zh)
        }
        Reason::CoefficientAbove {
            stage,
            indicator,
            reported,
            limit,
        } => {
            let what = indicator.map_or("the mean of all".to_owned(), |code| code);
            let message = format!(
                "the coefficient of {what} in the {} stage is {reported}, above {limit}",
                en(stage)
            );
            finding("coefficient_over_limit", message, zh)
        }
        Reason::NotComputable {
            stage,
            indicator,
            why,
        } => {
            let why = not_computable(why);
            let message = format!("{indicator} in the {} stage: {why}", en(stage));
            finding("coefficient_not_computable", message, zh)
        }
        Reason::SchoolIncomplete { school, stage } => {
            let message = format!(
                "figures of {school} in the {} stage are incomplete",
                en(stage)
            );
            finding("school_incomplete", message, zh)
        }
    }
}

fn with_names(judged: &Judged, reason: &Reason) -> Reason {
    let mut reason = reason.clone();
    if let Reason::SchoolFails { school, .. } | Reason::SchoolIncomplete { school, .. } =
        &mut reason
    {
        *school = judged.name_of(school).to_owned();
    }
    reason
}

fn gap_finding(judged: &Judged, gap: &Gap) -> Finding {
    let school = judged.name_of(&gap.school);
    let title = measure(&gap.measure).map_or(gap.measure.as_str(), |row| row.zh);
    let why = match gap.kind {
        GapKind::Missing => "was not reported",
        GapKind::NotByStage => "was not reported by stage",
        GapKind::ReportedTwice => "was reported twice",
        GapKind::Negative => "is negative",
        GapKind::ExceedsWhole { .. } => "is larger than what it is a part of",
        GapKind::NoSplitRule => "is shared by stages that no rule divides",
        GapKind::BelowZero => "is less than what is taken from it",
    };
    finding(
        "measure_missing",
        format!(
            "{} of {school} in the {} stage {why}",
            gap.measure,
            en(gap.stage)
        ),
        format!("{school}{}{title}{}", gap.stage.zh(), gap.kind.zh()),
    )
}

fn en(stage: Stage) -> &'static str {
    match stage {
        Stage::Primary => "primary",
        Stage::Junior => "junior",
        Stage::Senior => "senior",
    }
}

fn finding(code: &str, message: String, message_zh: String) -> Finding {
    Finding {
        code: code.to_owned(),
        message,
        message_zh,
    }
}
