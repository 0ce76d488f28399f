//! Writes one set of an import: a few statements for a thousand rows.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};

use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::SetOutcome;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::privacy::{BlindIndex, mask};
use junheng_kernel::service::Context;
use junheng_kernel::store::Tx;
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::Student;
use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use super::error::StudentError;
use super::first_load::FirstLoad;
use super::ledger::{self, Move, Pen};
use super::number::taken::{Brought, taken};
use super::person::{self, Person, SchoolFields, Seat};
use super::rules::{self, Draft};
use super::school_fields::GivenFields;
use super::suspicion::{self, Child};
use super::whereabouts::KnownSchools;
use super::{document, number, store};
use crate::class_draw;
use crate::duplicate_case::{self, Claim, Suspected};
use crate::entity::school_class;
use crate::entity::student::Model;
use crate::school::parent;
use crate::school_class::store as classes;
use crate::special_group;

/// A row that has passed the rules, with what it asks for.
#[derive(Clone)]
pub(crate) struct Wanted {
    /// The row's number.
    pub(super) row: i64,
    /// The hash of the document; empty until the row is prepared.
    pub(super) identity_hash: Vec<u8>,
    /// The class.
    pub(super) class: school_class::Model,
    /// The person.
    pub(super) draft: Draft,
    /// What the school says of the student.
    pub(super) fields: GivenFields,
    /// The year in which the student entered the stage.
    pub(super) entry_year: i32,
    /// The same as the row says it; 0 where it does not.
    pub(super) given_entry_year: i32,
}

/// A row that is ready to be written: should the person have no record yet, here it is. Boxed, for a set is sorted apart many
/// times on its way.
pub(crate) struct Prepared {
    wanted: Box<Wanted>,
    student: Box<Model>,
    told: Box<Record>,
}

/// Writes sets for one caller.
pub(super) struct SetWriter {
    context: Context,
    load: FirstLoad,
    caller: Caller,
    /// Whether what is written stays though a row is refused: only then can a refused row open a case.
    opens_cases: bool,
    /// Whether the set before was of new persons mostly. Then the next one is too, and adding comes before looking.
    expects_new: AtomicBool,
}

/// The records that a set meets, by the hash of the document.
struct Standing {
    students: HashMap<Vec<u8>, Model>,
    schools: KnownSchools,
}

// === impl SetWriter ===

impl SetWriter {
    pub(super) fn new(
        context: Context,
        load: FirstLoad,
        caller: Caller,
        opens_cases: bool,
    ) -> Self {
        Self {
            context,
            load,
            caller,
            opens_cases,
            expects_new: AtomicBool::new(true),
        }
    }

    /// Rows will come, so many.
    pub(super) async fn begin(&self, rows: usize) -> Result<(), KernelError> {
        self.load.begin(rows).await
    }

    /// Makes the record of each row, sealed, and what the journal keeps of it.
    pub(super) fn prepare(
        &self,
        rows: impl Iterator<Item = Wanted>,
    ) -> Result<Vec<Prepared>, KernelError> {
        let prepared = |wanted: Wanted| {
            let seat = Seat {
                class: &wanted.class,
                entry_year: wanted.entry_year,
            };
            let hash = wanted.identity_hash.clone();
            let keys = &self.context.store.keys;
            let (student, person) =
                person::new_record(keys, &wanted.draft, &wanted.fields.of_new(), seat, hash)?;
            let told = ledger::record_of_new(&student, person);
            Ok(Prepared {
                wanted: Box::new(wanted),
                student: Box::new(student),
                told: Box::new(told),
            })
        };
        rows.map(prepared).collect()
    }

