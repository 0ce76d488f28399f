//! Writes a journal row, and finds the row of a request that came before.

use std::collections::BTreeSet;

use junheng_proto::journal::v1::{Record, RecordSet};
use prost::Message as _;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use uuid::Uuid;

use super::content::{Place, is_sealed};
use super::entity::row;
use super::entry::Entry;
use crate::admission::Caller;
use crate::digest::PartsDigest;
use crate::error::KernelError;
use crate::privacy::{Keyring, keyed_digest};
use crate::scope::{Scope, Scoped as _};
use crate::store::{Store, StoredKey};

/// The first run of a request that comes again.
pub(crate) struct Repeat {
    pub(crate) fingerprint: Vec<u8>,
    id: Uuid,
    data_class: i32,
    answer: Vec<u8>,
}

// === impl Repeat ===

impl Repeat {
    /// The first answer, encoded.
    pub(crate) fn open(&self, keys: &Keyring) -> Result<Vec<u8>, KernelError> {
        Place {
            keys,
            id: self.id,
            data_class: self.data_class,
            field: "answer",
        }
        .open(&self.answer)
    }
}

/// The row that this caller's request wrote before, if it came before.
pub(crate) async fn repeat_of(
    database: &impl ConnectionTrait,
    caller: &Caller,
    key: &StoredKey,
) -> Result<Option<Repeat>, KernelError> {
    let own = Scope::everything("the row is the caller's own, whatever it concerned");
    let found = row::Entity::visible_to(&own)
        .select_only()
        .columns([
            row::Column::Fingerprint,
            row::Column::Id,
            row::Column::DataClass,
            row::Column::Answer,
        ])
        .filter(row::Column::Account.eq(&caller.account))
        .filter(row::Column::Method.eq(&caller.method))
        .filter(row::Column::RequestId.eq(&key.id))
        .into_tuple::<(Vec<u8>, Uuid, i32, Vec<u8>)>()
        .one(database)
        .await?;
    Ok(found.map(|(fingerprint, id, data_class, answer)| Repeat {
        fingerprint,
        id,
        data_class,
        answer,
    }))
}

/// Inserts the row of a write (`key` given) or of an audited read.
pub(crate) async fn insert(
    database: &impl ConnectionTrait,
    store: &Store,
    caller: &Caller,
    key: Option<&StoredKey>,
    entry: Entry,
    answer: &[u8],
) -> Result<(), KernelError> {
    row::Entity::insert(row_of(store, caller, key, entry, answer)?)
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// The row of a write (`key` given) or of an audited read, sealed where it names a person.
pub(crate) fn row_of(
    store: &Store,
    caller: &Caller,
    key: Option<&StoredKey>,
    entry: Entry,
    answer: &[u8],
) -> Result<row::ActiveModel, KernelError> {
    let id = Uuid::now_v7();
    let class = entry.data_class as i32;
    let records = RecordSet {
        records: told_records(&store.keys, class, entry.records)?,
    };
    let collections = collections_of(&records.records);
    let place = |field| Place {
        keys: &store.keys,
        id,
        data_class: class,
        field,
    };
    Ok(row::ActiveModel {
        seq: NotSet,
        id: Set(id),
        time_micros: Set(store.clock.now_micros()),
        account: Set(caller.account.clone()),
        display_name: Set(caller.display_name.clone()),
        post: Set(caller.post()),
        method: Set(caller.method.clone()),
        request_id: Set(key.map(|key| key.id.clone())),
        fingerprint: Set(key.map_or(Vec::new(), |key| key.fingerprint.to_vec())),
        subject: Set(entry.subject),
        place: Set(entry.place),
        school: Set(entry.school),
        data_class: Set(class),
        step: Set(entry.step),
        from_state: Set(entry.from_state),
        to_state: Set(entry.to_state),
        note: Set(entry.note),
        evidence: Set(entry.evidence.join("\n")),
        record_count: Set(i32::try_from(records.records.len()).unwrap_or(i32::MAX)),
        collections: Set(collections),
        records: Set(place("records").close(&records.encode_to_vec())?),
        answer: Set(place("answer").close(answer)?),
    })
}

/// What a row concerns, so that who follows one collection opens no others: a set of an import has thousands of records.
fn collections_of(records: &[Record]) -> String {
    let names = records
        .iter()
        .filter_map(|record| record.name.split('/').next());
    let collections: BTreeSet<&str> = names.collect();
    let mut text = String::new();
    for collection in collections {
        text.push(',');
        text.push_str(collection);
    }
    if !text.is_empty() {
        text.push(',');
    }
    text
}

/// The records as the journal keeps them and the feed tells them. The digest of a record that names a person is keyed:
/// the feed gives it to readers who may not see the record, and a plain one could be guessed against.
fn told_records(
    keys: &Keyring,
    data_class: i32,
    mut records: Vec<Record>,
) -> Result<Vec<Record>, KernelError> {
    if is_sealed(data_class) {
        for record in &mut records {
            record.digest = keyed_digest(keys, "journal.record", &record.digest)?.to_vec();
        }
    }
    Ok(records)
}

/// Who took `step` on a record last. Runs in the write's transaction.
pub async fn last_taker(
    database: &impl ConnectionTrait,
    subject: &str,
    step: &str,
) -> Result<Option<String>, KernelError> {
    let all = Scope::everything("four eyes look at everybody's steps");
    Ok(row::Entity::visible_to(&all)
        .select_only()
        .column(row::Column::Account)
        .filter(row::Column::Subject.eq(subject))
        .filter(row::Column::Step.eq(step))
        .order_by_desc(row::Column::Seq)
        .into_tuple::<String>()
        .one(database)
        .await?)
}

/// The records of a row, readable.
pub(crate) fn open_records(keys: &Keyring, row: &row::Model) -> Result<RecordSet, KernelError> {
    let place = Place {
        keys,
        id: row.id,
        data_class: row.data_class,
        field: "records",
    };
    let bytes = place.open(&row.records)?;
    RecordSet::decode(bytes.as_slice()).map_err(|error| KernelError::Stored(error.to_string()))
}

/// The digest of a row as it is sealed: every column, in the order of the table.
pub(crate) fn digest_of(row: &row::Model) -> [u8; 32] {
    let mut digest = PartsDigest::default();
    digest
        .add_number(row.seq)
        .add(row.id.as_bytes())
        .add_number(row.time_micros)
        .add(row.account.as_bytes())
        .add(row.display_name.as_bytes())
        .add(row.post.as_bytes())
        .add(row.method.as_bytes())
        .add(row.request_id.as_deref().unwrap_or_default().as_bytes())
        .add(&row.fingerprint)
        .add(row.subject.as_bytes())
        .add_number(row.place)
        .add(
            row.school
                .as_ref()
                .map_or(&[], |id| id.as_bytes().as_slice()),
        )
        .add_number(row.data_class.into())
        .add(row.step.as_bytes())
        .add(row.from_state.as_bytes())
        .add(row.to_state.as_bytes())
        .add(row.note.as_bytes())
        .add(row.evidence.as_bytes())
        .add_number(row.record_count.into())
        .add(row.collections.as_bytes())
        .add(&row.records)
        .add(&row.answer);
    digest.finish()
}
