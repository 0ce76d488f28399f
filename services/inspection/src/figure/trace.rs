//! The way from a figure to its sources. Pure.

use junheng_kernel::clock::timestamp;
use junheng_proto::inspection::v1::{FigureTrace, SchoolFigure, TracedMeasure};

use super::county::Judged;
use super::encode;
use crate::entity::{frozen_measure, school_report as report};
use crate::framework::indicator::Input;
use crate::framework::measure::PUPILS;
use crate::framework::{Exact, Stage};

/// Follows the figure of a report's school, stage and indicator to the rows of its frozen set; `None` when there is none.
pub(super) fn of(
    judged: &Judged,
    report: &report::Model,
    rows: &[frozen_measure::Model],
    stage: Stage,
    indicator: &str,
) -> Option<FigureTrace> {
    let key = format!("schools/{}", report.school);
    let schools = &judged.verdict.schools;
    let verdict = schools.iter().find(|verdict| verdict.school == key)?;
    let row = verdict.stages.iter().find(|row| row.stage == stage)?;
    let figure = row.figures.iter().find(|one| one.indicator == indicator)?;
    let definition = judged.framework.indicators.iter();
    let definition = definition.clone().find(|one| one.code == indicator)?;

    let inputs = figure.inputs.iter();
    let mut measures: Vec<TracedMeasure> = inputs
        .filter_map(|input| Some(traced(input, source_of(rows, input)?)))
        .collect();
    // What was divided by, and where a value is shared, the pupils by which it was.
    let shared = figure
        .inputs
        .iter()
        .any(|input| input.share != Exact::one());
    let pupils = rows.iter().filter(|one| one.measure == PUPILS);
    let counted = |one: &&frozen_measure::Model| {
        let of = Stage::of_contract(one.stage);
        shared || of.is_none() || of == Some(stage)
    };
    measures.extend(pupils.filter(counted).map(whole));
    Some(FigureTrace {
        figure: Some(encode::figure(judged, &key, row, figure)),
        formula: crate::framework::encode::formula(definition, Some(stage)),
        measures,
    })
}

/// The trace of a figure that was published. Where the program computes another one by now, what it would divide and share
/// did not lead to what was published and is left out.
pub(super) fn as_published(found: Option<FigureTrace>, published: SchoolFigure) -> FigureTrace {
    let found = found.unwrap_or_default();
    if found.figure.as_ref() == Some(&published) {
        return found;
    }
    let bare = |measure: TracedMeasure| TracedMeasure {
        share: String::new(),
        used_value: String::new(),
        ..measure
    };
    FigureTrace {
        figure: Some(published),
        formula: String::new(),
        measures: found.measures.into_iter().map(bare).collect(),
    }
}

fn source_of<'a>(
    rows: &'a [frozen_measure::Model],
    input: &Input,
) -> Option<&'a frozen_measure::Model> {
    rows.iter().find(|row| {
        row.measure == input.measure && Stage::of_contract(row.stage) == input.reported_for
    })
}

fn traced(input: &Input, source: &frozen_measure::Model) -> TracedMeasure {
    TracedMeasure {
        share: input.share.fraction(),
        used_value: input.used.to_string(),
        ..whole(source)
    }
}

/// A measure that counts as it is.
fn whole(source: &frozen_measure::Model) -> TracedMeasure {
    TracedMeasure {
        measure: source.measure.clone(),
        reported_stage: source.stage,
        reported_value: source.value,
        share: "1".to_owned(),
        used_value: source.value.to_string(),
        service: source.service.clone(),
        source: source.source.clone(),
        source_digest: source.source_digest.clone(),
        as_of_time: Some(timestamp(source.as_of_micros)),
        school_report: format!("schoolReports/{}", source.report),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: &str) -> SchoolFigure {
        SchoolFigure {
            value: value.into(),
            ..SchoolFigure::default()
        }
    }

    #[test]
    fn a_published_figure_stays_whatever_the_program_computes_by_now() {
        let found = FigureTrace {
            figure: Some(figure("6.33")),
            formula: "books.count / pupils.total".into(),
            measures: vec![TracedMeasure {
                reported_value: 500,
                share: "10/21".into(),
                used_value: "238.1".into(),
                ..TracedMeasure::default()
            }],
        };
        let same = as_published(Some(found.clone()), figure("6.33"));
        assert_eq!(same, found);
        let other = as_published(Some(found), figure("6.34"));
        assert_eq!(other.figure, Some(figure("6.34")));
        let measure = &other.measures[0];
        let shown = (other.formula.as_str(), measure.share.as_str());
        assert_eq!((shown, measure.reported_value), (("", ""), 500));
        assert!(measure.used_value.is_empty());
        assert_eq!(as_published(None, figure("1")).figure, Some(figure("1")));
    }
}
