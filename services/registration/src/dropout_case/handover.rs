//! The case of a child without a record, when the record is there: it goes on as the student's. Where the student has a case of its own,
//! the one that is less far ends in the other, so that one child has one case.

use junheng_kernel::error::KernelError;
use junheng_kernel::resource;
use junheng_proto::journal::v1::Record;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::LockType;
use uuid::Uuid;

use super::child::{self, Child, Subject};
use super::encode::{encode, is_away};
use super::opening::{Scene, subject_of, told};
use super::workflow::{State, state_of};
use super::{record, store};
use crate::entity::dropout_case::{Entity, Model};
use crate::school::parent;
use crate::student::store as students;

/// What a case that ends in another leaves to it.
#[derive(Clone, Debug, Default)]
struct Ended {
    groups: i64,
    /// Follows the child in the case that stays, where nobody else does.
    reporter: Option<String>,
}

// === impl Ended ===

impl Ended {
    fn of(case: &Model) -> Self {
        Self {
            groups: case.groups,
            reporter: case.reporter.clone(),
        }
    }

    fn told_to(self, other: &mut Model) {
        other.groups |= self.groups;
        other.reporter = other.reporter.take().or(self.reporter);
    }
}

/// Gives the open case of a resident to the student; what the journal keeps of it. Nothing happens where the resident has none.
pub(crate) async fn hand_over(
    tx: &impl ConnectionTrait,
    scene: &Scene<'_>,
    resident: Uuid,
    student: Uuid,
) -> Result<Vec<Record>, KernelError> {
    let schools = store::schools_of(tx, &[student]).await?;
    let places = parent::hold_places(tx, schools).await?;
    let mut open = store::hold_open(tx, &[resident, student]).await?;
    students::hold_all(tx, &[student], LockType::Share).await?;
    let Some(listed) = open.remove(&resident) else {
        return Ok(Vec::new());
    };
    let without_record = subject_of(&listed).unwrap_or(Subject::Resident(resident));
    let subjects = [without_record, Subject::Student(student)];
    let mut children = child::children(tx, scene.keys, &subjects).await?;
    let Some(mut child) = children.remove(&subjects[1]) else {
        return Ok(Vec::new());
    };
    if let Some(place) = child.school.and_then(|school| places.get(&school)) {
        child.place = *place;
    }
    let unregistered = children.get(&subjects[0]);
    let Some(own) = open.remove(&student) else {
        let nobody = Ended::default();
        return give(tx, scene, &listed, unregistered, (student, &child), nobody).await;
    };
    // The states are numbered in the order of the road.
    if own.state >= listed.state {
        let ended = end_in(tx, scene, &listed, unregistered, &own).await?;
        let marked = learn(tx, scene, &own, &child, Ended::of(&listed)).await?;
        return Ok([Some(ended), marked].into_iter().flatten().collect());
    }
    let ended = end_in(tx, scene, &own, Some(&child), &listed).await?;
    let given = give(
        tx,
        scene,
        &listed,
        unregistered,
        (student, &child),
        Ended::of(&own),
    )
    .await?;
    Ok(std::iter::once(ended).chain(given).collect())
}

/// The case goes on as the student's, at its school, and so do its visits and notices. Where it is one of a child that has dropped
/// out, the new record says so, until the child is back.
async fn give(
    tx: &impl ConnectionTrait,
    scene: &Scene<'_>,
    case: &Model,
    unregistered: Option<&Child>,
    (student, child): (Uuid, &Child),
    ended: Ended,
) -> Result<Vec<Record>, KernelError> {
    let mut changed = touched(scene, case);
    changed.student = Some(student);
    changed.resident = None;
    changed.admission_entry = None;
    changed.open_subject = Some(student);
    changed.school = child.school;
    changed.place = child.place;
    changed.region = child.region.clone();
    changed.stage = child.stage;
    changed.grade = child.grade;
    changed.groups |= child.groups;
    ended.told_to(&mut changed);
    if let (true, Some(subject)) = (changed.source.is_empty(), subject_of(case)) {
        changed.source = subject.name();
    }
    resource::replace::<Entity>(tx, changed.clone(), case.version).await?;
    if let Some(school) = changed.school {
        store::carry(tx, &[changed.id], school, changed.place).await?;
    }
    let before = encode(scene.keys, case, unregistered, &[], scene.today)?;
    let after = encode(scene.keys, &changed, Some(child), &[], scene.today)?;
    let mut records = vec![told(&changed, Some(&before), &after)];
    if is_away(state_of(changed.state)) {
        records.extend(record::drop_out(tx, scene, &changed).await?);
    }
    Ok(records)
}

/// The case ends in another of the same child. Nobody has found anything out: it is neither cleared nor closed in any figure.
async fn end_in(
    tx: &impl ConnectionTrait,
    scene: &Scene<'_>,
    case: &Model,
    child: Option<&Child>,
    other: &Model,
) -> Result<Record, KernelError> {
    let mut changed = touched(scene, case);
    let state = match case.state == State::Suspected as i32 {
        true => State::Cleared,
        false => State::Closed,
    };
    changed.state = state.into();
    changed.merged_into = Some(other.id);
    changed.open_subject = None;
    changed.closed_date = Some(scene.today);
    changed.ground = 0;
    changed.due_date = String::new();
    changed.due_provisional = false;
    changed.held_due_date = String::new();
    resource::replace::<Entity>(tx, changed.clone(), case.version).await?;
    let before = encode(scene.keys, case, child, &[], scene.today)?;
    let after = encode(scene.keys, &changed, child, &[], scene.today)?;
    Ok(told(&changed, Some(&before), &after))
}

/// The case that stays takes what only the other one knew.
async fn learn(
    tx: &impl ConnectionTrait,
    scene: &Scene<'_>,
    case: &Model,
    child: &Child,
    ended: Ended,
) -> Result<Option<Record>, KernelError> {
    let mut changed = touched(scene, case);
    ended.told_to(&mut changed);
    if (changed.groups, &changed.reporter) == (case.groups, &case.reporter) {
        return Ok(None);
    }
    resource::replace::<Entity>(tx, changed.clone(), case.version).await?;
    let before = encode(scene.keys, case, Some(child), &[], scene.today)?;
    let after = encode(scene.keys, &changed, Some(child), &[], scene.today)?;
    Ok(Some(told(&changed, Some(&before), &after)))
}

fn touched(scene: &Scene<'_>, case: &Model) -> Model {
    Model {
        version: case.version + 1,
        update_micros: scene.now_micros,
        ..case.clone()
    }
}
