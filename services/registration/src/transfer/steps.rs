//! Takes the steps of a transfer.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::name::id_of;
use junheng_kernel::post::Level;
use junheng_kernel::resource;
use junheng_kernel::scope::Scope;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_kernel::workflow::{Asked, Standing, WorkflowError, check_reason};
use junheng_proto::registration::v1::Transfer;
use junheng_proto::workflow::v1::StepRequest;
use tonic::Request;
use uuid::Uuid;

use super::complete::{claim, complete};
use super::encode::{Application, about, encode};
use super::error::TransferError;
use super::workflow::{
    COMPLETE, HAND_OVER, OUTSIDE, RECEIVING, REJECT, RETURN_FILE, SENDING, WITHDRAW, is_ended,
    state_of, table_of,
};
use super::{facts, rules};
use crate::dropout_case::moving;
use crate::entity::transfer::{Entity, Model};
use crate::school::parent;
use crate::school_class::store as classes;
use crate::student::error::StudentError;
use crate::student::store as students;
use crate::{key_change, status_change};

/// Takes a step and answers with the transfer after it.
pub(super) async fn take(
    context: &Context,
    step: &'static str,
    request: Request<StepRequest>,
) -> Result<Transfer, TransferError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let id = id_of("transfers", &message.name)?;
    let asked = Asked::of(step, &message)?;
    if [REJECT, RETURN_FILE].contains(&step) {
        KernelError::unless_empty(check_reason("note", &message.note))?;
    }
    let key = RequestKey::of(&message.request_id, &message)?;
    let of_claims = context;
    let (context, taker) = (context.clone(), caller.clone());
    let store = context.store.clone();
    let answer = store
        .write(&caller, key, move |tx| async move {
            let current = parent::held::<Entity>(&*tx, &taker.scope, id).await?;
            let standing = Standing {
                state: state_of(current.state),
                version: current.version,
                region: current.rules_region(),
            };
            let is_party = |party: &str| covers(&current, &taker, party);
            let taken = table_of(current.route)
                .take(&tx, &context, &taker, &asked, standing, is_party)
                .await?;
            let all = Scope::everything("the caller was found to be a party of the transfer");
            let student = match current.student {
                // Whoever begins something else for the pupil comes before, or finds the record where it goes; cases are held
                // before their students.
                Some(id) if step == COMPLETE => {
                    moving::hold(&*tx, std::iter::once(id)).await?;
                    Some(students::hold_one(&*tx, &all, id).await?)
                }
                Some(id) => students::with_id(&*tx, id).await?,
                None => None,
            };
            let class = facts::class_of(&*tx, &current).await?;
            if let Some(class) = class.as_ref().filter(|_| step == COMPLETE) {
                // Who comes into the same class meanwhile waits, and is counted then.
                classes::hold(&*tx, class.id).await?;
            }
            let evidence = asked.evidence.len();
            let facts = facts::load(
                &*tx,
                &context,
                &current,
                student.as_ref(),
                class.as_ref(),
                evidence,
            )
            .await?;
            taken.pass(&asked, |guard| rules::judge(guard, &facts))?;
            if step == COMPLETE
                && let Some(student) = &student
            {
                refuse_open(&tx, &asked, taken.row.label, student.id).await?;
            }

            let before = encode(&context, &current)?;
            let mut changed = current.clone();
            changed.state = taken.to as i32;
            (changed.due_date, changed.due_provisional) = taken.due_date();
            changed.update_micros = context.clock.now_micros();
            changed.version += 1;
            if is_ended(taken.to) {
                changed.open_key = None;
            }
            said(&context, &asked, &mut changed)?;
            let mut records = Vec::new();
            if step == COMPLETE {
                if current.receiving_school.is_some() && class.is_none() {
                    let class = before.receiving_class.clone();
                    return Err(StudentError::ClassUnknown { class }.into());
                }
                records = complete(
                    &tx,
                    &context,
                    &taker,
                    &mut changed,
                    student.as_ref(),
                    class.as_ref(),
                )
                .await?;
            }
            resource::replace::<Entity>(&*tx, changed.clone(), current.version).await?;
            let answer = encode(&context, &changed)?;
            let entry = about(&changed)
                .change(Some(&before), &answer)
                .with_all(records);
            Ok::<_, TransferError>((answer, taken.entry(entry, &asked)))
        })
        .await;
    if let (COMPLETE, Err(TransferError::Student(StudentError::PersonRegistered(_)))) =
        (step, &answer)
    {
        // The pupil has come by a record here meanwhile: where another school has it, both learn of it, and settle whose it is.
        claim(of_claims, &caller, id).await?;
    }
    answer
}

/// Refuses to move a record of which the school that gives it up has begun something else: once the pupil is gone, the school
/// could only take it back.
async fn refuse_open(
    tx: &Tx,
    asked: &Asked,
    step: &'static str,
    student: Uuid,
) -> Result<(), TransferError> {
    let key_change = key_change::store::open_of(&**tx, student).await?;
    let key_change = key_change.map(|open| (format!("keyChanges/{}", open.id), "关键信息变更"));
    let status_change = status_change::store::open_of(&**tx, student).await?;
    let status_change =
        status_change.map(|open| (format!("statusChanges/{}", open.id), "学籍异动"));
    let Some((name, zh)) = key_change.or(status_change) else {
        return Ok(());
    };
    Err(WorkflowError::NotReady {
        name: asked.name.clone(),
        step,
        method: asked.step.to_owned(),
        missing: format!("{name} of the sending school has not ended"),
        missing_zh: format!("转出校正在办理该生的{zh}({name}),请先办结或撤回"),
    }
    .into())
}

/// Whether the caller's post is on that side.
fn covers(transfer: &Model, caller: &Caller, party: &str) -> bool {
    let on =
        |place: Option<i64>, school| place.is_some_and(|place| caller.scope.covers(place, school));
    let receiving = on(transfer.receiving_place, transfer.receiving_school);
    let sending = on(transfer.sending_place, transfer.sending_school);
    match party {
        RECEIVING => receiving,
        SENDING => sending,
        OUTSIDE => caller.role.level == Level::Province && (receiving || sending),
        _ => false,
    }
}

/// Keeps what the step says: the papers of the file, and why it was refused, withdrawn or given back.
fn said(context: &Context, asked: &Asked, transfer: &mut Model) -> Result<(), KernelError> {
    let keys = &context.store.keys;
    let mut application = Application::of(keys, transfer)?;
    match asked.step {
        HAND_OVER => {
            application.papers = asked.evidence.clone();
            application.end_reason = String::new();
        }
        REJECT | RETURN_FILE | WITHDRAW => application.end_reason = asked.note.clone(),
        _ => return Ok(()),
    }
    transfer.personal = application.seal(keys, transfer.id)?;
    Ok(())
}
