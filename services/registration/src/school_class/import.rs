//! Imports classes. A class is its place in the school, so that a row either opens it or finds it open.

use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::{
    self, Destination, FirstRows, ImportResult, Part, Refusal, Report, SetOutcome,
};
use junheng_kernel::fault::Violation;
use junheng_kernel::journal::record;
use junheng_kernel::name::Parent;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::{
    ImportSchoolClassesRequest, SchoolClass, SchoolClassRow, import_school_classes_request,
};
use prost::Message as _;
use tonic::{Request, Streaming};

use super::error::SchoolClassError;
use super::rpc::{encode, model_of, require_stage};
use super::rules::{self, Place};
use super::store;
use crate::entity::school_class::Model;
use crate::roster::Roster;
use crate::school::parent::{self, PlacedParent};

/// A row that has passed the rules, with the class that it asks for.
#[derive(Clone)]
struct Checked {
    row: SchoolClassRow,
    class: Model,
}

pub(super) async fn run(
    context: &Context,
    request: Request<Streaming<ImportSchoolClassesRequest>>,
) -> Result<ImportResult, SchoolClassError> {
    let caller = Caller::of(&request)?;
    let import = bulk::read(request.into_inner(), |message| match message.part {
        Some(import_school_classes_request::Part::Header(header)) => Part::Header(header),
        Some(import_school_classes_request::Part::Row(row)) => Part::Row(row),
        None => Part::Nothing,
    })
    .await?;
    let header = import.header;
    let reader = context.store.reader();
    let PlacedParent { parent, place } = parent::placed(
        reader,
        &caller,
        &context.regions,
        "header.parent",
        &header.parent,
    )
    .await?;
    let codes = import.rows.iter().map(|row| row.school_code.as_str());
    let roster = Roster::of_schools(reader, codes).await?;
    let (school, asker, rows) = (parent.school(), caller.clone(), import.rows);
    let (checked, mut report) = bulk::away(move || {
        let mut report = Report::over(rows.len(), header.validate_only);
        let checked = check(&roster, &asker, &parent, rows, &mut report);
        (checked, report)
    })
    .await?;
    if !header.validate_only {
        let destination = Destination {
            key: RequestKey::of(&header.request_id, &header)?,
            caller,
            place,
            school,
            parent: header.parent,
            data_class: DataClass::Internal,
        };
        let content = |checked: &Checked| checked.row.encode_to_vec();
        destination
            .write_sets(&context.store, &checked, &mut report, content, write_set)
            .await?;
    }
    Ok(report.finish())
}

/// Judges every row by itself and against the rows before it.
fn check(
    roster: &Roster,
    caller: &Caller,
    parent: &Parent,
    rows: Vec<SchoolClassRow>,
    report: &mut Report,
) -> Vec<Checked> {
    let mut first_rows = FirstRows::by("number");
    let mut checked = Vec::with_capacity(rows.len());
    for row in rows {
        let judged = judge(roster, caller, parent, &row).and_then(|class| {
            first_rows.claim((class.school, Place::of(&class)), row.row)?;
            Ok(class)
        });
        match judged {
            Ok(class) => checked.push(Checked { row, class }),
            Err(refusal) => report.refuse(row.row, &refusal),
        }
    }
    checked
}

fn judge(
    roster: &Roster,
    caller: &Caller,
    parent: &Parent,
    row: &SchoolClassRow,
) -> Result<Model, Refusal> {
    let school = roster.school(caller, parent, &row.school_code)?;
    let place = Place {
        stage: row.stage,
        grade: row.grade,
        number: row.number,
    };
    let wrong = rules::check(place);
    if !wrong.is_empty() {
        return Err(Refusal::Wrong(wrong));
    }
    require_stage(school, place.stage)
        .map_err(|error| Refusal::from(Violation::of("stage", &error)))?;
    Ok(model_of(school, place))
}

async fn write_set(tx: Tx, mut rows: Vec<Checked>) -> Result<SetOutcome, SchoolClassError> {
    let schools = rows.iter().map(|checked| checked.class.school);
    let places = parent::hold_places(&*tx, schools).await?;
    for Checked { class, .. } in &mut rows {
        class.place = places.get(&class.school).copied().unwrap_or(class.place);
    }
    let wanted = rows.iter().map(|checked| checked.class.clone()).collect();
    let added = store::insert_missing(&*tx, wanted).await?;
    let mut outcome = SetOutcome::default();
    for Checked { class, .. } in &rows {
        if added.contains(&class.id) {
            let answer = encode(class);
            outcome.report.created();
            outcome.records.push(record(
                &answer.name,
                class.place,
                Some(class.school),
                None::<&SchoolClass>,
                &answer,
                true,
            ));
        } else {
            outcome.report.unchanged();
        }
    }
    Ok(outcome)
}
