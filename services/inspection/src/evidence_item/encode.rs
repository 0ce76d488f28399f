//! Items as callers and the journal see them.

use junheng_kernel::journal::{Entry, record};
use junheng_kernel::name::etag;
use junheng_proto::inspection::v1::EvidenceItem;
use junheng_proto::journal::v1::Record;
use junheng_proto::options::v1::DataClass;

use crate::entity::evidence_item::Model;

/// The resource name.
pub fn name(item: &Model) -> String {
    format!("evidenceItems/{}", item.id)
}

/// The item.
pub fn encode(item: &Model) -> EvidenceItem {
    EvidenceItem {
        name: name(item),
        campaign: format!("campaigns/{}", item.campaign),
        code: item.code.clone(),
        display_name_zh: item.display_name_zh.clone(),
        state: item.state,
        met: item.met,
        value: item.value.clone(),
        statement: item.statement.clone(),
        evidence: item.evidence.lines().map(str::to_owned).collect(),
        return_reason: item.return_reason.clone(),
        etag: etag(item.version),
    }
}

/// A journal entry about an item.
pub fn about(item: &Model) -> Entry {
    Entry::about(name(item), item.place, None, DataClass::Internal)
}

/// The item as a record of somebody else's step.
pub fn record_of(before: Option<&Model>, after: &Model) -> Record {
    let before = before.map(encode);
    record(
        &name(after),
        after.place,
        None,
        before.as_ref(),
        &encode(after),
        true,
    )
}
