//! Takes a step of a change.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::name::id_of;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_kernel::workflow::{Asked, Standing, WorkflowError, check_reason};
use junheng_proto::registration::v1::StatusChange;
use junheng_proto::workflow::v1::StepRequest;
use tonic::Request;
use uuid::Uuid;

use super::effect::{Effect, class_in};
use super::error::StatusChangeError;
use super::file::about;
use super::rpc::encode;
use super::rules::{self, Facts};
use super::store;
use super::workflow::{Kind, REJECT, State, state_of};
use crate::duplicate_case;
use crate::entity::{status_change, student};
use crate::rule_book::{RegionPath, RuleBook};
use crate::school::parent;

pub(super) async fn take(
    context: &Context,
    request: Request<StepRequest>,
    step: &'static str,
) -> Result<StatusChange, StatusChangeError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let asked = Asked::of(step, &message)?;
    if step == REJECT {
        KernelError::unless_empty(check_reason("note", &message.note))?;
    }
    let key = RequestKey::of(&message.request_id, &message)?;
    let id = id_of("statusChanges", &asked.name)?;
    let context = context.clone();
    let store = context.store.clone();
    store
        .write(&caller.clone(), key, move |tx| async move {
            let keys = context.store.keys.clone();
            let today = context.clock.today();
            let before = parent::held::<status_change::Entity>(&*tx, &caller.scope, id).await?;
            let rule = rules::rule_of(before.kind)
                .ok_or_else(|| KernelError::Stored(format!("kind {}", before.kind)))?;
            let standing = Standing {
                state: state_of(before.state),
                version: before.version,
                region: &before.region,
            };
            let taken = rule
                .workflow
                .take(&tx, &context, &caller, &asked, standing, |_| true)
                .await?;
            let everywhere = junheng_kernel::scope::Scope::everything(
                "the student of a change that the caller covers",
            );
            let student =
                resource::get::<student::Entity>(&*tx, &everywhere, before.student).await?;
            let class = class_in(&*tx, before.school, before.school_class).await?;
            let leave = store::running(&*tx, before.student).await?;
            let path = RegionPath::of(&context.regions, &before.region);
            let facts = Facts {
                student: &student,
                leave: leave.as_ref(),
                run_start: None,
                class: class.as_ref(),
                path: &path,
                today,
                calendar: &context.calendar,
                book: RuleBook::builtin()?,
            };
            taken
                .pass(&asked, |guard| rules::judge(guard, rule, &before, &facts))
                .map_err(KernelError::from)?;
            if taken.to == State::Effective && rule.kind == Kind::Cancellation {
                refuse_disputed(&tx, &asked, taken.row.label, student.id).await?;
            }
            let now_micros = context.clock.now_micros();
            let mut records = Vec::new();
            if taken.to == State::Effective {
                let effect = Effect {
                    keys: &keys,
                    today,
                    now_micros,
                    rule,
                    change: &before,
                    student: &student,
                    class: class.as_ref(),
                    leave: leave.as_ref(),
                };
                records = effect.run(&*tx).await?;
            }
            let mut changed = before.clone();
            changed.state = taken.to as i32;
            (changed.due_date, changed.due_provisional) = taken.due_date();
            changed.version += 1;
            changed.update_micros = now_micros;
            resource::replace::<status_change::Entity>(&*tx, changed.clone(), before.version)
                .await?;
            let answer = encode(&keys, &changed, today)?;
            let entry = about(&changed)
                .change(Some(&encode(&keys, &before, today)?), &answer)
                .with_all(records);
            Ok::<_, StatusChangeError>((answer, taken.entry(entry, &asked)))
        })
        .await
}

/// A record that two schools claim is not cancelled behind the back of the case that settles it. One that only may be a
/// second one is: that is how the suspicion ends.
async fn refuse_disputed(
    tx: &Tx,
    asked: &Asked,
    step: &'static str,
    student: Uuid,
) -> Result<(), KernelError> {
    if !duplicate_case::store::is_disputed(&**tx, student).await? {
        return Ok(());
    }
    Err(WorkflowError::NotReady {
        name: asked.name.clone(),
        step,
        method: asked.step.to_owned(),
        missing: "the record is disputed; settle the case of double registration first".into(),
        missing_zh: "该生存在双重学籍争议,请先办结".into(),
    }
    .into())
}
