//! Registers the admitted children who have arrived.

use junheng_kernel::bulk::SET;
use junheng_kernel::error::KernelError;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::Tx;
use junheng_proto::education::v1::Stage;
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::UnregisteredEntry;
use junheng_proto::registration::v1::admission_entry::{Kind, Outcome};
use junheng_proto::registration::v1::student_change::Kind as Change;
use uuid::Uuid;

use super::error::AdmissionError;
use super::rpc::name_of;
use super::{child, store};
use crate::entity::{admission_entry as entry, admission_plan as plan, school_class, student};
use crate::student::advance::{Arrival, advanced, may_advance};
use crate::student::ledger::{self, Happening, Move};
use crate::student::person::{self, Seat};
use crate::student::store as students;

/// What became of those who arrived.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// How many were registered.
    pub(super) registered: i32,
    /// Who could not be.
    pub(super) unregistered: Vec<UnregisteredEntry>,
    /// The records for the journal.
    pub(super) records: Vec<Record>,
}

/// Registers those of a plan who arrived and have no record of the stage: new ones get one, junior entrants move up.
pub(super) async fn register(
    context: &Context,
    tx: &Tx,
    plan: &plan::Model,
) -> Result<Done, AdmissionError> {
    let mut waiting = store::of_plan(&**tx, plan.id).await?;
    waiting.retain(|entry| {
        entry.outcome == Outcome::Admitted as i32 && entry.arrived && entry.student.is_none()
    });
    let mut done = Done::default();
    for some in waiting.chunks(SET / 2) {
        register_some(context, tx, plan, some, &mut done).await?;
    }
    Ok(done)
}

async fn register_some(
    context: &Context,
    tx: &Tx,
    plan: &plan::Model,
    entries: &[entry::Model],
    done: &mut Done,
) -> Result<(), AdmissionError> {
    let keys = &context.store.keys;
    let hashes: Vec<&[u8]> = entries
        .iter()
        .map(|entry| entry.identity_hash.as_slice())
        .collect();
    let standing = students::with_hashes(&**tx, &hashes).await?;
    let (mut new, mut risen): (Vec<(&entry::Model, student::Model)>, Vec<_>) =
        (Vec::new(), Vec::new());
    for entry in entries {
        let known = standing
            .iter()
            .find(|student| student.identity_hash == entry.identity_hash);
        match known {
            None => new.push((entry, model_of(context, plan, entry)?)),
            Some(known) if may_rise(plan, known) => {
                let arrival = Arrival {
                    school: plan.school,
                    place: plan.place,
                    school_class: None,
                    entry_year: plan.school_year,
                };
                risen.push((entry, known.clone(), advanced(known, arrival)));
            }
            Some(_) => done.unregistered.push(taken(entry)),
        }
    }
    let rows = new.iter().map(|(_, student)| student.clone()).collect();
    let added = students::insert_missing(&**tx, rows).await?;
    let (mut created, mut moved, mut settled) = (Vec::new(), Vec::new(), Vec::new());
    for (entry, after) in new {
        if added.contains(&after.id) {
            settled.push((entry, after.id));
            let before = None;
            created.push(Move { before, after });
        } else {
            done.unregistered.push(taken(entry));
        }
    }
    for (entry, before, after) in risen {
        settled.push((entry, after.id));
        let before = Some(before);
        moved.push(Move { before, after });
    }
    let date = context.clock.today();
    for (kind, moves) in [(Change::Enrolled, created), (Change::Advanced, moved)] {
        let happening = Happening {
            kind,
            date,
            process: name_of(plan),
        };
        let told = ledger::change_all(&**tx, keys, moves, Some(&happening), false).await?;
        done.records.extend(told.into_iter().map(|(_, told)| told));
    }
    for (entry, student) in settled {
        let changed = entry::Model {
            student: Some(student),
            version: entry.version + 1,
            ..entry.clone()
        };
        resource::replace::<entry::Entity>(&**tx, changed, entry.version).await?;
        done.registered += 1;
    }
    Ok(())
}

/// A new student of the entry grade, in no class yet.
fn model_of(
    context: &Context,
    plan: &plan::Model,
    entry: &entry::Model,
) -> Result<student::Model, KernelError> {
    let keys = &context.store.keys;
    let given = child::of(keys, entry)?;
    // The seat says school, place, stage and grade; the class itself comes with the draw.
    let grade = school_class::Model {
        id: Uuid::nil(),
        school: plan.school,
        place: plan.place,
        stage: plan.stage,
        grade: 1,
        number: 0,
        version: 0,
    };
    let seat = Seat {
        class: &grade,
        entry_year: plan.school_year,
    };
    let migrant = entry.kind == Kind::Migrant as i32;
    let (draft, fields) = (child::draft_of(&given), child::fields_of(&given, migrant));
    let model = person::model_of(keys, &draft, &fields, seat, entry.identity_hash.clone())?;
    Ok(student::Model {
        school_class: None,
        ..model
    })
}

/// A junior entrant keeps the record of primary school, once that is finished.
fn may_rise(plan: &plan::Model, student: &student::Model) -> bool {
    plan.stage == Stage::Junior as i32 && may_advance(student)
}

fn taken(entry: &entry::Model) -> UnregisteredEntry {
    UnregisteredEntry {
        entry: child::name_of(entry.id),
        why: "has a record elsewhere or has not finished primary school; a transfer or the graduation comes first".into(),
        why_zh: "已有其他学籍或小学尚未毕业,应先办理转学或毕业".into(),
    }
}
