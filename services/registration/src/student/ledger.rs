//! The one way in which student records come, go and change: the row, the counts that it adds to, the history of the
//! student, what goes along with it ([`followers`]) and the records for the journal, together in one transaction.
//!
//! Rows are held in one order by whoever writes: schools, then dropout cases, then students. Whoever moves a student to
//! another school holds its cases before its row is written.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::record;
use junheng_kernel::privacy::Keyring;
use junheng_kernel::service::Context;
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::student::State;
use junheng_proto::registration::v1::student_change::Kind;
use sea_orm::ConnectionTrait;

use super::person::{self, Person};
use super::{rehash, store};
use crate::aid;
use crate::dropout_case::moving;
use crate::dropout_rate::formula::{CAME, WENT};
use crate::entity::student::Model;
use crate::entity::student_change;
use crate::followers;
use crate::school::parent;
use crate::school_year;
use crate::status_change;
use crate::tally;

/// What happened to a student, for the history (学籍异动).
#[derive(Clone, Debug)]
pub struct Happening {
    /// What.
    pub kind: Kind,
    /// The day from which it holds.
    pub date: NaiveDate,
    /// The process that brought it about, `{collection}/{id}`, or empty.
    pub process: String,
}

/// With what the ledger writes.
#[derive(Clone, Copy)]
pub struct Pen<'a> {
    /// The keys of personal fields.
    pub keys: &'a Keyring,
    /// Today in China.
    pub today: NaiveDate,
    /// Now, microseconds since 1970.
    pub now_micros: i64,
}

/// What changes came to.
#[derive(Debug, Default)]
pub struct Done {
    /// The students as they stand now, in the order of their moves.
    pub students: Vec<Model>,
    /// The records for the journal, those of the cases that went along as well.
    pub records: Vec<Record>,
}

/// A student before and after. Without a `before` the student is new.
#[derive(Clone, Debug)]
pub struct Move {
    /// As the row stands.
    pub before: Option<Model>,
    /// As it will stand; the ledger counts the version.
    pub after: Model,
}

/// Changes one student. Fails with `ETAG_MISMATCH` when somebody wrote since `before` was read. Gives the row as it stands
/// now and the records for the journal.
pub async fn change(
    database: &impl ConnectionTrait,
    pen: Pen<'_>,
    before: &Model,
    after: Model,
    happening: Option<&Happening>,
) -> Result<(Model, Vec<Record>), KernelError> {
    let one = Move {
        before: Some(before.clone()),
        after,
    };
    let mut done = change_all(database, pen, vec![one], happening, true).await?;
    let changed = done.students.pop();
    let changed = changed.ok_or_else(|| KernelError::Stored("a change gave no record".into()))?;
    Ok((changed, done.records))
}

/// Changes many students for one reason, at most [`IMPORT_SET`](junheng_kernel::bulk::IMPORT_SET) at a time: a few
/// statements for all. `keep` keeps the content of each student's record in the journal beside its digest.
pub async fn change_all(
    database: &impl ConnectionTrait,
    pen: Pen<'_>,
    moves: Vec<Move>,
    happening: Option<&Happening>,
    keep: bool,
) -> Result<Done, KernelError> {
    let mut done = Done::default();
    let (mut changed, mut history) = (Vec::new(), Vec::new());
    let mut counts = tally::Changes::default();
    let (mut followers, mut aided, mut leaving) = (Vec::new(), Vec::new(), Vec::new());
    let mut moves = in_place(database, moves).await?;
    rehash::follow(database, pen.keys, &mut moves).await?;
    moving::hold(database, moves.iter().filter_map(goes)).await?;
    for Move { before, mut after } in moves {
        if let Some(before) = &before {
            after.version = before.version + 1;
            changed.push(after.clone());
        }
        counts.add(before.as_ref(), Some(&after));
        if let Some(happening) = happening {
            for entry in entries(happening, before.as_ref(), &after) {
                if let Some(part) = part_of(&entry, before.as_ref(), &after) {
                    counts.tell_part(&entry, part);
                }
                history.push(entry);
            }
        }
        let told = record_of(pen.keys, before.as_ref(), &after, keep)?;
        if let Some(before) = before {
            if before.school != after.school {
                followers.push((after.id, after.school, after.place));
            }
            if status_change::concerns(&before, &after) {
                leaving.push(after.clone());
            }
            if aid::totals::concerns(&before, &after) {
                aided.push((before, after.clone()));
            }
        }
        done.students.push(after);
        done.records.push(told);
    }
    store::replace_all(database, changed).await?;
    for entry in &history {
        counts.tell(entry);
    }
    followers::go_with_students(database, &followers).await?;
    let along = moving::follow(database, pen, followers.into_iter()).await?;
    done.records.extend(along);
    let date = happening.map_or(pen.today, |happening| happening.date);
    let along = status_change::follow(database, pen, &leaving, date).await?;
    done.records.extend(along);
    aid::totals::follow(database, &aided).await?;
    store::insert_changes(database, history).await?;
    tally::store::add(database, &counts).await?;
    Ok(done)
}

/// The part of its kind to which an entry of the history belongs, where it says that a pupil goes or comes and nobody more or less
/// attends the school for it.
fn part_of(entry: &student_change::Model, before: Option<&Model>, after: &Model) -> Option<i32> {
    let attends =
        |student: &Model| student.school == entry.school && student.state == State::Enrolled as i32;
    let is = |kind: &Kind| entry.kind == *kind as i32;
    if WENT.iter().any(is) {
        let attended = before.is_some_and(attends);
        return (!attended).then_some(tally::LEFT_BEFORE);
    }
    (CAME.iter().any(is) && !attends(after)).then_some(tally::STILL_AWAY)
}

