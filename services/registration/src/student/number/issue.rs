//! Issues formal numbers by the verdicts of the national check: a stream of rows, checked whole, written by sets.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::{
    self, Destination, FirstRows, ImportResult, Importer, Part, Refusal, SetOutcome,
};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::name::{Parent, id_of};
use junheng_kernel::privacy::{BlindIndex, FieldAddress, Keyring, mask};
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_kernel::text::check_text;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::number_verdict_row::Verdict;
use junheng_proto::registration::v1::student_number::{Kind, Why};
use junheng_proto::registration::v1::{
    IssueFormalNumbersRequest, IssueFormalNumbersResponse, NumberVerdictRow,
    issue_formal_numbers_request,
};
use tonic::{Request, Streaming};
use uuid::Uuid;

use super::super::document;
use super::super::error::StudentError;
use super::super::ledger::{self, Move, Pen};
use super::super::person::Person;
use super::store;
use crate::entity::number_mismatch;
use crate::entity::student::Model;
use crate::school::parent::{self, PlacedParent};

const VERDICTS: &str = "junheng.registration.v1.NumberVerdictRow.Verdict";

/// The longest note of a mismatch.
const MOST_NOTE: usize = 200;

/// What the check said of a student it could not match.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Said {
    /// The note.
    #[prost(string, tag = "1")]
    pub(super) note: String,
}

/// How a row names its student.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Named {
    /// By id.
    Id(Uuid),
    /// By the hash of the number.
    Number(Vec<u8>),
}

/// A row that has passed the rules.
struct Checked {
    row: i64,
    named: Named,
    /// The student as the row names it, a number masked.
    shown: String,
    matched: bool,
    note: String,
}

pub(super) async fn run(
    context: &Context,
    request: Request<Streaming<IssueFormalNumbersRequest>>,
) -> Result<IssueFormalNumbersResponse, StudentError> {
    use issue_formal_numbers_request::Part as Sent;
    let caller = Caller::of(&request)?;
    let incoming = bulk::open(request.into_inner(), |message| match message.part {
        Some(Sent::Header(header)) => Part::Header(header),
        Some(Sent::Row(row)) => Part::Row(row),
        None => Part::Nothing,
    })
    .await?;
    let header = incoming.header();
    let reader = context.store.reader();
    let field = "header.parent";
    let PlacedParent { parent, place } =
        parent::placed(reader, &caller, &context.regions, field, &header.parent).await?;
    let writer = Writer {
        keys: context.store.keys.clone(),
        now_micros: context.clock.now_micros(),
        index: document::index_of(&context.store.keys)?.clone(),
        caller: caller.clone(),
        parent: parent.clone(),
        today: context.clock.today(),
    };
    let destination = Destination {
        key: RequestKey::of(&header.request_id, header)?,
        caller,
        place,
        school: parent.school(),
        parent: header.parent.clone(),
        data_class: DataClass::Sensitive,
    };
    let result = bulk::run(&context.store, destination, incoming, writer).await;
    result.map(answer)
}

/// Of an import's counts, created is who came on the list and updated who got a number.
fn answer(result: ImportResult) -> IssueFormalNumbersResponse {
    IssueFormalNumbersResponse {
        row_count: result.row_count,
        issued_count: result.updated_count,
        unchanged_count: result.unchanged_count,
        mismatch_count: result.created_count,
        rejected_count: result.rejected_count,
        verdicts: result.verdicts,
        validated_only: result.validated_only,
        refused_whole: result.refused_whole,
    }
}

/// Judges a row by itself.
fn check(index: &BlindIndex, row: NumberVerdictRow) -> Result<Checked, Refusal> {
    let wrong = wrong_with(&row);
    if !wrong.is_empty() {
        return Err(Refusal::Wrong(wrong));
    }
    let named = match id_of("students", &row.student) {
        Ok(id) => Named::Id(id),
        Err(_) => {
            let number = super::normalize(&row.student_number);
            Named::Number(document::number_hash(index, &number))
        }
    };
    Ok(Checked {
        row: row.row,
        named,
        shown: match row.student.as_str() {
            "" => mask::identity_number(&row.student_number),
            name => name.to_owned(),
        },
        matched: row.verdict == Verdict::Matched as i32,
        note: row.note,
    })
}

