//! Registers the admitted children who have arrived.

use std::collections::HashSet;

use junheng_kernel::admission::Caller;
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

use super::child;
use super::error::AdmissionError;
use super::rpc::name_of;
use crate::duplicate_case::{self, Claim, Opened, Suspected};
use crate::entity::{admission_entry as entry, admission_plan as plan, school_class, student};
use crate::student::advance::{Arrival, advanced, may_advance};
use crate::student::ledger::{self, Happening, Move, Pen};
use crate::student::person::{self, Seat};
use crate::student::rules::Draft;
use crate::student::standing::is_live;
use crate::student::suspicion::{self, Child};
use crate::student::{document, store as students};

/// What became of those who arrived.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// How many were registered.
    pub(super) registered: i32,
    /// Who could not be.
    pub(super) unregistered: Vec<UnregisteredEntry>,
    /// The records for the journal.
    pub(super) records: Vec<Record>,
    /// Whom another school keeps, with the record.
    disputed: Vec<(student::Model, entry::Model)>,
    /// Who may have another record: that, the new one, and what was written.
    suspected: Vec<(student::Model, student::Model, Draft)>,
}

/// Registers those of a list who arrived and have no record of the stage: new ones get one, junior entrants move up.
pub(super) async fn register(
    context: &Context,
    tx: &Tx,
    caller: &Caller,
    plan: &plan::Model,
    listed: &[entry::Model],
) -> Result<Done, AdmissionError> {
    let waits = |entry: &&entry::Model| {
        entry.outcome == Outcome::Admitted as i32 && entry.arrived && entry.student.is_none()
    };
    let waiting: Vec<entry::Model> = listed.iter().filter(waits).cloned().collect();
    let mut done = Done::default();
    for some in waiting.chunks(SET / 2) {
        register_some(context, tx, plan, some, &mut done).await?;
    }
    done.disputed.sort_by_key(|(standing, _)| standing.id);
    for (standing, entry) in std::mem::take(&mut done.disputed) {
        let case = claim(context, tx, caller, plan, (&standing, &entry)).await?;
        done.records.extend(case.records);
        done.unregistered.push(disputed(&entry, &case.answer.name));
    }
    done.suspected.sort_by_key(|(standing, ..)| standing.id);
    let suspected: Vec<Suspected<'_>> = done
        .suspected
        .iter()
        .map(|(standing, second, draft)| Suspected {
            standing,
            second,
            draft,
        })
        .collect();
    let cases = duplicate_case::suspect(tx, context, caller, &suspected).await?;
    done.records.extend(cases);
    Ok(done)
}

async fn register_some(
    context: &Context,
    tx: &Tx,
    plan: &plan::Model,
    entries: &[entry::Model],
    done: &mut Done,
) -> Result<(), AdmissionError> {
    let hashes: Vec<&[u8]> = entries
        .iter()
        .map(|entry| entry.identity_hash.as_slice())
        .collect();
    let standing = students::with_hashes(&**tx, &hashes).await?;
    let former = students::former_holders(&**tx, &hashes).await?;
    let (mut new, mut risen): (Vec<(&entry::Model, student::Model)>, Vec<_>) =
        (Vec::new(), Vec::new());
    for entry in entries {
        let known = standing
            .iter()
            .find(|student| student.identity_hash == entry.identity_hash)
            .or_else(|| former.get(&entry.identity_hash));
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
            Some(known) if is_kept_elsewhere(plan, known) => {
                done.disputed.push((known.clone(), entry.clone()));
            }
            Some(_) => done.unregistered.push(taken(entry)),
        }
    }
    let rows = new.iter().map(|(_, student)| student.clone()).collect();
    let added = students::insert_missing(&**tx, rows).await?;
    suspects(context, tx, &new, &added, done).await?;
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
        let pen = Pen::of(context);
        let told = ledger::change_all(&**tx, pen, moves, Some(&happening), false).await?;
        done.records.extend(told.records);
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

/// Which of the new records may be the second of their child.
async fn suspects(
    context: &Context,
    tx: &Tx,
    new: &[(&entry::Model, student::Model)],
    added: &HashSet<Uuid>,
    done: &mut Done,
) -> Result<(), AdmissionError> {
    let keys = &context.store.keys;
    let index = document::index_of(keys)?;
    let mut written = Vec::new();
    for (entry, student) in new
        .iter()
        .filter(|(_, student)| added.contains(&student.id))
    {
        let draft = child::draft_of(&child::of(keys, entry)?);
        let child = Child::of(index, student.id, &draft);
        written.push((student, draft, child));
    }
    let children: Vec<Child> = written.iter().map(|(.., child)| child.clone()).collect();
    for (position, standing) in suspicion::pairs(&**tx, keys, &children).await? {
        let (second, draft, _) = &written[position];
        done.suspected
            .push((standing, (*second).clone(), draft.clone()));
    }
    Ok(())
}

/// States the claim of the admitting school on a record that another keeps.
async fn claim(
    context: &Context,
    tx: &Tx,
    caller: &Caller,
    plan: &plan::Model,
    (standing, entry): (&student::Model, &entry::Model),
) -> Result<Opened, AdmissionError> {
    let draft = child::draft_of(&child::of(&context.store.keys, entry)?);
    let claim = Claim {
        class: &first_grade(plan),
        draft: &draft,
        second: None,
    };
    Ok(duplicate_case::open(tx, context, caller, standing, claim).await?)
}

/// A new student of the entry grade, in no class yet.
fn model_of(
    context: &Context,
    plan: &plan::Model,
    entry: &entry::Model,
) -> Result<student::Model, KernelError> {
    let keys = &context.store.keys;
    let given = child::of(keys, entry)?;
    let grade = first_grade(plan);
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

/// The seat says school, place, stage and grade; the class itself comes with the draw.
fn first_grade(plan: &plan::Model) -> school_class::Model {
    school_class::Model {
        id: Uuid::nil(),
        school: plan.school,
        place: plan.place,
        stage: plan.stage,
        grade: 1,
        grade_year: plan.school_year,
        number: 0,
        version: 0,
    }
}

/// Whether another school keeps the child in the stage that is admitted to: then both claim one record.
fn is_kept_elsewhere(plan: &plan::Model, known: &student::Model) -> bool {
    known.school != plan.school && known.stage >= plan.stage && is_live(known.state)
}

fn disputed(entry: &entry::Model, case: &str) -> UnregisteredEntry {
    UnregisteredEntry {
        entry: child::name_of(entry.id),
        why: format!("another school keeps this child's record; the claim is settled in {case}"),
        why_zh: format!("该生已在其他学校建籍,已列入双重学籍核查({case})"),
    }
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
