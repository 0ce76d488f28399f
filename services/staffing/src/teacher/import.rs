//! Imports teachers: the identity number decides whether a row registers somebody or changes a record.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use chrono::NaiveDate;
use junheng_directory::{Directory, DirectorySchool, Roster};
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::{self, Destination, ImportResult, Importer, Part, Refusal, SetOutcome};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::identity_number;
use junheng_kernel::journal::record;
use junheng_kernel::name::Parent;
use junheng_kernel::privacy::Keyring;
use junheng_kernel::region::RegionTable;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_proto::journal::v1::Record;
use junheng_proto::options::v1::DataClass;
use junheng_proto::staffing::v1::{ImportTeachersRequest, TeacherRow, import_teachers_request};
use tonic::{Request, Streaming};

use super::error::TeacherError;
use super::personal::Personal;
use super::rpc::{encode, model_of, registered, with_employment};
use super::rules::{self, Draft, Employment};
use super::store;
use crate::entity::teacher::Model;

/// A row that has passed the rules, with the school that it names.
struct Checked {
    row: TeacherRow,
    draft: Draft,
    school: DirectorySchool,
}

/// How teachers are imported.
struct Teachers {
    directory: Directory,
    today: NaiveDate,
    caller: Caller,
    parent: Parent,
    keys: Arc<Keyring>,
    regions: Arc<RegionTable>,
}

pub(super) async fn run(
    context: &Context,
    directory: &Directory,
    request: Request<Streaming<ImportTeachersRequest>>,
) -> Result<ImportResult, TeacherError> {
    let caller = Caller::of(&request)?;
    let incoming = bulk::open(request.into_inner(), |message| match message.part {
        Some(import_teachers_request::Part::Header(header)) => Part::Header(header),
        Some(import_teachers_request::Part::Row(row)) => Part::Row(row),
        None => Part::Nothing,
    })
    .await?;
    let header = incoming.header();
    let parent = Parent::of(&caller, &context.regions, "header.parent", &header.parent)?;
    let destination = Destination {
        key: RequestKey::of(&header.request_id, header)?,
        caller: caller.clone(),
        place: directory.place_of(&parent).await?,
        school: parent.school(),
        parent: header.parent.clone(),
        data_class: DataClass::Personal,
    };
    let importer = Teachers {
        directory: directory.clone(),
        today: context.clock.today(),
        caller,
        parent,
        keys: context.store.keys.clone(),
        regions: context.regions.clone(),
    };
    bulk::run(&context.store, destination, incoming, importer).await
}

impl Importer for Teachers {
    type Row = TeacherRow;
    type Roster = Roster;
    type Checked = Checked;
    type Ready = (Checked, Model);
    type Error = TeacherError;

    const KEY: &'static str = "identity_number";

    fn number(row: &TeacherRow) -> i64 {
        row.row
    }

    async fn look_up(&self, roster: &mut Roster, rows: &[TeacherRow]) -> Result<(), KernelError> {
        let codes = rows.iter().map(|row| row.school_code.as_str());
        self.directory.look_up(roster, codes).await
    }

    fn judge(&self, roster: &Roster, row: TeacherRow) -> Result<Checked, Refusal> {
        let (draft, school) = judge(roster, &self.caller, &self.parent, &row, self.today)?;
        Ok(Checked { row, draft, school })
    }

    fn key(checked: &Checked) -> impl Hash {
        &checked.draft.identity_number
    }

    fn prepare(&self, rows: Vec<Checked>) -> Result<Vec<(Checked, Model)>, KernelError> {
        let prepared = |checked: Checked| {
            let school = &checked.school;
            let model = model_of(&self.keys, &checked.draft, school.id, school.place)?;
            Ok((checked, model))
        };
        rows.into_iter().map(prepared).collect()
    }

    async fn write(&self, tx: Tx, rows: Vec<(Checked, Model)>) -> Result<SetOutcome, TeacherError> {
        self.write_set(tx, rows).await
    }
}

fn judge(
    roster: &Roster,
    caller: &Caller,
    parent: &Parent,
    row: &TeacherRow,
    today: NaiveDate,
) -> Result<(Draft, DirectorySchool), Refusal> {
    let school = roster.admit(caller, parent, &row.school_code)?;
    let draft = draft_of(row);
    let wrong = rules::check(&draft, today);
    if !wrong.is_empty() {
        return Err(Refusal::Wrong(wrong));
    }
    school
        .require_stage(draft.employment.stage)
        .map_err(|error| Violation::of("stage", &error))?;
    Ok((draft, school.clone()))
}

