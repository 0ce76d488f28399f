//! Reports as callers and the journal see them.

use junheng_kernel::clock::timestamp;
use junheng_kernel::journal::{Entry, record};
use junheng_kernel::name::etag;
use junheng_proto::inspection::v1::SchoolReport;
use junheng_proto::journal::v1::Record;
use junheng_proto::options::v1::DataClass;

use crate::entity::school_report::Model;
use crate::evidence::MeasureSet;

/// The resource name.
pub fn name(report: &Model) -> String {
    format!("schoolReports/{}", report.id)
}

/// The report without measures.
pub fn encode(report: &Model) -> SchoolReport {
    let frozen = report.freeze > 0;
    SchoolReport {
        name: name(report),
        campaign: format!("campaigns/{}", report.campaign),
        campaign_display_name: report.campaign_display_name.clone(),
        school: format!("schools/{}", report.school),
        school_display_name: report.school_display_name.clone(),
        state: report.state,
        return_reason: report.return_reason.clone(),
        measures_digest: report.measures_digest.clone(),
        measures: Vec::new(),
        freeze_time: frozen.then(|| timestamp(report.freeze_micros)),
        etag: etag(report.version),
    }
}

/// The report with these measures.
pub fn with_measures(report: &Model, set: &MeasureSet) -> SchoolReport {
    SchoolReport {
        measures: set.measures().iter().map(|one| one.encode()).collect(),
        ..encode(report)
    }
}

/// A journal entry about a report.
pub fn about(report: &Model) -> Entry {
    let school = Some(report.school);
    Entry::about(name(report), report.place, school, DataClass::Internal)
}

/// The report as a record of somebody else's step.
pub fn record_of(before: Option<&Model>, after: &Model) -> Record {
    let before = before.map(encode);
    let school = Some(after.school);
    record(
        &name(after),
        after.place,
        school,
        before.as_ref(),
        &encode(after),
        true,
    )
}
