//! Exports as callers and the journal see them.

use junheng_kernel::clock::timestamp;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::etag;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::{Export, ExportDownload, ExportFilter};

use crate::approval::fields_of_text;
use crate::entity::{export, export_download};

/// The resource name.
pub(crate) fn name_of(export: &export::Model) -> String {
    format!("exports/{}", export.id)
}

/// The export, without its downloads.
pub(crate) fn encode(export: &export::Model) -> Export {
    Export {
        name: name_of(export),
        state: export.state,
        holder: export.holder.clone(),
        holder_post: export.holder_post.clone(),
        students_of: export.students_of.clone(),
        kind: export.kind,
        columns: names_of(&export.columns),
        filter: Some(ExportFilter {
            stage: export.stage,
            grade: export.grade,
            state: export.student_state,
        }),
        clear_fields: fields_of_text(&export.clear_fields),
        purpose: export.purpose.clone(),
        encoding: export.encoding,
        expire_date: export.expire_date.clone(),
        due_date: export.due_date.clone(),
        due_provisional: export.due_provisional,
        create_time: Some(timestamp(export.create_micros)),
        downloads: Vec::new(),
        etag: etag(export.version),
    }
}

/// The names of columns from the text that keeps them.
pub(super) fn names_of(text: &str) -> Vec<String> {
    let names = text.split(',').filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

/// The download.
pub(crate) fn encode_download(download: &export_download::Model) -> ExportDownload {
    ExportDownload {
        name: format!("exportDownloads/{}", download.id),
        start_time: Some(timestamp(download.start_micros)),
        end_time: (download.end_micros != 0).then(|| timestamp(download.end_micros)),
        row_count: download.row_count,
        digest: download.digest.clone(),
    }
}

/// A journal entry about an export. What a download gives is a child's data, whatever the export says of itself.
pub(crate) fn about(export: &export::Model, class: DataClass) -> Entry {
    Entry::about(name_of(export), export.place, export.school, class)
}
