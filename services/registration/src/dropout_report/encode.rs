//! Reports as callers see them, and their items as the row keeps them.

use chrono::NaiveDate;
use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::name::etag;
use junheng_proto::registration::v1::dropout_report_item::Rows;
use junheng_proto::registration::v1::{DropoutReport, DropoutReportItem};
use prost::Message as _;

use crate::entity::dropout_report::Model;

/// The report with its items.
pub(super) fn encode(row: &Model, today: NaiveDate) -> Result<DropoutReport, KernelError> {
    Ok(DropoutReport {
        items: items_of(row)?,
        ..brief(row, today)
    })
}

/// The report without them.
pub(super) fn brief(row: &Model, today: NaiveDate) -> DropoutReport {
    DropoutReport {
        name: name_of(row),
        kind: row.kind,
        organisation: row.organisation.clone(),
        period: row.period.clone(),
        from_date: row.from_date.to_string(),
        until_date: row.until_date.to_string(),
        state: row.state,
        items: Vec::new(),
        digest: row.digest.clone(),
        due_date: row.due_date.clone(),
        due_provisional: row.due_provisional,
        overdue: !row.due_date.is_empty() && *row.due_date < *today.to_string(),
        count_time: Some(timestamp(row.count_micros)),
        etag: etag(row.version),
        entered_after_time: Some(timestamp(row.after_micros)),
        entered_until_time: Some(timestamp(row.until_micros)),
    }
}

/// The items of a row, each with the request that lists its rows by the organisation's present name.
pub(super) fn items_of(row: &Model) -> Result<Vec<DropoutReportItem>, KernelError> {
    let kept = DropoutReport::decode(row.items.as_slice());
    let kept = kept.map_err(|error| KernelError::Stored(format!("{}: {error}", name_of(row))))?;
    let mut items = kept.items;
    for rows in items.iter_mut().filter_map(|item| item.rows.as_mut()) {
        let parent = match rows {
            Rows::Students(request) => &mut request.parent,
            Rows::Ledger(request) => &mut request.parent,
        };
        parent.clone_from(&row.organisation);
    }
    Ok(items)
}

/// The items as a row keeps them.
pub(super) fn kept(items: Vec<DropoutReportItem>) -> Vec<u8> {
    let report = DropoutReport {
        items,
        ..DropoutReport::default()
    };
    report.encode_to_vec()
}

/// The report's name.
pub(super) fn name_of(row: &Model) -> String {
    format!("dropoutReports/{}", row.id)
}
