//! Imports teachers: the identity number decides whether a row registers somebody or changes a record.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use junheng_directory::{Directory, DirectorySchool, Roster};
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::{
    self, Destination, FirstRows, ImportResult, Part, Refusal, Report, SetOutcome,
};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::identity_number;
use junheng_kernel::journal::record;
use junheng_kernel::name::Parent;
use junheng_kernel::privacy::Keyring;
use junheng_kernel::region::RegionTable;
use junheng_kernel::scope::Scope;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_proto::journal::v1::Record;
use junheng_proto::options::v1::DataClass;
use junheng_proto::staffing::v1::{ImportTeachersRequest, TeacherRow, import_teachers_request};
use prost::Message as _;
use tonic::{Request, Streaming};

use super::error::TeacherError;
use super::personal::Personal;
use super::rpc::{encode, model_of, registered, with_employment};
use super::rules::{self, Draft, Employment};
use super::store;
use crate::entity::teacher::Model;

/// A row that has passed the rules, with the school that it names.
#[derive(Clone)]
struct Checked {
    row: TeacherRow,
    draft: Draft,
    school: DirectorySchool,
}

/// What a set needs beside its rows.
#[derive(Clone)]
struct Surroundings {
    keys: Arc<Keyring>,
    regions: Arc<RegionTable>,
    scope: Scope,
}

pub(super) async fn run(
    context: &Context,
    directory: &Directory,
    request: Request<Streaming<ImportTeachersRequest>>,
) -> Result<ImportResult, TeacherError> {
    let caller = Caller::of(&request)?;
    let import = bulk::read(request.into_inner(), |message| match message.part {
        Some(import_teachers_request::Part::Header(header)) => Part::Header(header),
        Some(import_teachers_request::Part::Row(row)) => Part::Row(row),
        None => Part::Nothing,
    })
    .await?;
    let header = import.header;
    let parent = Parent::of(&caller, &context.regions, "header.parent", &header.parent)?;
    let codes = import.rows.iter().map(|row| row.school_code.as_str());
    let roster = directory.roster(codes).await?;
    let today = context.clock.today();
    let (asker, within, rows) = (caller.clone(), parent.clone(), import.rows);
    let (checked, mut report) = bulk::away(move || {
        let mut report = Report::over(rows.len(), header.validate_only);
        let checked = check(&roster, today, &asker, &within, rows, &mut report);
        (checked, report)
    })
    .await?;
    if !header.validate_only {
        let surroundings = Surroundings {
            keys: context.store.keys.clone(),
            regions: context.regions.clone(),
            scope: caller.scope.clone(),
        };
        let destination = Destination {
            key: RequestKey::of(&header.request_id, &header)?,
            caller,
            place: directory.place_of(&parent).await?,
            school: parent.school(),
            parent: header.parent,
            data_class: DataClass::Personal,
        };
        let write = move |tx, rows| write_set(tx, surroundings.clone(), rows);
        let content = |checked: &Checked| checked.row.encode_to_vec();
        destination
            .write_sets(&context.store, &checked, &mut report, content, write)
            .await?;
    }
    Ok(report.finish())
}

/// Judges every row by itself, against its school and against the rows before it.
fn check(
    roster: &Roster,
    today: NaiveDate,
    caller: &Caller,
    parent: &Parent,
    rows: Vec<TeacherRow>,
    report: &mut Report,
) -> Vec<Checked> {
    let mut first_rows = FirstRows::by("identity_number");
    let mut checked = Vec::with_capacity(rows.len());
    for row in rows {
        match judge(roster, caller, parent, &row, today) {
            Err(refusal) => report.refuse(row.row, &refusal),
            Ok((draft, school)) => {
                if let Err(wrong) = first_rows.claim(draft.identity_number.clone(), row.row) {
                    report.reject(row.row, &[wrong]);
                    continue;
                }
                checked.push(Checked { row, draft, school });
            }
        }
    }
    checked
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

async fn write_set(
    tx: Tx,
    surroundings: Surroundings,
    rows: Vec<Checked>,
) -> Result<SetOutcome, TeacherError> {
    let keys = &surroundings.keys;
    let schools = rows.iter().map(|checked| checked.school.id);
    let places = Directory::hold_places(&*tx, schools).await?;
    let model_of = |Checked { draft, school, .. }: &Checked| {
        let place = places.get(&school.id).copied().unwrap_or(school.place);
        model_of(keys, draft, school.id, place)
    };
    let wanted = rows.iter().map(model_of).collect::<Result<Vec<_>, _>>()?;
    let added = store::insert_missing(&*tx, wanted.clone()).await?;
    let standing = wanted.iter().filter(|teacher| !added.contains(&teacher.id));
    let hashes = standing.map(|teacher| teacher.identity_hash.clone());
    let known = store::with_hashes(&*tx, hashes).await?;
    let known: HashMap<&[u8], &Model> = known
        .iter()
        .map(|teacher| (teacher.identity_hash.as_slice(), teacher))
        .collect();
    let mut outcome = SetOutcome::default();
    for (checked, teacher) in rows.iter().zip(&wanted) {
        if added.contains(&teacher.id) {
            outcome.report.created();
            outcome.records.push(record_of(keys, None, teacher)?);
            continue;
        }
        let found = known
            .get(teacher.identity_hash.as_slice())
            .ok_or(KernelError::WriteConflict)?;
        match compare(&surroundings, found, checked)? {
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
    surroundings: &Surroundings,
    found: &Model,
    checked: &Checked,
) -> Result<Result<Option<Model>, Violation>, KernelError> {
    if found.school != checked.school.id {
        let elsewhere = registered(found, &surroundings.scope, &surroundings.regions);
        return Ok(Err(Violation::of("identity_number", &elsewhere)));
    }
    let kept = Personal::open(&surroundings.keys, found.id, &found.personal)?;
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