/// Who goes to another school.
fn goes(one: &Move) -> Option<uuid::Uuid> {
    let before = one.before.as_ref()?;
    (before.school != one.after.school).then_some(one.after.id)
}

/// Takes new students of an import in: their rows have been added and their records made while they were prepared.
pub(super) async fn enter_all<'a>(
    database: &impl ConnectionTrait,
    students: impl Iterator<Item = &'a Model>,
) -> Result<(), KernelError> {
    let mut counts = tally::Changes::default();
    for student in students {
        counts.add(None, Some(student));
    }
    Ok(tally::store::add(database, &counts).await?)
}

/// The record of a new student for the journal, of what stands in the row unsealed. Its content is not kept.
pub(super) fn record_of_new(student: &Model, person: Person) -> Record {
    let shown = person::shown(student, person);
    let (place, school) = (student.place, Some(student.school));
    record(&shown.name, place, school, None, &shown, false)
}

/// The moves of students who have records, at the places where their schools lie now and are held: a school that moved
/// since the rows were read has taken them along, and what is counted of them too.
async fn in_place(
    database: &impl ConnectionTrait,
    mut moves: Vec<Move>,
) -> Result<Vec<Move>, KernelError> {
    let schools: Vec<uuid::Uuid> = moves
        .iter()
        .filter_map(|one| Some([one.before.as_ref()?.school, one.after.school]))
        .flatten()
        .collect();
    if schools.is_empty() {
        return Ok(moves);
    }
    let places = parent::hold_places(database, schools).await?;
    for Move { before, after } in &mut moves {
        let Some(before) = before else { continue };
        for student in [before, after] {
            student.place = places
                .get(&student.school)
                .copied()
                .unwrap_or(student.place);
        }
    }
    Ok(moves)
}

/// The record of a change for the journal.
pub(super) fn record_of(
    keys: &Keyring,
    before: Option<&Model>,
    after: &Model,
    keep: bool,
) -> Result<Record, KernelError> {
    let shown = person::encode(keys, after)?;
    let before = before
        .map(|before| person::encode(keys, before))
        .transpose()?;
    Ok(record(
        &shown.name,
        after.place,
        Some(after.school),
        before.as_ref(),
        &shown,
        keep,
    ))
}

// === impl Pen ===

impl<'a> Pen<'a> {
    /// The service's, now.
    pub fn of(context: &'a Context) -> Self {
        Self {
            keys: &context.store.keys,
            today: context.clock.today(),
            now_micros: context.clock.now_micros(),
        }
    }
}

/// What the history keeps of a change: one entry with the school, or each school's own half when the school changes.
pub(super) fn entries(
    happening: &Happening,
    before: Option<&Model>,
    after: &Model,
) -> Vec<student_change::Model> {
    let moved = before.filter(|before| before.school != after.school);
    let entry = |at: &Model, kind: Kind| student_change::Model {
        id: uuid::Uuid::now_v7(),
        student: after.id,
        school: at.school,
        place: at.place,
        stage: at.stage,
        grade: at.grade,
        kind: kind as i32,
        entry_year: at.entry_year,
        effective_date: happening.date.to_string(),
        // What happens to a pupil ahead of the first day belongs to the year that the pupil enters.
        school_year: school_year::of(happening.date).max(at.entry_year),
        from_school: moved.map(|before| before.school),
        to_school: moved.map(|_| after.school),
        process: happening.process.clone(),
    };
    match (moved, happening.kind) {
        (Some(before), Kind::TransferredIn | Kind::TransferredOut) => vec![
            entry(before, Kind::TransferredOut),
            entry(after, Kind::TransferredIn),
        ],
        (Some(before), kind) => vec![entry(before, kind), entry(after, kind)],
        (None, kind) => vec![entry(after, kind)],
    }
}

#[cfg(test)]
mod tests {
    use junheng_proto::education::v1::Stage;

    use super::*;

    fn student(school: u128, stage: Stage, entry_year: i32) -> Model {
        Model {
            school: uuid::Uuid::from_u128(school),
            stage: stage as i32,
            entry_year,
            ..Model::sample()
        }
    }

    #[test]
    fn a_move_is_kept_by_both_schools_and_counted_by_one_in_the_year_that_the_pupil_enters() {
        let before = student(1, Stage::Primary, 2020);
        let after = student(2, Stage::Junior, 2026);
        let happening = |kind| Happening {
            kind,
            date: "2026-08-20".parse().unwrap(),
            process: String::new(),
        };
        let told = |kind: Kind| -> Vec<(i32, i32, i32, bool)> {
            entries(&happening(kind), Some(&before), &after)
                .iter()
                .map(|one| (one.stage, one.entry_year, one.school_year, one.is_counted()))
                .collect()
        };
        let halves = [(1, 2020, 2025, false), (2, 2026, 2026, true)];
        assert_eq!(told(Kind::Advanced), halves);
        assert_eq!(told(Kind::SchoolReorganised), halves);
        let halves = [(1, 2020, 2025, true), (2, 2026, 2026, true)];
        assert_eq!(told(Kind::TransferredIn), halves, "each its own");
    }
}
