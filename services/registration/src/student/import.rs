//! Imports students: the document decides whether a row registers a student, changes the own school's record, or names
//! somebody who is registered elsewhere.

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::{self, Destination, FirstRows, ImportResult, Part, Refusal, Report};
use junheng_kernel::digest::sm3;
use junheng_kernel::name::Parent;
use junheng_kernel::privacy::BlindIndex;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::{ImportStudentsRequest, StudentRow, import_students_request};
use prost::Message as _;
use tonic::{Request, Streaming};

use super::document;
use super::error::StudentError;
use super::person::Flags;
use super::rules::{self, Draft};
use super::write_set::{SetWriter, Wanted};
use crate::roster::Roster;
use crate::school::parent::{self, PlacedParent};
use crate::school_class::rules::Place;

pub(super) async fn run(
    context: &Context,
    request: Request<Streaming<ImportStudentsRequest>>,
) -> Result<ImportResult, StudentError> {
    let caller = Caller::of(&request)?;
    let import = bulk::read(request.into_inner(), |message| match message.part {
        Some(import_students_request::Part::Header(header)) => Part::Header(header),
        Some(import_students_request::Part::Row(row)) => Part::Row(row),
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
    let judge = Judge {
        roster: Roster::of_classes(reader, codes).await?,
        index: document::index_of(&context.store.keys)?.clone(),
        today: context.clock.today(),
        caller: caller.clone(),
        parent,
    };
    let (school, rows) = (judge.parent.school(), import.rows);
    let (checked, mut report) = bulk::away(move || {
        let mut report = Report::over(rows.len(), header.validate_only);
        (judge.check(rows, &mut report), report)
    })
    .await?;
    if !header.validate_only {
        let writer = SetWriter {
            keys: context.store.keys.clone(),
            caller: caller.clone(),
        };
        let destination = Destination {
            key: RequestKey::of(&header.request_id, &header)?,
            caller,
            place,
            school,
            parent: header.parent,
            data_class: DataClass::Sensitive,
        };
        let content = |wanted: &Wanted| wanted.content.to_vec();
        let write = move |tx, rows| writer.clone().write(tx, rows);
        destination
            .write_sets(&context.store, &checked, &mut report, content, write)
            .await?;
    }
    Ok(report.finish())
}

/// What rows are judged by.
struct Judge {
    roster: Roster,
    index: BlindIndex,
    today: NaiveDate,
    caller: Caller,
    parent: Parent,
}

// === impl Judge ===

impl Judge {
    /// Judges every row by itself and against the rows before it.
    fn check(&self, rows: Vec<StudentRow>, report: &mut Report) -> Vec<Wanted> {
        let mut first_rows = FirstRows::by("identity_number");
        let mut checked = Vec::with_capacity(rows.len());
        for row in rows {
            let number = row.row;
            let judged = self.judge(row).and_then(|wanted| {
                first_rows.claim(wanted.identity_hash.clone(), number)?;
                Ok(wanted)
            });
            match judged {
                Ok(wanted) => checked.push(wanted),
                Err(refusal) => report.refuse(number, &refusal),
            }
        }
        checked
    }

    fn judge(&self, row: StudentRow) -> Result<Wanted, Refusal> {
        let school = self
            .roster
            .school(&self.caller, &self.parent, &row.school_code)?;
        let class = self.roster.class(
            school,
            Place {
                stage: row.stage,
                grade: row.grade,
                number: row.class_number,
            },
        )?;
        let content = sm3(&row.encode_to_vec());
        let flags = Flags {
            boarder: row.boarder,
            migrant: row.migrant,
            left_behind: row.left_behind,
        };
        let number = row.row;
        let draft = draft_of(row);
        let wrong = rules::check(&draft, self.today);
        if !wrong.is_empty() {
            return Err(Refusal::Wrong(wrong));
        }
        Ok(Wanted {
            row: number,
            content,
            identity_hash: document::hash(&self.index, &draft, school.id),
            class: class.clone(),
            draft,
            flags,
        })
    }
}

fn draft_of(row: StudentRow) -> Draft {
    Draft {
        display_name: row.display_name,
        identity_type: row.identity_type,
        identity_number: document::normalize(&row.identity_number),
        sex: row.sex,
        birth_date: row.birth_date,
        ethnicity: row.ethnicity,
    }
}
