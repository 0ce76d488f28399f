//! What a write says of itself.

use junheng_proto::journal::v1::{Record, change_event::Kind};
use junheng_proto::options::v1::DataClass;
use prost::{Message, Name};
use uuid::Uuid;

use super::audience;
use crate::digest::sm3;

/// The content of a journal row that the writer knows; who, when and which request is added by the write.
#[derive(Clone, Debug)]
pub struct Entry {
    pub(crate) subject: String,
    pub(crate) place: i64,
    pub(crate) school: Option<Uuid>,
    pub(crate) data_class: DataClass,
    pub(crate) records: Vec<Record>,
    pub(crate) step: String,
    pub(crate) from_state: String,
    pub(crate) to_state: String,
    pub(crate) note: String,
    pub(crate) evidence: Vec<String>,
}

/// One record of a change. `before` is `None` for a new record; records above `INTERNAL` that come in sets pass
/// `keep = false` and leave their digest only.
pub fn record<T: Message + Name>(
    name: &str,
    place: i64,
    school: Option<Uuid>,
    before: Option<&T>,
    after: &T,
    keep: bool,
) -> Record {
    let pack = |message: &T| prost_types::Any {
        type_url: T::type_url(),
        value: message.encode_to_vec(),
    };
    let kind = match before {
        None => Kind::Created,
        Some(_) => Kind::Updated,
    };
    let told = audience::told(before, after);
    Record {
        restricted: told.restricted,
        audience: told.audience,
        shared: told.shared,
        name: name.to_owned(),
        kind: kind as i32,
        place,
        school: school.map(|id| id.to_string()).unwrap_or_default(),
        digest: sm3(&after.encode_to_vec()).to_vec(),
        before: before.filter(|_| keep).map(pack),
        after: keep.then(|| pack(after)),
    }
}

// === impl Entry ===

impl Entry {
    /// An entry about `subject`, which lies at `place` and perhaps belongs to a school.
    pub fn about(
        subject: impl Into<String>,
        place: i64,
        school: Option<Uuid>,
        data_class: DataClass,
    ) -> Self {
        Self {
            subject: subject.into(),
            place,
            school,
            data_class,
            records: Vec::new(),
            step: String::new(),
            from_state: String::new(),
            to_state: String::new(),
            note: String::new(),
            evidence: Vec::new(),
        }
    }

    /// The subject itself was created (`before` is `None`) or changed.
    pub fn change<T: Message + Name>(self, before: Option<&T>, after: &T) -> Self {
        let (name, place, school) = (self.subject.clone(), self.place, self.school);
        self.with(record(&name, place, school, before, after, true))
    }

    /// Another record changed along with it.
    pub fn with(mut self, record: Record) -> Self {
        self.records.push(record);
        self
    }

    /// Many records changed along with it.
    pub fn with_all(mut self, records: impl IntoIterator<Item = Record>) -> Self {
        self.records.extend(records);
        self
    }

    /// A workflow step was taken.
    pub fn step(mut self, step: &str, from: &str, to: &str) -> Self {
        self.step = step.to_owned();
        self.from_state = from.to_owned();
        self.to_state = to.to_owned();
        self
    }

    /// The note or reason that was given.
    pub fn note(mut self, note: &str) -> Self {
        self.note = note.to_owned();
        self
    }

    /// Hashes of the evidence that was given.
    pub fn evidence(mut self, evidence: &[String]) -> Self {
        self.evidence = evidence.to_vec();
        self
    }
}