/// Everything that is wrong with a row.
fn wrong_with(row: &NumberVerdictRow) -> Vec<Violation> {
    let mut wrong = Vec::new();
    if row.student.is_empty() && row.student_number.is_empty() {
        wrong.push(Violation::required("student"));
    } else if !row.student.is_empty() && id_of("students", &row.student).is_err() {
        wrong.push(Violation::invalid(
            "student",
            "must be students/{id}",
            "应为 students/{学生标识}",
        ));
    }
    wrong.extend(super::check("student_number", &row.student_number));
    let found = junheng_kernel::label::check("verdict", VERDICTS, row.verdict);
    wrong.extend(found);
    wrong.extend(check_text("note", &row.note));
    let length = row.note.chars().count();
    if row.verdict == Verdict::Mismatch as i32 && row.note.trim().is_empty() {
        wrong.push(Violation::required("note"));
    }
    if length > MOST_NOTE {
        wrong.push(Violation::invalid(
            "note",
            format!("must have at most {MOST_NOTE} characters"),
            format!("不得超过{MOST_NOTE}字"),
        ));
    }
    wrong
}

/// Writes sets for one caller.
struct Writer {
    keys: Arc<Keyring>,
    now_micros: i64,
    index: BlindIndex,
    caller: Caller,
    parent: Parent,
    today: NaiveDate,
}

/// What a row asks of its student.
enum Act {
    /// The student has a formal number.
    Nothing,
    /// A formal number takes the place of the other.
    Issue(String),
}

// === impl Writer ===

impl Importer for Writer {
    type Row = NumberVerdictRow;
    type Roster = ();
    type Checked = Checked;
    type Ready = Checked;
    type Error = StudentError;

    const REHEARSES: bool = true;
    const KEY: &'static str = "student";

    fn number(row: &NumberVerdictRow) -> i64 {
        row.row
    }

    async fn look_up(&self, (): &mut (), _: &[NumberVerdictRow]) -> Result<(), KernelError> {
        Ok(())
    }

    fn judge(&self, (): &(), row: NumberVerdictRow) -> Result<Checked, Refusal> {
        check(&self.index, row)
    }

    fn key(checked: &Checked) -> impl Hash {
        &checked.named
    }

    fn prepare(&self, rows: Vec<Checked>) -> Result<Vec<Checked>, KernelError> {
        Ok(rows)
    }

    async fn write(&self, tx: Tx, rows: Vec<Checked>) -> Result<SetOutcome, StudentError> {
        let mut outcome = SetOutcome::default();
        let students = self.students(&tx, &rows).await?;
        let (mut wanted, mut mismatches, mut cleared) = (Vec::new(), Vec::new(), Vec::new());
        // One row may name a student by id, and another the same by a number.
        let mut first_rows = FirstRows::by("student");
        for row in rows {
            let Some(student) = students.get(&row.named) else {
                outcome.report.reject(row.row, &[unknown(&row.shown)]);
                continue;
            };
            if let Err(again) = first_rows.claim(&student.id, row.row) {
                outcome.report.reject(row.row, &[again]);
                continue;
            }
            if !row.matched {
                outcome.report.created();
                mismatches.push(self.mismatch(student, &row.note)?);
                continue;
            }
            match self.act(student)? {
                Ok(Act::Nothing) => {
                    outcome.report.unchanged();
                    cleared.push(student.id);
                }
                Ok(Act::Issue(number)) => wanted.push((row.row, student, number)),
                Err(wrong) => outcome.report.reject(row.row, &[wrong]),
            }
        }
        let index = document::index_of(&self.keys)?;
        let hash = |number: &String| document::number_hash(index, number);
        let hashes: Vec<Vec<u8>> = wanted.iter().map(|(_, _, number)| hash(number)).collect();
        let holders = store::holders(&*tx, &hashes).await?;
        let mut given: HashSet<Vec<u8>> = HashSet::new();
        let (mut moves, mut past) = (Vec::new(), Vec::new());
        for ((row, student, number), hash) in wanted.into_iter().zip(hashes) {
            let other = holders
                .get(&hash)
                .is_some_and(|holder| *holder != student.id);
            if other || !given.insert(hash) {
                let fault = StudentError::NumberTaken {
                    number: mask::identity_number(&number),
                };
                let wrong = Violation::of("student", &fault);
                outcome.report.reject(row, &[wrong]);
                continue;
            }
            let why = Why::NationalCheck;
            let (after, old) = super::replaced(&self.keys, student, &number, why, self.today)?;
            outcome.report.updated();
            cleared.push(student.id);
            let before = Some(student.clone());
            moves.push(Move { before, after });
            past.push(old);
        }
        let pen = Pen {
            keys: &self.keys,
            today: self.today,
            now_micros: self.now_micros,
        };
        let done = ledger::change_all(&*tx, pen, moves, None, false).await?;
        outcome.records.extend(done.records);
        store::insert_past(&*tx, past).await?;
        store::clear_mismatches(&*tx, cleared).await?;
        store::list_mismatches(&*tx, mismatches).await?;
        Ok(outcome)
    }
}

