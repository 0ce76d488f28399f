//! Takes a step of a recognition, and lets the flags of the student's record follow.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::name::id_of;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_kernel::workflow::{Asked, Standing};
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::GroupRecognition;
use junheng_proto::workflow::v1::StepRequest;

use super::encode::{about, encode};
use super::error::RecognitionError;
use super::rules::{self, Facts};
use super::store;
use super::workflow::{State, WORKFLOW, state_of};
use crate::approval;
use crate::entity::group_recognition::{self, Model};
use crate::entity::student;
use crate::school::parent;
use crate::student::ledger::{self, Pen};

/// Takes a step and answers with the recognition after it.
pub(super) async fn take(
    context: &Context,
    caller: Caller,
    step: &'static str,
    message: StepRequest,
) -> Result<GroupRecognition, RecognitionError> {
    let id = id_of("groupRecognitions", &message.name)?;
    let asked = Asked::of(step, &message)?;
    let key = RequestKey::of(&message.request_id, &message)?;
    let context = context.clone();
    let store = context.store.clone();
    store
        .write(&caller.clone(), key, move |tx| async move {
            let current =
                parent::held::<group_recognition::Entity>(&*tx, &caller.scope, id).await?;
            let region = approval::region_of(current.place);
            let standing = Standing {
                state: state_of(current.state),
                version: current.version,
                region: &region,
            };
            let taken = WORKFLOW
                .take(&tx, &context, &caller, &asked, standing, |_| true)
                .await?;
            let facts = Facts {
                kind: current.kind,
                valid_until: &current.valid_until,
                level: caller.role.level,
                note: &asked.note,
                today: context.clock.today(),
            };
            taken.pass(&asked, |guard| rules::judge(guard, &facts))?;
            let mut changed = current.clone();
            changed.state = taken.to as i32;
            (changed.due_date, changed.due_provisional) = taken.due_date();
            changed.version += 1;
            store::replace(&*tx, &changed, current.version).await?;
            let flagged = follow(&tx, &context, &caller, &current, &changed).await?;
            let keys = &context.store.keys;
            let answer = encode(keys, &changed)?;
            let entry = about(&changed)
                .change(Some(&encode(keys, &current)?), &answer)
                .with_all(flagged);
            Ok::<_, RecognitionError>((answer, taken.entry(entry, &asked)))
        })
        .await
}

/// Sets or ends the flags, if the step put the recognition in force or out of it.
async fn follow(
    tx: &Tx,
    context: &Context,
    caller: &Caller,
    before: &Model,
    after: &Model,
) -> Result<Vec<Record>, KernelError> {
    let stands = |row: &Model| row.state == State::Recognised as i32;
    if stands(before) == stands(after) {
        return Ok(Vec::new());
    }
    let student = resource::get::<student::Entity>(&**tx, &caller.scope, after.student).await?;
    let wanted = if stands(after) {
        rules::with(&student, after)
    } else {
        let others = store::live(&**tx, [student.id]).await?;
        let others = others
            .iter()
            .filter(|row| row.id != after.id && stands(row));
        let others: Vec<i32> = others.map(|row| row.kind).collect();
        rules::without(&student, after.kind, &others)
    };
    if wanted == student {
        return Ok(Vec::new());
    }
    let pen = Pen::of(context);
    let (_, told) = ledger::change(&**tx, pen, &student, wanted, None).await?;
    Ok(told)
}
