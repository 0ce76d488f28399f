//! Imports students: the document decides whether a row registers a student, changes the own school's record, or names
//! somebody who is registered elsewhere.

use std::hash::Hash;

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::{
    self, Destination, ImportResult, Importer, Part, Refusal, SetOutcome, Waiting,
};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::name::Parent;
use junheng_kernel::privacy::BlindIndex;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_proto::bulk::v1::import_header::Mode;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::{ImportStudentsRequest, StudentRow, import_students_request};
use tonic::{Request, Streaming};

use super::document::{self, Identity};
use super::entry_year;
use super::error::StudentError;
use super::first_load::FirstLoad;
use super::rules::{self, Draft};
use super::school_fields::GivenFields;
use super::write_set::{Prepared, SetWriter, Wanted};
use crate::entity::school_class;
use crate::quarantine::{Collection, Origin, Quarantine, set_aside};
use crate::roster::Roster;
use crate::school::parent::{self, PlacedParent};
use crate::school_class::rules::{self as place_rules, Place};

/// How students are imported.
pub(crate) struct Students {
    context: Context,
    index: BlindIndex,
    /// The day on which the rows were sent, which is not today where they had to wait.
    today: NaiveDate,
    caller: Caller,
    parent: Parent,
    writer: SetWriter,
    import: Origin,
}

pub(super) async fn run(
    context: &Context,
    waiting: &Quarantine,
    load: &FirstLoad,
    request: Request<Streaming<ImportStudentsRequest>>,
) -> Result<ImportResult, StudentError> {
    let caller = Caller::of(&request)?;
    let _underway = load.enter().await?;
    let incoming = bulk::open(request.into_inner(), |message| match message.part {
        Some(import_students_request::Part::Header(header)) => Part::Header(header),
        Some(import_students_request::Part::Row(row)) => Part::Row(row),
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
        data_class: DataClass::Sensitive,
    };
    let today = context.clock.today();
    let opens_cases = header.mode() != Mode::Atomic && !header.validate_only;
    let import = Origin::of(Collection::Students, header, &destination, today);
    let importer = Students::new(context, load, caller, parent, import, opens_cases)?;
    let result = bulk::run(&context.store, destination, incoming, importer).await;
    waiting.look_again();
    result
}

/// A row that has passed the rules. The hash of its document, which is dear, is made when it is prepared.
pub(crate) struct Judged {
    wanted: Wanted,
    identity: Identity,
}

// === impl Students ===

impl Students {
    /// Judges and writes for one caller, below one parent. A row of a student of another school opens a case, where what is
    /// written stays though rows are refused.
    pub(crate) fn new(
        context: &Context,
        load: &FirstLoad,
        caller: Caller,
        parent: Parent,
        import: Origin,
        opens_cases: bool,
    ) -> Result<Self, KernelError> {
        Ok(Self {
            index: document::index_of(&context.store.keys)?.clone(),
            today: import.day,
            writer: SetWriter::new(context.clone(), load.clone(), caller.clone(), opens_cases),
            context: context.clone(),
            caller,
            parent,
            import,
        })
    }

    fn entry_year(&self, class: &school_class::Model, given: i32) -> Result<i32, Violation> {
        entry_year::judged(&self.context.regions, class, given, self.today)
            .unwrap_or_else(|error| Err(Violation::of("entry_year", &error)))
    }
}

impl Importer for Students {
    type Row = StudentRow;
    type Roster = Roster;
    type Checked = Judged;
    type Ready = Prepared;
    type Error = StudentError;

    const KEY: &'static str = "identity_number";
    const SETS_ASIDE: bool = true;
    const REHEARSES: bool = true;

    fn number(row: &StudentRow) -> i64 {
        row.row
    }

    async fn look_up(&self, roster: &mut Roster, rows: &[StudentRow]) -> Result<(), KernelError> {
        let codes = rows.iter().map(|row| row.school_code.as_str());
        roster
            .look_up_classes(self.context.store.reader(), codes)
            .await
    }

    fn judge(&self, roster: &Roster, row: StudentRow) -> Result<Judged, Refusal> {
        let school = roster.school(&self.caller, &self.parent, &row.school_code)?;
        let place = Place {
            stage: row.stage,
            grade: row.grade,
            number: row.class_number,
        };
        let wrong = place_rules::check(place);
        if !wrong.is_empty() {
            return Err(Refusal::Wrong(wrong.into_iter().map(as_column).collect()));
        }
        let class = roster.class(school, place)?;
        if let Some(wrong) = place_rules::check_sent(class.grade_year, self.today) {
            return Err(Refusal::Wrong(vec![wrong]));
        }
        let number = row.row;
        let (today, given_entry_year) = (self.today, row.entry_year);
        let (draft, fields) = parts_of(row);
        let mut wrong = rules::check(&draft, today);
        wrong.extend(fields.check());
        let entry_year = self.entry_year(class, given_entry_year);
        let entry_year = entry_year.map_err(|year| wrong.push(year));
        let (Ok(entry_year), true) = (entry_year, wrong.is_empty()) else {
            return Err(Refusal::Wrong(wrong));
        };
        Ok(Judged {
            identity: Identity::of(&draft, school.id),
            wanted: Wanted {
                row: number,
                identity_hash: Vec::new(),
                class: class.clone(),
                draft,
                fields,
                entry_year,
                given_entry_year,
            },
        })
    }

    fn key(judged: &Judged) -> impl Hash {
        &judged.identity
    }

    async fn begin(&self, rows: usize) -> Result<(), StudentError> {
        Ok(self.writer.begin(rows).await?)
    }

    fn prepare(&self, rows: Vec<Judged>) -> Result<Vec<Prepared>, KernelError> {
        let hashed = |judged: Judged| Wanted {
            identity_hash: judged.identity.hash(&self.index),
            ..judged.wanted
        };
        self.writer.prepare(rows.into_iter().map(hashed))
    }

    async fn write(&self, tx: Tx, rows: Vec<Prepared>) -> Result<SetOutcome, StudentError> {
        self.writer.write(tx, rows).await
    }

    async fn set_aside(
        &self,
        tx: Tx,
        rows: Vec<Waiting<StudentRow>>,
    ) -> Result<usize, StudentError> {
        Ok(set_aside(&self.context.store, &tx, &self.import, rows).await?)
    }
}

/// A class's number is a column of its own name here.
fn as_column(wrong: Violation) -> Violation {
    match wrong.field.as_str() {
        "number" => Violation {
            field: "class_number".into(),
            ..wrong
        },
        _ => wrong,
    }
}

fn parts_of(mut row: StudentRow) -> (Draft, GivenFields) {
    let fields = GivenFields::of(&mut row);
    let draft = Draft {
        display_name: row.display_name,
        identity_type: row.identity_type,
        identity_number: document::normalize(&row.identity_number),
        sex: row.sex,
        birth_date: row.birth_date,
        ethnicity: row.ethnicity,
        student_number: row.student_number,
    };
    (draft, fields)
}