fn draft_of(row: &TeacherRow) -> Draft {
    Draft {
        display_name: row.display_name.trim().to_owned(),
        identity_number: identity_number::normalize(&row.identity_number),
        sex: row.sex,
        employment: Employment {
            stage: row.stage,
            position: row.position,
            subject: row.subject,
            education: row.education,
            title: row.title,
            backbone: row.backbone,
            certified: row.certified,
        },
    }
}

// === impl Teachers ===

impl Teachers {
    async fn write_set(
        &self,
        tx: Tx,
        mut rows: Vec<(Checked, Model)>,
    ) -> Result<SetOutcome, TeacherError> {
        let keys = &self.keys;
        let schools = rows.iter().map(|(_, teacher)| teacher.school);
        let held = Directory::hold(&*tx, schools).await?;
        for (checked, teacher) in &mut rows {
            teacher.place = held.place_of(&checked.school);
        }
        // A school that closes gets nobody new; who is with it may still be changed.
        let receives = |checked: &Checked| held.receive(&checked.school).is_ok();
        let wanted = rows.iter().filter(|(checked, _)| receives(checked));
        let wanted = wanted.map(|(_, teacher)| teacher.clone()).collect();
        let added = store::insert_missing(&*tx, wanted).await?;
        let standing = rows
            .iter()
            .filter(|(_, teacher)| !added.contains(&teacher.id));
        let hashes = standing.map(|(_, teacher)| teacher.identity_hash.clone());
        let known = store::with_hashes(&*tx, hashes).await?;
        let known: HashMap<&[u8], &Model> = known
            .iter()
            .map(|teacher| (teacher.identity_hash.as_slice(), teacher))
            .collect();
        let mut outcome = SetOutcome::default();
        for (checked, teacher) in &rows {
            if added.contains(&teacher.id) {
                outcome.report.created();
                outcome.records.push(record_of(keys, None, teacher)?);
                continue;
            }
            let Some(found) = known.get(teacher.identity_hash.as_slice()) else {
                let Err(closes) = held.receive(&checked.school) else {
                    return Err(KernelError::WriteConflict.into());
                };
                let wrong = Violation::of("school_code", &closes);
                outcome.report.reject(checked.row.row, &[wrong]);
                continue;
            };
            match self.compare(found, checked)? {
                Err(wrong) => outcome.report.reject(checked.row.row, &[wrong]),
                Ok(None) => outcome.report.unchanged(),
                Ok(Some(changed)) => {
                    store::update(&*tx, &changed, found.version).await?;
                    outcome.report.updated();
                    outcome
                        .records
                        .push(record_of(keys, Some(found), &changed)?);
                }
            }
        }
        Ok(outcome)
    }

    /// The record as the row wants it, `None` when it stands so already, or why the row must not touch it: a mistyped number
    /// can be another person's.
    fn compare(
        &self,
        found: &Model,
        checked: &Checked,
    ) -> Result<Result<Option<Model>, Violation>, KernelError> {
        if found.school != checked.school.id {
            let elsewhere = registered(found, &self.caller.scope, &self.regions);
            return Ok(Err(Violation::of("identity_number", &elsewhere)));
        }
        let kept = Personal::open(&self.keys, found.id, &found.personal)?;
        if kept.display_name != checked.draft.display_name {
            return Ok(Err(Violation::invalid(
                "display_name",
                "is not the name under which this identity number is registered at the school; correct one of the two",
                "与该身份证件号在本校登记的姓名不符,请核对姓名或号码",
            )));
        }
        let changed = with_employment(found, checked.draft.employment);
        let same = Model {
            version: found.version,
            ..changed.clone()
        };
        Ok(Ok((same != *found).then_some(changed)))
    }
}

/// A record that comes in a set leaves its digest only: it names a person.
fn record_of(keys: &Keyring, before: Option<&Model>, after: &Model) -> Result<Record, KernelError> {
    let answer = encode(keys, after)?;
    let before = before.map(|before| encode(keys, before)).transpose()?;
    let (place, school) = (after.place, Some(after.school));
    Ok(record(
        &answer.name,
        place,
        school,
        before.as_ref(),
        &answer,
        false,
    ))
}
