//! Imports classes. A class is its place in the school, so that a row either opens it or finds it open.

use std::collections::BTreeSet;
use std::hash::Hash;

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::{
    self, Destination, ImportResult, Importer, Part, Refusal, SetOutcome, Waiting,
};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::journal::record;
use junheng_kernel::name::Parent;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::{
    ImportSchoolClassesRequest, SchoolClass, SchoolClassRow, import_school_classes_request,
};
use tonic::{Request, Streaming};
use uuid::Uuid;

use super::error::SchoolClassError;
use super::rpc::{encode, model_of, require_stage};
use super::rules::{self, Place};
use super::store;
use crate::entity::school_class::Model;
use crate::quarantine::{Collection, Origin, Quarantine, set_aside};
use crate::roster::Roster;
use crate::school::parent::{self, PlacedParent};

/// A row that has passed the rules, with the class that it asks for.
pub(crate) struct Checked {
    row: i64,
    class: Model,
}

/// How classes are imported.
pub(crate) struct Classes {
    context: Context,
    caller: Caller,
    parent: Parent,
    import: Origin,
}

pub(super) async fn run(
    context: &Context,
    waiting: &Quarantine,
    request: Request<Streaming<ImportSchoolClassesRequest>>,
) -> Result<ImportResult, SchoolClassError> {
    let caller = Caller::of(&request)?;
    let incoming = bulk::open(request.into_inner(), |message| match message.part {
        Some(import_school_classes_request::Part::Header(header)) => Part::Header(header),
        Some(import_school_classes_request::Part::Row(row)) => Part::Row(row),
        None => Part::Nothing,
    })
    .await?;
    let header = incoming.header();
    let PlacedParent { parent, place } = parent::placed(
        context.store.reader(),
        &caller,
        &context.regions,
        "header.parent",
        &header.parent,
    )
    .await?;
    let destination = Destination {
        key: RequestKey::of(&header.request_id, header)?,
        caller: caller.clone(),
        place,
        school: parent.school(),
        parent: header.parent.clone(),
        data_class: DataClass::Internal,
    };
    let today = context.clock.today();
    let import = Origin::of(Collection::Classes, header, &destination, today);
    let importer = Classes::new(context, caller, parent, import);
    let result = bulk::run(&context.store, destination, incoming, importer).await;
    waiting.look_again();
    result
}

// === impl Classes ===

impl Classes {
    /// Judges and writes for one caller, below one parent.
    pub(crate) fn new(context: &Context, caller: Caller, parent: Parent, import: Origin) -> Self {
        Self {
            context: context.clone(),
            caller,
            parent,
            import,
        }
    }
}

impl Importer for Classes {
    type Row = SchoolClassRow;
    type Roster = Roster;
    type Checked = Checked;
    type Ready = Checked;
    type Error = SchoolClassError;

    const KEY: &'static str = "number";
    const SETS_ASIDE: bool = true;
    const REHEARSES: bool = true;

    fn number(row: &SchoolClassRow) -> i64 {
        row.row
    }

    async fn look_up(
        &self,
        roster: &mut Roster,
        rows: &[SchoolClassRow],
    ) -> Result<(), KernelError> {
        let codes = rows.iter().map(|row| row.school_code.as_str());
        let reader = self.context.store.reader();
        roster.look_up_schools(reader, codes).await.map(drop)
    }

    fn judge(&self, roster: &Roster, row: SchoolClassRow) -> Result<Checked, Refusal> {
        judge(roster, &self.caller, &self.parent, &row)
    }

    fn key(checked: &Checked) -> impl Hash {
        (checked.class.school, Place::of(&checked.class))
    }

    fn prepare(&self, rows: Vec<Checked>) -> Result<Vec<Checked>, KernelError> {
        Ok(rows)
    }

    async fn write(&self, tx: Tx, rows: Vec<Checked>) -> Result<SetOutcome, SchoolClassError> {
        write_set(tx, self.context.clock.today(), self.import.day, rows).await
    }

    async fn set_aside(
        &self,
        tx: Tx,
        rows: Vec<Waiting<SchoolClassRow>>,
    ) -> Result<usize, SchoolClassError> {
        Ok(set_aside(&self.context.store, &tx, &self.import, rows).await?)
    }
}

fn judge(
    roster: &Roster,
    caller: &Caller,
    parent: &Parent,
    row: &SchoolClassRow,
) -> Result<Checked, Refusal> {
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
    Ok(Checked {
        row: row.row,
        class: model_of(school, place),
    })
}

async fn write_set(
    tx: Tx,
    today: NaiveDate,
    sent: NaiveDate,
    rows: Vec<Checked>,
) -> Result<SetOutcome, SchoolClassError> {
    let schools = rows.iter().map(|checked| checked.class.school);
    let places = parent::hold_open(&*tx, schools.clone()).await?;
    let schools: BTreeSet<Uuid> = schools.collect();
    let years = store::grade_years(&*tx, &Vec::from_iter(schools)).await?;
    let mut outcome = SetOutcome::default();
    let mut classes = Vec::with_capacity(rows.len());
    for Checked { row, mut class } in rows {
        let place = match places.of(class.school) {
            Ok(place) => place,
            Err(wrong) => {
                outcome.report.reject(row, &[wrong]);
                continue;
            }
        };
        class.place = place;
        class.grade_year = rules::opens_in(years.get(&class.school), today);
        match rules::check_sent(class.grade_year, sent) {
            None => classes.push(class),
            Some(wrong) => outcome.report.reject(row, &[wrong]),
        }
    }
    let added = store::insert_missing(&*tx, classes.clone()).await?;
    for class in &classes {
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
