//! Cases go with the records of their students: to the school entered and its county, with their visits and notices.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use junheng_kernel::error::KernelError;
use junheng_kernel::journal::record;
use junheng_kernel::store::replace_all;
use junheng_proto::journal::v1::Record;
use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use super::child::{self, Subject};
use super::encode::{encode, name_of};
use super::opening::{refresh, subject_of};
use super::store;
use crate::entity::dropout_case::{Entity, Model};
use crate::school::store as schools;
use crate::student::ledger::Pen;

/// Holds the cases of students who are about to move, before anything of the students is written: the steps of a case hold it
/// first too, so that two writes wait for each other instead of locking up.
pub(crate) async fn hold(
    database: &impl ConnectionTrait,
    students: impl Iterator<Item = Uuid>,
) -> Result<(), DbErr> {
    let students: Vec<Uuid> = students.collect();
    store::hold_of_students(database, &students).await.map(drop)
}

/// Takes the cases of students along, each to the school entered and its place, and gives what the journal keeps of it. A
/// case that was opened since they were held is among them: the students' rows are held by now, and who opens one waits.
pub(crate) async fn follow(
    database: &impl ConnectionTrait,
    pen: Pen<'_>,
    moved: impl Iterator<Item = (Uuid, Uuid, i64)>,
) -> Result<Vec<Record>, KernelError> {
    let moved: HashMap<Uuid, (Uuid, i64)> = moved
        .map(|(student, school, place)| (student, (school, place)))
        .collect();
    let students: Vec<Uuid> = moved.keys().copied().collect();
    let cases = store::hold_of_students(database, &students).await?;
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let entered: BTreeSet<Uuid> = moved.values().map(|(school, _)| *school).collect();
    let regions = schools::regions_of(database, entered).await?;
    let subjects: Vec<Subject> = cases.iter().filter_map(subject_of).collect();
    let children = child::children(database, pen.keys, &subjects).await?;
    let (mut changed, mut records) = (Vec::new(), Vec::new());
    let mut carried: BTreeMap<(Uuid, i64), Vec<Uuid>> = BTreeMap::new();
    for case in cases {
        let Some((school, place)) = case.student.and_then(|id| moved.get(&id)).copied() else {
            continue;
        };
        let child = subject_of(&case).and_then(|subject| children.get(&subject));
        let mut after = Model {
            school: Some(school),
            place,
            region: regions.get(&school).cloned().unwrap_or_default(),
            version: case.version + 1,
            update_micros: pen.now_micros,
            ..case.clone()
        };
        if case.open_subject.is_some() {
            refresh(&mut after, child);
        }
        let shown = |row: &Model| encode(pen.keys, row, child, &[], pen.today);
        let (before, told) = (shown(&case)?, shown(&after)?);
        let name = name_of(&after);
        records.push(record(
            &name,
            place,
            Some(school),
            Some(&before),
            &told,
            true,
        ));
        carried.entry((school, place)).or_default().push(after.id);
        changed.push(after);
    }
    replace_all::<Entity>(database, changed).await?;
    for ((school, place), cases) in carried {
        store::carry(database, &cases, school, place).await?;
    }
    Ok(records)
}
