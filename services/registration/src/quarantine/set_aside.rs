//! Keeps the rows of an import whose parent nobody has registered.

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::{Destination, ImportHeader, Waiting, away};
use junheng_kernel::calendar::date_in_china;
use junheng_kernel::digest::PartsDigest;
use junheng_kernel::error::KernelError;
use junheng_kernel::privacy::{FieldAddress, Keyring};
use junheng_kernel::store::{Store, Tx};
use junheng_proto::error::v1::Reason;
use junheng_proto::registration::v1::quarantine_cause::Kind;
use uuid::Uuid;

use super::{Sent, store};
use crate::entity::quarantined_row::Model;

/// What a row would become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Collection {
    /// A student.
    Students,
    /// A class.
    Classes,
}

/// The import that rows come from.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    collection: Collection,
    caller: Caller,
    parent: String,
    place: i64,
    school: Option<Uuid>,
    request_id: String,
    /// The day on which it was sent: what its rows say holds for that day.
    pub(crate) day: NaiveDate,
}

// === impl Collection ===

impl Collection {
    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Students => "students",
            Self::Classes => "classes",
        }
    }
}

// === impl Origin ===

impl Origin {
    /// The import with this header, sent today.
    pub(crate) fn of(
        collection: Collection,
        header: &ImportHeader,
        destination: &Destination,
        today: NaiveDate,
    ) -> Self {
        Self {
            collection,
            caller: destination.caller.clone(),
            parent: destination.parent.clone(),
            place: destination.place,
            school: destination.school,
            request_id: header.request_id.clone(),
            day: today,
        }
    }

    /// The import that a row which waits came from.
    pub(super) fn of_row(collection: Collection, caller: Caller, row: &Model) -> Self {
        Self {
            collection,
            caller,
            parent: row.parent.clone(),
            place: row.place,
            school: row.school,
            request_id: row.request_id.clone(),
            day: date_in_china(row.import_micros),
        }
    }

    fn model_of<R: Sent>(
        &self,
        keys: &Keyring,
        waiting: Waiting<R>,
        now_micros: i64,
    ) -> Result<Model, KernelError> {
        let Waiting { row, cause } = waiting;
        let id = Uuid::now_v7();
        let sealed = keys.seal_message(address(&id.to_string()), &row)?;
        let (school_code, [stage, grade, number]) = row.seat();
        let (kind, cause) = match cause {
            Some((cause, wrong)) => (kind_of(wrong.reason), cause),
            // The parent came in the meantime: whoever looks for the school finds it.
            None => (Kind::School, school_code.to_owned()),
        };
        Ok(Model {
            id,
            place: self.place,
            school: self.school,
            parent: self.parent.clone(),
            account: self.caller.account.clone(),
            account_display_name: self.caller.display_name.clone(),
            role: self.caller.role.to_string(),
            organisation: self.caller.organisation.clone(),
            method: self.caller.method.clone(),
            request_id: self.request_id.clone(),
            row_number: row.number(),
            collection: self.collection.name().to_owned(),
            kind: kind.into(),
            cause,
            school_code: school_code.to_owned(),
            stage,
            grade,
            number,
            sealed,
            import_micros: now_micros,
            fingerprint: self.fingerprint(keys, row)?,
        })
    }

    /// Equal for equal rows to one parent, whatever their numbers; keyed, for a row names a person.
    fn fingerprint<R: Sent>(&self, keys: &Keyring, mut row: R) -> Result<Vec<u8>, KernelError> {
        row.renumber(0);
        let mut digest = PartsDigest::default();
        digest
            .add(self.collection.name().as_bytes())
            .add(self.parent.as_bytes())
            .add(&row.encode_to_vec());
        let index = keys
            .blind_index()
            .map_err(|error| KernelError::Stored(error.to_string()))?;
        Ok(index.index("quarantine.row", &digest.finish_hex()).to_vec())
    }
}

/// Keeps rows, each once however often it is sent. Gives how many of them are kept now.
pub(crate) async fn set_aside<R: Sent>(
    store: &Store,
    tx: &Tx,
    origin: &Origin,
    rows: Vec<Waiting<R>>,
) -> Result<usize, KernelError> {
    let (count, now) = (rows.len(), store.clock.now_micros());
    let (keys, origin) = (store.keys.clone(), origin.clone());
    let models = away(move || {
        let rows = rows.into_iter();
        rows.map(|row| origin.model_of(&keys, row, now))
            .collect::<Result<Vec<Model>, _>>()
    })
    .await??;
    store::insert_missing(&**tx, models).await?;
    Ok(count)
}

/// Which kind of parent is missing.
pub(super) fn kind_of(reason: Reason) -> Kind {
    match reason {
        Reason::SchoolUnknown => Kind::School,
        Reason::ClassUnknown => Kind::Class,
        _ => Kind::Row,
    }
}

/// Where the row's message is sealed.
pub(super) fn address(row: &str) -> FieldAddress<'_> {
    FieldAddress {
        table: "quarantined_rows",
        field: "sealed",
        row,
    }
}