impl Writer {
    /// The students whom the rows name, if they lie in the parent and the caller's post.
    async fn students(
        &self,
        tx: &Tx,
        rows: &[Checked],
    ) -> Result<HashMap<Named, Model>, StudentError> {
        let hashes: Vec<Vec<u8>> = rows
            .iter()
            .filter_map(|row| match &row.named {
                Named::Number(hash) => Some(hash.clone()),
                Named::Id(_) => None,
            })
            .collect();
        // A number of the past leads to its student as well: the same rows again find who has got the formal number.
        let by_hash = store::holders(&**tx, &hashes).await?;
        let id_of = |named: &Named| match named {
            Named::Id(id) => Some(*id),
            Named::Number(hash) => by_hash.get(hash).copied(),
        };
        let ids: HashSet<Uuid> = rows.iter().filter_map(|row| id_of(&row.named)).collect();
        let scope = &self.caller.scope;
        let found = store::students(&**tx, scope, ids.iter().copied()).await?;
        // Held, then read again: from here on they lie where their schools lie.
        parent::hold_places(&**tx, found.iter().map(|student| student.school)).await?;
        let found = store::students(&**tx, scope, ids).await?;
        let students: HashMap<Uuid, Model> = found
            .into_iter()
            .filter(|student| self.parent.contains(student.place, Some(student.school)))
            .map(|student| (student.id, student))
            .collect();
        let find = |row: &Checked| {
            let student = students.get(&id_of(&row.named)?)?;
            Some((row.named.clone(), student.clone()))
        };
        Ok(rows.iter().filter_map(find).collect())
    }

    /// What a match asks, or why it cannot be.
    fn act(&self, student: &Model) -> Result<Result<Act, Violation>, KernelError> {
        let person = Person::of(&self.keys, student)?;
        if super::kind_of(&person.student_number) == Kind::Formal {
            return Ok(Ok(Act::Nothing));
        }
        let number = &person.identity_number;
        if document::is_usable(student.identity_type, number) {
            return Ok(Ok(Act::Issue(super::formal(number))));
        }
        let fault = StudentError::NumberNotExchangeable {
            number: mask::identity_number(&person.student_number),
        };
        Ok(Err(Violation::of("student", &fault)))
    }

    fn mismatch(&self, student: &Model, note: &str) -> Result<number_mismatch::Model, KernelError> {
        let id = Uuid::now_v7();
        let said = Said {
            note: note.to_owned(),
        };
        Ok(number_mismatch::Model {
            id,
            student: student.id,
            school: student.school,
            place: student.place,
            personal: self.keys.seal_message(address(&id.to_string()), &said)?,
            check_date: self.today.to_string(),
        })
    }
}

/// Where the note of a mismatch is sealed.
pub(super) fn address(row: &str) -> FieldAddress<'_> {
    FieldAddress {
        table: "number_mismatches",
        field: "personal",
        row,
    }
}

fn unknown(student: &str) -> Violation {
    let fault = StudentError::StudentUnknown {
        student: student.to_owned(),
    };
    Violation::of("student", &fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(row: i64, student_number: &str, verdict: Verdict) -> NumberVerdictRow {
        NumberVerdictRow {
            row,
            student_number: student_number.to_owned(),
            verdict: verdict.into(),
            ..NumberVerdictRow::default()
        }
    }

    #[test]
    fn a_row_names_a_student_a_verdict_and_for_a_mismatch_the_reason() {
        let fields = |row: NumberVerdictRow| -> Vec<String> {
            wrong_with(&row)
                .into_iter()
                .map(|wrong| wrong.field)
                .collect()
        };
        let number = "L12345678901234567X";
        assert_eq!(
            fields(row(1, number, Verdict::Matched)),
            Vec::<String>::new()
        );
        assert_eq!(fields(row(1, "", Verdict::Matched)), ["student"]);
        assert_eq!(fields(row(1, "L1", Verdict::Matched)), ["student_number"]);
        assert_eq!(fields(row(1, number, Verdict::Unspecified)), ["verdict"]);
        assert_eq!(fields(row(1, number, Verdict::Mismatch)), ["note"]);
        let long = NumberVerdictRow {
            note: "字".repeat(201),
            ..row(1, number, Verdict::Mismatch)
        };
        assert_eq!(fields(long), ["note"]);
    }

    #[test]
    fn a_number_names_one_student_however_it_is_written() {
        let keys = Keyring::generate().unwrap();
        let index = document::index_of(&keys).unwrap();
        let named = |number: &str| {
            let checked = check(index, row(2, number, Verdict::Matched));
            checked.map(|checked| checked.named).ok()
        };
        let one = named("L12345678901234567X");
        assert!(one.is_some());
        assert_eq!(named(" l12345678901234567x"), one);
    }
}
