//! Drafts a relief plan and takes its steps.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::id_of;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_kernel::workflow::{Asked, Standing, check_reason};
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::{CreateReliefPlanRequest, ReliefPlan};
use junheng_proto::workflow::v1::StepRequest;
use tonic::Request;
use uuid::Uuid;

use super::error::ClassSizeError;
use super::rpc::encode;
use super::workflow::{CREATE, WITHDRAW, WORKFLOW, state_name, state_of};
use super::{rules, store};
use crate::entity::relief_plan::{Entity, Model};
use crate::entity::school_class;
use crate::school::parent;
use crate::school_class::rules::Place;
use crate::statistic::band;

pub(super) async fn create(
    context: &Context,
    request: Request<CreateReliefPlanRequest>,
) -> Result<ReliefPlan, ClassSizeError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let key = RequestKey::of(&message.request_id, &message)?;
    let id = id_of("classes", &message.parent)?;
    let required = || KernelError::Fields(vec![Violation::required("relief_plan")]);
    let plan = message.relief_plan.ok_or_else(required)?;
    let today = context.clock.today();
    KernelError::unless_empty(rules::check(&plan, today))?;
    let (scope, now) = (caller.scope.clone(), context.clock.now_micros());
    context
        .store
        .write(&caller, key, move |tx| async move {
            let class = parent::held::<school_class::Entity>(&*tx, &scope, id).await?;
            if let Some(other) = store::under_way(&*tx, [id]).await?.first() {
                let name = format!("reliefPlans/{}", other.id);
                return Err(ClassSizeError::UnderWay { name });
            }
            let students = store::students_of(&*tx, id).await?;
            if rules::band_of(students, today).is_none() {
                return Err(ClassSizeError::NotLarge {
                    class: Place::of(&class).full_name(),
                    students,
                    limit: band::large_from(today)?,
                });
            }
            let new = Model {
                id: Uuid::now_v7(),
                school: class.school,
                place: class.place,
                school_class: id,
                measure: plan.measure,
                statement: plan.statement.trim().to_owned(),
                end_date: plan.end_date,
                state: WORKFLOW.start as i32,
                planned_student_count: students,
                update_micros: now,
                version: 1,
            };
            store::insert(&*tx, new.clone()).await?;
            let answer = encode(&new, today);
            let entry =
                about(&new)
                    .change(None, &answer)
                    .step(CREATE, "", state_name(WORKFLOW.start));
            Ok((answer, entry))
        })
        .await
}

pub(super) async fn take(
    context: &Context,
    request: Request<StepRequest>,
    step: &'static str,
) -> Result<ReliefPlan, ClassSizeError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let key = RequestKey::of(&message.request_id, &message)?;
    let asked = Asked::of(step, &message)?;
    if step == WITHDRAW {
        KernelError::unless_empty(check_reason("note", &asked.note))?;
    }
    let id = id_of("reliefPlans", &asked.name)?;
    let context = context.clone();
    let store = context.store.clone();
    store
        .write(&caller.clone(), key, move |tx| async move {
            let current = parent::held::<Entity>(&*tx, &caller.scope, id).await?;
            let standing = Standing {
                state: state_of(current.state),
                version: current.version,
                // No step of this table depends on the levels above, and nothing is due by a rule.
                region: "",
            };
            let taken = WORKFLOW
                .take(&tx, &context, &caller, &asked, standing, |_| true)
                .await?;
            let students = store::students_of(&*tx, current.school_class).await?;
            let today = context.clock.today();
            let large_from = band::large_from(today)?;
            taken.pass(&asked, |guard| rules::judge(guard, students, large_from))?;
            let changed = Model {
                state: taken.to as i32,
                version: current.version + 1,
                update_micros: context.clock.now_micros(),
                ..current.clone()
            };
            store::replace(&*tx, &changed, current.version).await?;
            let (before, answer) = (encode(&current, today), encode(&changed, today));
            let entry = about(&changed).change(Some(&before), &answer);
            Ok::<_, ClassSizeError>((answer, taken.entry(entry, &asked)))
        })
        .await
}

fn about(plan: &Model) -> Entry {
    let name = format!("reliefPlans/{}", plan.id);
    Entry::about(name, plan.place, Some(plan.school), DataClass::Internal)
}
