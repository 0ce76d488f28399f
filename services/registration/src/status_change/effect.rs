//! What a change does to the student's record, and to the leave that it prolongs. One that it ends, the ledger ends.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::record;
use junheng_kernel::privacy::Keyring;
use junheng_kernel::resource;
use junheng_kernel::workflow::WorkflowError;
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::StatusChange;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::student_change::Kind as Happened;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::rpc::encode;
use super::rules::KindRule;
use super::workflow::{APPROVE, Kind};
use crate::certificate::store as certificates;
use crate::entity::{school_class, status_change, student};
use crate::school_class::rules as classes;
use crate::student::ledger::{self, Happening, Pen};
use crate::student::store as students;

/// What a change takes effect on.
pub(super) struct Effect<'a> {
    /// The keys of personal fields.
    pub(super) keys: &'a Keyring,
    /// Today in China.
    pub(super) today: NaiveDate,
    /// Now, microseconds since 1970.
    pub(super) now_micros: i64,
    /// The kind's rule.
    pub(super) rule: &'static KindRule,
    /// The change.
    pub(super) change: &'a status_change::Model,
    /// The student.
    pub(super) student: &'a student::Model,
    /// The class that the student enters.
    pub(super) class: Option<&'a school_class::Model>,
    /// The leave that runs.
    pub(super) leave: Option<&'a status_change::Model>,
}

// === impl Effect ===

impl Effect<'_> {
    /// Changes the records, and gives what the journal keeps of them.
    pub(super) async fn run(
        self,
        database: &impl ConnectionTrait,
    ) -> Result<Vec<Record>, KernelError> {
        let mut told = Vec::new();
        if let Some((before, leave)) = self.prolonged() {
            resource::replace::<status_change::Entity>(database, leave.clone(), before.version)
                .await?;
            let shown = |row| encode(self.keys, row, self.today);
            let (before, after): (StatusChange, StatusChange) = (shown(before)?, shown(&leave)?);
            let school = Some(leave.school);
            let place = leave.place;
            told.push(record(
                &after.name,
                place,
                school,
                Some(&before),
                &after,
                true,
            ));
        }
        if self.rule.kind == Kind::Correction {
            self.refuse_certified(database).await?;
        }
        let after = self.student_after()?;
        if self.rule.kind == Kind::Cancellation {
            students::release_former(database, self.student.id, None).await?;
        }
        if after != *self.student || self.rule.happened.is_some() {
            let date = self.change.effective_date.parse().unwrap_or(self.today);
            let happening = self.happened().map(|kind| Happening {
                kind,
                date,
                process: format!("statusChanges/{}", self.change.id),
            });
            let happening = happening.as_ref();
            let pen = Pen {
                keys: self.keys,
                today: self.today,
                now_micros: self.now_micros,
            };
            let (_, records) =
                ledger::change(database, pen, self.student, after, happening).await?;
            told.extend(records);
        }
        Ok(told)
    }

    /// Who holds a certificate in force has finished school, until the certificate is revoked.
    async fn refuse_certified(&self, database: &impl ConnectionTrait) -> Result<(), KernelError> {
        if certificates::certified(database, &[self.student.id])
            .await?
            .is_empty()
        {
            return Ok(());
        }
        Err(WorkflowError::NotReady {
            name: format!("statusChanges/{}", self.change.id),
            step: "县级核准",
            method: APPROVE.into(),
            missing: "the student holds a certificate in force; it is revoked first".into(),
            missing_zh: "该生持有有效的义务教育证书,请先办理撤销".into(),
        }
        .into())
    }

    /// A return from leave, from abroad and from a deferral are three things to the history.
    fn happened(&self) -> Option<Happened> {
        let from = StudentState::try_from(self.student.state).unwrap_or_default();
        match (self.rule.kind, from) {
            (Kind::Return, StudentState::Abroad) => Some(Happened::Restored),
            (Kind::Return, StudentState::Deferred) => Some(Happened::Enrolled),
            _ => self.rule.happened,
        }
    }

    fn student_after(&self) -> Result<student::Model, KernelError> {
        let mut after = self.student.clone();
        if let Some(to) = self.rule.to {
            after.state = to as i32;
            after.school_class = None;
        }
        if let Some(class) = self.class {
            after.school_class = Some(class.id);
            after.stage = class.stage;
            after.grade = class.grade;
            after.grade_year = after.grade_year.max(class.grade_year);
            after.entry_year = classes::entered(class, self.today);
        }
        if self.rule.kind == Kind::Cancellation {
            // The person, who may have a true record or come to have one, is no longer held by the mistaken one.
            let index = self.keys.blind_index();
            let index = index.map_err(|error| KernelError::Stored(error.to_string()))?;
            let released = |domain| index.index(domain, &after.id.to_string()).to_vec();
            (after.identity_hash, after.number_hash) = (
                released("cancelled.person"),
                released("cancelled.student_number"),
            );
        }
        Ok(after)
    }

    /// The leave before and after, where this is more leave.
    fn prolonged(&self) -> Option<(&status_change::Model, status_change::Model)> {
        let before = self.leave.filter(|_| self.rule.kind == Kind::Extension)?;
        let after = status_change::Model {
            until_date: self.change.until_date.clone(),
            version: before.version + 1,
            update_micros: self.now_micros,
            ..before.clone()
        };
        Some((before, after))
    }
}

/// The class of this id, which must be one of the school's.
pub(super) async fn class_in(
    database: &impl ConnectionTrait,
    school: Uuid,
    class: Option<Uuid>,
) -> Result<Option<school_class::Model>, KernelError> {
    match class {
        Some(id) => Ok(crate::school_class::store::find_in(database, school, id).await?),
        None => Ok(None),
    }
}
