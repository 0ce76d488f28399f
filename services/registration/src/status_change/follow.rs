//! What a change of the record does to the leave of its student: it runs on in the school entered, or ends with the state that
//! it gave. An application under way stays with the school that filed it, which takes it back.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::record;
use junheng_kernel::store::replace_all;
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::student::State as StudentState;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::rpc::encode;
use super::rules::rule_of;
use super::store;
use super::workflow::State;
use crate::entity::status_change::{Entity, Model};
use crate::entity::student;
use crate::school::store as schools;
use crate::student::ledger::Pen;

/// Whether a change of a record concerns what [`follow`] takes along: nobody who attends is on leave.
pub(crate) fn concerns(before: &student::Model, after: &student::Model) -> bool {
    let was_away = before.state != StudentState::Enrolled as i32;
    before.school != after.school || (was_away && before.state != after.state)
}

/// Takes the leaves of these students, as their records stand now, along to the school entered and its county. One whose state
/// the record no longer has is over on `date`, and stays where it was taken. Gives what the journal keeps of it.
pub(crate) async fn follow(
    database: &impl ConnectionTrait,
    pen: Pen<'_>,
    students: &[student::Model],
    date: NaiveDate,
) -> Result<Vec<Record>, KernelError> {
    let leaves = store::running_of(database, students.iter().map(|one| one.id)).await?;
    if leaves.is_empty() {
        return Ok(Vec::new());
    }
    let students: HashMap<Uuid, &student::Model> =
        students.iter().map(|one| (one.id, one)).collect();
    let entered: BTreeSet<Uuid> = students.values().map(|one| one.school).collect();
    let regions = schools::regions_of(database, entered).await?;
    let (mut changed, mut records) = (Vec::new(), Vec::new());
    for before in leaves {
        let Some(student) = students.get(&before.student) else {
            continue;
        };
        let mut after = before.clone();
        if is_over(&before, student) {
            after.state = State::Closed as i32;
            after.closed_date = date.to_string();
        } else if before.school != student.school {
            (after.school, after.place) = (student.school, student.place);
            after.region = regions.get(&student.school).cloned().unwrap_or_default();
        }
        if after == before {
            continue;
        }
        after.version += 1;
        after.update_micros = pen.now_micros;
        let shown = |row: &Model| encode(pen.keys, row, pen.today);
        let (old, told) = (shown(&before)?, shown(&after)?);
        let (place, school) = (after.place, Some(after.school));
        records.push(record(&told.name, place, school, Some(&old), &told, true));
        changed.push(after);
    }
    replace_all::<Entity>(database, changed).await?;
    Ok(records)
}

/// Whether the record no longer has the state that the leave gave.
fn is_over(leave: &Model, student: &student::Model) -> bool {
    let gave = rule_of(leave.kind).and_then(|rule| rule.to);
    gave.is_some_and(|state| state as i32 != student.state)
}
