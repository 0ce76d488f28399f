//! Schools to test with: every measure present, each far above every threshold.

use chrono::NaiveDate;

use crate::framework::catalog::Catalog;
use crate::framework::document::Framework;
use crate::framework::indicator::{Finding, Value};
use crate::framework::measure::{MEASURES, PUPILS, Reporter};
use crate::framework::school::{Reported, School};
use crate::framework::stage::Stage;
use crate::framework::verdict::{CountyVerdict, SchoolStage};

pub(super) const DAY: NaiveDate = NaiveDate::from_ymd_opt(2018, 10, 15).expect("a date");

pub(super) fn framework(id: &str) -> Framework {
    let catalog = Catalog::embedded().expect("the embedded frameworks");
    catalog.get(id).expect("a framework").clone()
}

/// A county-run school with these pupils; per pupil each measure is plenty.
pub(super) fn school(key: &str, kind: &str, pupils: &[(Stage, i64)]) -> School {
    let mut measures = Vec::new();
    let total: i64 = pupils.iter().map(|(_, count)| count).sum();
    for measure in MEASURES {
        let per_pupil = match measure.name {
            PUPILS | "classes.total" | "pupils.largest_class" => 1,
            "area.indoor_sports" => 100,
            name if name.starts_with("area.") => 2_000,
            "equipment.value" => 400_000,
            _ => 1,
        };
        if measure.reporter == Reporter::Assets {
            measures.push(reported(measure.name, None, total * per_pupil));
        } else {
            measures.extend(
                pupils
                    .iter()
                    .map(|(stage, count)| reported(measure.name, Some(*stage), count * per_pupil)),
            );
        }
    }
    School {
        key: key.to_owned(),
        kind: kind.to_owned(),
        sponsor: "7".to_owned(),
        urban_rural: "111".to_owned(),
        measures,
    }
}

pub(super) fn reported(measure: &str, stage: Option<Stage>, value: i64) -> Reported {
    Reported {
        measure: measure.to_owned(),
        stage,
        value,
    }
}

impl School {
    /// The same school with another value for every report of a measure.
    pub(super) fn with(mut self, measure: &str, value: i64) -> Self {
        for one in &mut self.measures {
            if one.measure == measure {
                one.value = value;
            }
        }
        self
    }

    /// The same school without a measure.
    pub(super) fn without(mut self, measure: &str) -> Self {
        self.measures.retain(|one| one.measure != measure);
        self
    }
}

/// The row of a school's stage.
pub(super) fn row<'a>(verdict: &'a CountyVerdict, school: &str, stage: Stage) -> &'a SchoolStage {
    verdict
        .schools
        .iter()
        .find(|one| one.school == school)
        .and_then(|one| one.stages.iter().find(|row| row.stage == stage))
        .expect("the school and stage")
}

/// The value of an indicator in a row.
pub(super) fn value<'a>(row: &'a SchoolStage, indicator: &str) -> &'a Value {
    let figure = row
        .figures
        .iter()
        .find(|figure| figure.indicator == indicator)
        .expect("the indicator");
    match &figure.finding {
        Finding::Value(value) => value,
        Finding::Missing(gaps) => panic!("missing: {gaps:?}"),
    }
}