    /// Writes the rows of one set.
    pub(super) async fn write(
        &self,
        tx: Tx,
        mut rows: Vec<Prepared>,
    ) -> Result<SetOutcome, StudentError> {
        let mut outcome = SetOutcome::default();
        let count = rows.len();
        let _pass = self.load.pass().await;
        let are_new = self.are_new(&tx, &rows).await?;
        let schools = rows.iter().map(|row| row.student.school);
        let places = parent::hold_open(&*tx, schools).await?;
        let mut held = Vec::with_capacity(count);
        for mut row in rows {
            match places.of(row.student.school) {
                Ok(place) => {
                    row.wanted.class.place = place;
                    (row.student.place, row.told.place) = (place, place);
                    held.push(row);
                }
                Err(wrong) => outcome.report.reject(row.wanted.row, &[wrong]),
            }
        }
        let held = self.refuse_moved_classes(&tx, held, &mut outcome).await?;
        if are_new {
            self.add_new(&tx, held, &mut outcome).await?;
            return Ok(outcome);
        }
        rows = self.refuse_taken(&tx, held, &mut outcome).await?;
        rows = self.settle_former(&tx, rows, &mut outcome).await?;
        if !self.expects_new.load(Ordering::Relaxed) {
            let standing = self
                .standing(&tx, rows.iter().map(|row| &*row.wanted))
                .await?;
            let is_known =
                |row: &Prepared| standing.students.contains_key(&row.wanted.identity_hash);
            let (known, new): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_known);
            let known = known.into_iter().map(|row| *row.wanted).collect();
            self.settle(&tx, &standing, known, &mut outcome).await?;
            rows = new;
        }
        let asked = rows.len();
        let late = self.register(&tx, rows, &mut outcome).await?;
        self.expects_new
            .store(2 * (asked - late.len()) > count, Ordering::Relaxed);
        if !late.is_empty() {
            // Registered before or meanwhile; now they stand, and are judged like the others.
            let standing = self.standing(&tx, late.iter()).await?;
            self.settle(&tx, &standing, late, &mut outcome).await?;
        }
        Ok(outcome)
    }

    /// Refuses the rows of classes that have moved since they were looked up: the class of a file that runs over a promotion
    /// is another grade's by now. The schools are held, and with them their classes.
    async fn refuse_moved_classes(
        &self,
        tx: &Tx,
        rows: Vec<Prepared>,
        outcome: &mut SetOutcome,
    ) -> Result<Vec<Prepared>, StudentError> {
        let wanted: BTreeSet<Uuid> = rows.iter().map(|row| row.wanted.class.id).collect();
        let current = classes::with_ids(&**tx, wanted).await?;
        let current: HashMap<Uuid, school_class::Model> =
            current.into_iter().map(|class| (class.id, class)).collect();
        let seat = |class: &school_class::Model| (class.school, class.stage, class.grade);
        let (kept, moved): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| {
            let class = &row.wanted.class;
            current
                .get(&class.id)
                .is_some_and(|now| seat(now) == seat(class))
        });
        for row in moved {
            let class = format!("classes/{}", row.wanted.class.id);
            let wrong = Violation::of("class_number", &StudentError::ClassUnknown { class });
            outcome.report.reject(row.wanted.row, &[wrong]);
        }
        Ok(kept)
    }

    /// Judges the rows whose document another record had before a change of key fields, and gives the others.
    async fn settle_former(
        &self,
        tx: &Tx,
        rows: Vec<Prepared>,
        outcome: &mut SetOutcome,
    ) -> Result<Vec<Prepared>, StudentError> {
        let hashes = rows.iter().map(|row| row.wanted.identity_hash.as_slice());
        let hashes: Vec<&[u8]> = hashes.collect();
        let former = store::former_holders(&**tx, &hashes).await?;
        if former.is_empty() {
            return Ok(rows);
        }
        let holders: Vec<Model> = former.values().cloned().collect();
        let standing = Standing {
            schools: KnownSchools::of(&**tx, &self.caller, &holders).await?,
            students: former,
        };
        let is_former = |row: &Prepared| standing.students.contains_key(&row.wanted.identity_hash);
        let (known, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_former);
        let known = known.into_iter().map(|row| *row.wanted).collect();
        self.settle(tx, &standing, known, outcome).await?;
        Ok(others)
    }

    /// Whether this is a set of a first load, of persons whom nobody has registered, whose numbers are nobody's.
    async fn are_new(&self, tx: &Tx, rows: &[Prepared]) -> Result<bool, KernelError> {
        if self.opens_cases {
            let index = document::index_of(&self.context.store.keys)?;
            let made_of = |row: &Prepared| brought(&row.wanted).made_of_others(index);
            let made_of: Vec<Vec<u8>> = rows.iter().flat_map(made_of).collect();
            let students = rows.iter().map(|row| &*row.student);
            return self.load.claim(tx, students, &made_of).await;
        }
        // All or nothing is one transaction of many sets: it must not wait for an end that waits for it.
        self.load.end().await?;
        Ok(false)
    }

    /// Adds the rows of a first load.
    async fn add_new(
        &self,
        tx: &Tx,
        rows: Vec<Prepared>,
        outcome: &mut SetOutcome,
    ) -> Result<(), StudentError> {
        let (students, told): (Vec<Model>, Vec<Record>) = rows
            .into_iter()
            .map(|row| (*row.student, *row.told))
            .unzip();
        store::insert_new(&**tx, &students).await?;
        ledger::enter_all(&**tx, students.iter()).await?;
        for record in told {
            outcome.report.created();
            outcome.records.push(record);
        }
        Ok(())
    }

    /// Refuses the rows of persons without a record whose student number is, or was, another's, and gives the others.
    async fn refuse_taken(
        &self,
        tx: &Tx,
        rows: Vec<Prepared>,
        outcome: &mut SetOutcome,
    ) -> Result<Vec<Prepared>, StudentError> {
        let index = document::index_of(&self.context.store.keys)?;
        let brought: Vec<Brought<'_>> = rows.iter().map(|row| brought(&row.wanted)).collect();
        let taken = taken(&**tx, index, &brought).await?;
        let mut kept = Vec::with_capacity(rows.len());
        for (row, taken) in rows.into_iter().zip(taken) {
            if !taken {
                kept.push(row);
                continue;
            }
            let number = mask::identity_number(&row.wanted.draft.student_number);
            let wrong = Violation::of("student_number", &StudentError::NumberTaken { number });
            outcome.report.reject(row.wanted.row, &[wrong]);
        }
        Ok(kept)
    }

    async fn standing(
        &self,
        tx: &Tx,
        rows: impl Iterator<Item = &Wanted>,
    ) -> Result<Standing, StudentError> {
        let hashes: Vec<&[u8]> = rows.map(|wanted| wanted.identity_hash.as_slice()).collect();
        let students = store::with_hashes(&**tx, &hashes).await?;
        let schools = KnownSchools::of(&**tx, &self.caller, &students).await?;
        let by_hash = |student: Model| (student.identity_hash.clone(), student);
        Ok(Standing {
            students: students.into_iter().map(by_hash).collect(),
            schools,
        })
    }

    /// Adds the new ones; gives back the rows whose person has a record.
    async fn register(
        &self,
        tx: &Tx,
        rows: Vec<Prepared>,
        outcome: &mut SetOutcome,
    ) -> Result<Vec<Wanted>, StudentError> {
        let students: Vec<Model> = rows.iter().map(|row| (*row.student).clone()).collect();
        let added = store::insert_missing(&**tx, students).await?;
        let is_added = |row: &Prepared| added.contains(&row.student.id);
        let (new, late): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_added);
        ledger::enter_all(&**tx, new.iter().map(|row| &*row.student)).await?;
        let index = document::index_of(&self.context.store.keys)?;
        let children: Vec<Child> = new
            .iter()
            .map(|row| Child::of(index, row.student.id, &row.wanted.draft))
            .collect();
        let found = suspicion::pairs(&**tx, &self.context.store.keys, &children).await?;
        let suspected: Vec<Suspected<'_>> = found
            .iter()
            .map(|(position, standing)| Suspected {
                standing,
                second: &new[*position].student,
                draft: &new[*position].wanted.draft,
            })
            .collect();
        let cases = duplicate_case::suspect(tx, &self.context, &self.caller, &suspected).await?;
        outcome.records.extend(cases);
        for row in new {
            outcome.report.created();
            outcome.records.push(*row.told);
        }
        Ok(late.into_iter().map(|row| *row.wanted).collect())
    }

    /// Judges rows whose persons have a record, and changes what the school may change.
    async fn settle(
        &self,
        tx: &Tx,
        standing: &Standing,
        rows: Vec<Wanted>,
        outcome: &mut SetOutcome,
    ) -> Result<(), StudentError> {
        let keys = &self.context.store.keys;
        let mut moves = Vec::new();
        // Claims hold cases until the transaction ends: always in one order, so that two imports wait for each other
        // instead of locking up.
        let mut rows = rows;
        rows.sort_by_key(|wanted| {
            let student = standing.students.get(&wanted.identity_hash);
            student.map(|student| student.id)
        });
        let stated = StatedNumbers::of(&**tx, document::index_of(keys)?, standing, &rows).await?;
        for wanted in rows {
            let Some(student) = standing.students.get(&wanted.identity_hash) else {
                continue;
            };
            if student.school != wanted.class.school {
                let wrong = self
                    .dispute(tx, standing, student, &wanted, outcome)
                    .await?;
                outcome.report.reject(wanted.row, &[wrong]);
                continue;
            }
            let person = Person::of(keys, student)?;
            let before = person::shown(student, person.clone());
            let wrong = contradictions(&before, &wanted);
            if !wrong.is_empty() {
                outcome.report.reject(wanted.row, &wrong);
                continue;
            }
            if let Some(wrong) = stated.contradiction(student, &person, &wanted) {
                outcome.report.reject(wanted.row, &[wrong]);
                continue;
            }
            let wrong = rules::check_seat(student, &wanted.class);
            if !wrong.is_empty() {
                let wrong: Vec<Violation> = wrong.into_iter().map(as_column).collect();
                outcome.report.reject(wanted.row, &wrong);
                continue;
            }
            let fields = wanted.fields.over(SchoolFields::of(student, &person));
            let fields = fields.unmasked(&person);
            let wrong = fields.check();
            if !wrong.is_empty() {
                outcome.report.reject(wanted.row, &wrong);
                continue;
            }
            match person::moved(keys, student, &person, &fields, Some(&wanted.class))? {
                None => outcome.report.unchanged(),
                Some(after) => moves.push((wanted.row, student, after)),
            }
        }
        let pairs: Vec<_> = moves
            .iter()
            .map(|(_, before, after)| (*before, after))
            .collect();
        let proven = special_group::proven(&**tx, pairs).await?;
        let placed = moves
            .iter()
            .filter(|(_, before, after)| rules::gets_a_class(before, after));
        let placed: Vec<&Model> = placed.map(|(_, before, _)| *before).collect();
        let listed = class_draw::store::listed(&**tx, &placed).await?;
        let mut changed = Vec::with_capacity(moves.len());
        for (row, before, after) in moves {
            if let Some(draw) = listed.get(&before.id) {
                let draw = format!("classDraws/{draw}");
                let wrong = StudentError::ClassDrawUnderWay { draw };
                let wrong = Violation::of("class_number", &wrong);
                outcome.report.reject(row, &[wrong]);
                continue;
            }
            if let Some(flags) = proven.get(&before.id) {
                let wrong: Vec<Violation> = flags
                    .iter()
                    .map(|(field, group)| Violation::of(field, &StudentError::FlagProven { group }))
                    .collect();
                outcome.report.reject(row, &wrong);
                continue;
            }
            outcome.report.updated();
            changed.push(Move {
                before: Some(before.clone()),
                after,
            });
        }
        let pen = Pen::of(&self.context);
        let done = ledger::change_all(&**tx, pen, changed, None, false).await?;
        outcome.records.extend(done.records);
        Ok(())
    }

    /// Claims a student whom another school registered, in the one case that both settle (双重学籍), and says so.
    async fn dispute(
        &self,
        tx: &Tx,
        standing: &Standing,
        student: &Model,
        wanted: &Wanted,
        outcome: &mut SetOutcome,
    ) -> Result<Violation, StudentError> {
        let place = standing.schools.of_student(student);
        if !self.opens_cases {
            return Ok(Violation::of(
                "identity_number",
                &StudentError::PersonRegistered(place),
            ));
        }
        if student.identity_hash == wanted.identity_hash {
            let own = &self.context;
            let decided = duplicate_case::told_apart(tx, own, student, &wanted.draft).await?;
            if let Some(decided) = decided {
                return Ok(decided);
            }
        }
        let claim = Claim {
            class: &wanted.class,
            draft: &wanted.draft,
            second: None,
        };
        let opened = duplicate_case::open(tx, &self.context, &self.caller, student, claim).await?;
        outcome.records.extend(opened.records);
        Ok(place.disputed(&opened.answer.name))
    }
}

