//! Writes one set of an import: a few statements for a thousand rows.

use std::collections::HashMap;
use std::sync::Arc;

use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::SetOutcome;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::journal::record;
use junheng_kernel::privacy::Keyring;
use junheng_kernel::store::Tx;
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::Student;

use super::error::StudentError;
use super::person::{self, Flags};
use super::rules::{self, Draft};
use super::store;
use super::whereabouts::KnownSchools;
use crate::entity::school_class;
use crate::entity::student::Model;
use crate::school::parent;

/// A row that has passed the rules, with what it asks for.
#[derive(Clone)]
pub(super) struct Wanted {
    /// The row's number.
    pub(super) row: i64,
    /// SM3 over the row as it was sent.
    pub(super) content: [u8; 32],
    /// The hash of the document.
    pub(super) identity_hash: Vec<u8>,
    /// The class.
    pub(super) class: school_class::Model,
    /// The person.
    pub(super) draft: Draft,
    /// What the school says of the student.
    pub(super) flags: Flags,
}

/// Writes sets for one caller.
#[derive(Clone)]
pub(super) struct SetWriter {
    pub(super) keys: Arc<Keyring>,
    pub(super) caller: Caller,
}

/// The records that a set meets, by the hash of the document.
struct Standing {
    students: HashMap<Vec<u8>, Model>,
    schools: KnownSchools,
}

// === impl SetWriter ===

impl SetWriter {
    /// Writes the rows of one set.
    pub(super) async fn write(
        self,
        tx: Tx,
        mut rows: Vec<Wanted>,
    ) -> Result<SetOutcome, StudentError> {
        let mut outcome = SetOutcome::default();
        let schools = rows.iter().map(|wanted| wanted.class.school);
        let places = parent::hold_places(&*tx, schools).await?;
        for Wanted { class, .. } in &mut rows {
            class.place = places.get(&class.school).copied().unwrap_or(class.place);
        }
        let standing = self.standing(&tx, &rows).await?;
        let (known, new): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .partition(|wanted| standing.students.contains_key(&wanted.identity_hash));
        self.settle(&tx, &standing, known, &mut outcome).await?;

        let late = self.register(&tx, new, &mut outcome).await?;
        if !late.is_empty() {
            // Another import registered them after this one looked; now they stand, and are judged like the others.
            let standing = self.standing(&tx, &late).await?;
            self.settle(&tx, &standing, late, &mut outcome).await?;
        }
        Ok(outcome)
    }

    async fn standing(&self, tx: &Tx, rows: &[Wanted]) -> Result<Standing, StudentError> {
        let hashes: Vec<&[u8]> = rows
            .iter()
            .map(|wanted| wanted.identity_hash.as_slice())
            .collect();
        let students = store::with_hashes(&**tx, &hashes).await?;
        let schools = KnownSchools::of(&**tx, &self.caller, &students).await?;
        let by_hash = |student: Model| (student.identity_hash.clone(), student);
        Ok(Standing {
            students: students.into_iter().map(by_hash).collect(),
            schools,
        })
    }

    /// Adds the new ones; gives back the rows whose person another write registered meanwhile.
    async fn register(
        &self,
        tx: &Tx,
        rows: Vec<Wanted>,
        outcome: &mut SetOutcome,
    ) -> Result<Vec<Wanted>, StudentError> {
        let model_of = |wanted: &Wanted| {
            let hash = wanted.identity_hash.clone();
            person::model_of(&self.keys, &wanted.draft, wanted.flags, &wanted.class, hash)
        };
        let models: Vec<Model> = rows
            .iter()
            .map(model_of)
            .collect::<Result<_, KernelError>>()?;
        let added = store::insert_missing(&**tx, models.clone()).await?;
        let mut late = Vec::new();
        for (wanted, student) in rows.into_iter().zip(models) {
            if added.contains(&student.id) {
                let answer = person::encode(&self.keys, &student)?;
                outcome.report.created();
                outcome.records.push(record_of(&student, None, &answer));
            } else {
                late.push(wanted);
            }
        }
        Ok(late)
    }

    /// Judges rows whose persons have a record, and changes what the school may change.
    async fn settle(
        &self,
        tx: &Tx,
        standing: &Standing,
        rows: Vec<Wanted>,
        outcome: &mut SetOutcome,
    ) -> Result<(), StudentError> {
        for wanted in rows {
            let Some(student) = standing.students.get(&wanted.identity_hash) else {
                continue;
            };
            let before = person::encode(&self.keys, student)?;
            let wrong = contradictions(standing, student, &before, &wanted);
            if !wrong.is_empty() {
                outcome.report.reject(wanted.row, &wrong);
                continue;
            }
            match person::moved(student, wanted.flags, &wanted.class) {
                None => outcome.report.unchanged(),
                Some(changed) => {
                    store::update(&**tx, &changed, student.version).await?;
                    let answer = person::encode(&self.keys, &changed)?;
                    outcome.report.updated();
                    outcome
                        .records
                        .push(record_of(&changed, Some(&before), &answer));
                }
            }
        }
        Ok(())
    }
}

/// What an import may not change: the school, which takes a transfer, and the key fields.
fn contradictions(
    standing: &Standing,
    student: &Model,
    before: &Student,
    wanted: &Wanted,
) -> Vec<Violation> {
    if student.school != wanted.class.school {
        return vec![standing.schools.of_student(student).violation()];
    }
    rules::check_unchanged(before, &person::as_wanted(before, &wanted.draft))
}

/// A record of the journal; what it contains stays a digest, so that a set does not copy the whole roll.
fn record_of(student: &Model, before: Option<&Student>, after: &Student) -> Record {
    record(
        &after.name,
        student.place,
        Some(student.school),
        before,
        after,
        false,
    )
}
