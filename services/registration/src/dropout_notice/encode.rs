//! A notice as officers see it, and what is sealed in its row.

use std::fmt;

use junheng_kernel::clock::timestamp;
use junheng_kernel::digest::sm3;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::etag;
use junheng_kernel::privacy::{FieldAddress, Keyring};
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::DropoutNotice;
use prost::Message as _;

use crate::entity::dropout_notice::Model;

/// What is printed: frozen with the number.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub(super) struct Printed {
    #[prost(string, tag = "1")]
    pub(super) number: String,
    #[prost(string, tag = "2")]
    pub(super) issuer_name: String,
    #[prost(string, tag = "3")]
    pub(super) title: String,
    #[prost(string, tag = "4")]
    pub(super) addressee: String,
    #[prost(string, repeated, tag = "5")]
    pub(super) paragraphs: Vec<String>,
    #[prost(string, repeated, tag = "6")]
    pub(super) basis: Vec<String>,
    #[prost(string, tag = "7")]
    pub(super) date: String,
    /// Days to comply, 0 for none.
    #[prost(int64, tag = "8")]
    pub(super) days: i64,
}

/// How it was served, and why it was revoked.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub(super) struct Service {
    #[prost(string, tag = "1")]
    pub(super) received_by: String,
    #[prost(string, repeated, tag = "2")]
    pub(super) evidence: Vec<String>,
    #[prost(string, tag = "3")]
    pub(super) revoked_reason: String,
}

// === impl Printed ===

impl fmt::Debug for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Printed")
    }
}

impl Printed {
    pub(super) fn of(keys: &Keyring, row: &Model) -> Result<Self, KernelError> {
        keys.open_message(address("printed", &row.id.to_string()), &row.printed)
    }

    pub(super) fn seal(&self, keys: &Keyring, id: uuid::Uuid) -> Result<Vec<u8>, KernelError> {
        keys.seal_message(address("printed", &id.to_string()), self)
    }

    /// SM3 over what is printed.
    pub(super) fn digest(&self) -> String {
        hex::encode(sm3(&self.encode_to_vec()))
    }
}

// === impl Service ===

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Service")
    }
}

impl Service {
    pub(super) fn of(keys: &Keyring, row: &Model) -> Result<Self, KernelError> {
        keys.open_message(address("service", &row.id.to_string()), &row.service)
    }

    pub(super) fn seal(&self, keys: &Keyring, id: uuid::Uuid) -> Result<Vec<u8>, KernelError> {
        keys.seal_message(address("service", &id.to_string()), self)
    }
}

/// The notice as officers see it.
pub(super) fn encode(keys: &Keyring, row: &Model) -> Result<DropoutNotice, KernelError> {
    let printed = Printed::of(keys, row)?;
    let service = Service::of(keys, row)?;
    let date = |day: Option<chrono::NaiveDate>| day.map_or_else(String::new, |day| day.to_string());
    Ok(DropoutNotice {
        name: name_of(row),
        dropout_case: format!("dropoutCases/{}", row.dropout_case),
        kind: row.kind,
        state: row.state,
        digest: printed.digest(),
        number: printed.number,
        issuer: row.issuer.clone(),
        title: printed.title,
        addressee: printed.addressee,
        body: printed.paragraphs.join("\n"),
        legal_basis: printed.basis,
        drawn_date: row.drawn_date.to_string(),
        comply_date: date(row.comply_date),
        fine_fen: row.fine_fen,
        served_date: date(row.served_date),
        service_method: row.service_method,
        received_by: service.received_by,
        evidence: service.evidence,
        revoked_reason: service.revoked_reason,
        create_time: Some(timestamp(row.create_micros)),
        update_time: Some(timestamp(row.update_micros)),
        etag: etag(row.version),
    })
}

/// The resource name.
pub(super) fn name_of(row: &Model) -> String {
    format!("dropoutNotices/{}", row.id)
}

/// A journal entry about a notice.
pub(super) fn about(row: &Model) -> Entry {
    Entry::about(name_of(row), row.place, row.school, DataClass::Sensitive)
}

fn address<'a>(field: &'static str, row: &'a str) -> FieldAddress<'a> {
    FieldAddress {
        table: "dropout_notices",
        field,
        row,
    }
}