/// The student numbers that rows state of records which show another: by the document, whose they are or were.
struct StatedNumbers(HashMap<Vec<u8>, Option<Uuid>>);

// === impl StatedNumbers ===

impl StatedNumbers {
    async fn of(
        database: &impl ConnectionTrait,
        index: &BlindIndex,
        standing: &Standing,
        rows: &[Wanted],
    ) -> Result<Self, DbErr> {
        let other = |wanted: &Wanted| {
            let student = standing.students.get(&wanted.identity_hash)?;
            let number = brought(wanted).number;
            let hash = (!number.is_empty()).then(|| document::number_hash(index, &number))?;
            (student.number_hash != hash).then_some((wanted.identity_hash.clone(), hash))
        };
        let others: Vec<(Vec<u8>, Vec<u8>)> = rows.iter().filter_map(other).collect();
        if others.is_empty() {
            return Ok(Self(HashMap::new()));
        }
        let hashes: Vec<Vec<u8>> = others.iter().map(|(_, hash)| hash.clone()).collect();
        let holders = number::store::holders(database, &hashes).await?;
        let held = |(document, hash)| (document, holders.get(&hash).copied());
        Ok(Self(others.into_iter().map(held).collect()))
    }

    /// What is wrong with the number of a row: it is not the record's, and was not before.
    fn contradiction(
        &self,
        student: &Model,
        person: &Person,
        wanted: &Wanted,
    ) -> Option<Violation> {
        let holder = self.0.get(&wanted.identity_hash)?;
        (*holder != Some(student.id)).then(|| number::returned::differs(&person.student_number))
    }
}

/// The number that a row brings.
fn brought(wanted: &Wanted) -> Brought<'_> {
    Brought {
        number: number::normalize(&wanted.draft.student_number),
        identity_hash: &wanted.identity_hash,
    }
}

/// A row names its class by number.
fn as_column(wrong: Violation) -> Violation {
    Violation {
        field: "class_number".into(),
        ..wrong
    }
}

/// What an import may not change: the key fields, and the year of entry.
fn contradictions(before: &Student, wanted: &Wanted) -> Vec<Violation> {
    let mut wrong = rules::check_unchanged(before, &person::as_wanted(before, &wanted.draft));
    let (standing, given) = (before.entry_year, wanted.given_entry_year);
    if given != 0 && given != standing {
        wrong.push(Violation::invalid(
            "entry_year",
            format!("is {standing} by the record; an import does not change it"),
            format!("学籍记录的入学年份为{standing},导入不能更改"),
        ));
    }
    wrong
}
