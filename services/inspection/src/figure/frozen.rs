//! What is frozen in a campaign, and the verdict over it.

use std::collections::HashMap;

use junheng_kernel::clock::timestamp;
use junheng_kernel::digest::PartsDigest;
use junheng_kernel::error::KernelError;
use junheng_proto::inspection::v1::{
    EvaluateMeasuresResponse, ItemOutcome, evidence_item, school_report,
};
use uuid::Uuid;

use super::county::{County, Judged};
use crate::entity::{campaign, evidence_item as item, frozen_measure, school_report as report};
use crate::framework::{Reported, School, Stage, request};

/// A campaign with its reports and items. The measures are read where they are judged or traced.
#[derive(Clone, Debug)]
pub struct Frozen {
    /// The campaign.
    pub campaign: campaign::Model,
    /// The reports, by school.
    pub reports: Vec<report::Model>,
    /// The items in the framework's order.
    pub items: Vec<item::Model>,
}

/// What a verdict rests on: for each report its newest set, and whether the school stands by it. A set never changes, and
/// what else a report says of its school changes with its set alone; so the same basis has the same verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The campaign.
    pub campaign: Uuid,
    /// Report, number of its set, whether it counts; in the order of the schools.
    pub reports: Vec<(Uuid, i32, bool)>,
}

/// The measures that count, by report.
pub type Measures = HashMap<Uuid, Vec<frozen_measure::Model>>;

// === impl Frozen ===

impl Frozen {
    /// Puts together what was read.
    pub fn of(
        campaign: campaign::Model,
        mut reports: Vec<report::Model>,
        items: Vec<item::Model>,
    ) -> Self {
        reports.sort_by_key(|report| report.school);
        Self {
            campaign,
            reports,
            items,
        }
    }

    /// What the verdict rests on.
    pub fn basis(&self) -> Basis {
        let reports = self.reports.iter();
        Basis {
            campaign: self.campaign.id,
            reports: reports
                .map(|report| (report.id, report.freeze, stands(report)))
                .collect(),
        }
    }

    /// The reports that count: of each its newest set, and only while the school stands by it.
    pub fn standing(&self) -> impl Iterator<Item = &report::Model> {
        self.reports.iter().filter(|report| stands(report))
    }

    /// SM3 over the digests of the reports that stand, by school; empty when none does.
    pub fn digest(&self) -> String {
        let mut digest = PartsDigest::default();
        let mut any = false;
        for report in self.standing() {
            any = true;
            digest
                .add(report.school.as_bytes())
                .add(report.measures_digest.as_bytes());
        }
        if any {
            digest.finish_hex()
        } else {
            String::new()
        }
    }

    /// The report of a school, if it counts.
    pub fn report_of(&self, school: Uuid) -> Option<&report::Model> {
        self.standing().find(|report| report.school == school)
    }

    /// Verdict and figures as callers see them; `judged` is the verdict over this.
    pub fn answer(&self, judged: &Judged) -> EvaluateMeasuresResponse {
        let mut answer = judged.encode();
        if let Some(verdict) = &mut answer.verdict {
            let newest = self.standing().map(|report| report.freeze_micros).max();
            verdict.measures_digest = self.digest();
            verdict.freeze_time = newest.map(timestamp);
            verdict.items = self.items.iter().map(Self::outcome).collect();
        }
        answer
    }

    /// The schools that count, with their measures.
    pub(super) fn schools(&self, measures: &Measures) -> Vec<School> {
        let school = |report: &report::Model| {
            let rows = measures.get(&report.id);
            Self::school(report, rows.map_or(&[], Vec::as_slice))
        };
        self.standing().map(school).collect()
    }

    fn school(report: &report::Model, rows: &[frozen_measure::Model]) -> School {
        let reported = |row: &frozen_measure::Model| Reported {
            measure: row.measure.clone(),
            stage: Stage::of_contract(row.stage),
            value: row.value,
        };
        School {
            key: format!("schools/{}", report.school),
            kind: report.kind.to_string(),
            sponsor: report.sponsor.to_string(),
            urban_rural: report.urban_rural.to_string(),
            measures: rows.iter().map(reported).collect(),
        }
    }

    /// The names of the schools that count, by key, and the names of those that do not.
    pub(super) fn names(&self) -> (HashMap<String, String>, Vec<String>) {
        let mut names = HashMap::new();
        let mut unconfirmed = Vec::new();
        for report in &self.reports {
            let name = report.school_display_name.clone();
            if stands(report) {
                names.insert(format!("schools/{}", report.school), name);
            } else {
                unconfirmed.push(name);
            }
        }
        (names, unconfirmed)
    }

    pub(super) fn county(&self) -> Result<County, KernelError> {
        Ok(County {
            campaign: format!("campaigns/{}", self.campaign.id),
            framework: self.campaign.framework.clone(),
            region: self.campaign.region.clone(),
            date: request::date("as_of_date", &self.campaign.as_of_date)?,
        })
    }

    fn outcome(item: &item::Model) -> ItemOutcome {
        use evidence_item::State::{Answered, Signed};
        let state = evidence_item::State::try_from(item.state).unwrap_or_default();
        let answered = matches!(state, Answered | Signed);
        ItemOutcome {
            code: item.code.clone(),
            display_name_zh: item.display_name_zh.clone(),
            answered,
            met: answered && item.met,
        }
    }
}

/// Whether the school stands by its figures: it has confirmed and nobody gave them back.
fn stands(report: &report::Model) -> bool {
    use school_report::State::{Confirmed, Signed};
    let state = school_report::State::try_from(report.state).unwrap_or_default();
    matches!(state, Confirmed | Signed)
}
