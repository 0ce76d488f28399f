//! Takes children off a list: while it is open, and who was admitted and does not come. Either way the child can stand on
//! another list of the year.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::record;
use junheng_kernel::name::{check_etag, id_of};
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_kernel::workflow::{Asked, WorkflowError, check_reason};
use junheng_proto::registration::v1::AdmissionEntry;
use junheng_proto::registration::v1::admission_entry::Outcome;
use junheng_proto::workflow::v1::StepRequest;

use super::entries::{about_entry, open_plan};
use super::error::AdmissionError;
use super::rpc::{encode, name_of};
use super::{child, counts, rules, store};
use crate::entity::{admission_entry as entry, admission_plan as plan};
use crate::school::parent;

/// By which way a child leaves a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    /// Off a list that is still open.
    Withdrawn,
    /// Out of a place that a confirmed list gave.
    Released,
}

// === impl Leaving ===

impl Leaving {
    fn step(self) -> &'static str {
        match self {
            Self::Withdrawn => "WithdrawAdmissionEntry",
            Self::Released => "ReleaseAdmissionEntry",
        }
    }

    fn outcome(self) -> i32 {
        match self {
            Self::Withdrawn => Outcome::Withdrawn as i32,
            Self::Released => Outcome::Released as i32,
        }
    }

    /// The list without the child. Fails where it cannot leave the list by this way.
    async fn list_without(
        self,
        tx: &Tx,
        list: &plan::Model,
        leaving: &entry::Model,
    ) -> Result<plan::Model, AdmissionError> {
        let mut listed = list.clone();
        match self {
            Self::Withdrawn => {
                counts::list(&**tx, list.id, [(leaving.kind, -1)].into()).await?;
                listed.listed_count -= 1;
            }
            Self::Released => {
                if let Some((missing, missing_zh)) = rules::not_releasable(list, leaving) {
                    return Err(not_ready(leaving, missing, missing_zh).into());
                }
                counts::release(&**tx, list.id, leaving.kind, leaving.arrived).await?;
                listed.admitted_count -= 1;
                listed.arrived_count -= i32::from(leaving.arrived);
            }
        }
        listed.version += 1;
        Ok(listed)
    }
}

/// Takes a child off its list.
pub(super) async fn leave(
    context: &Context,
    caller: Caller,
    message: StepRequest,
    leaving: Leaving,
) -> Result<AdmissionEntry, AdmissionError> {
    let asked = Asked::of(leaving.step(), &message)?;
    KernelError::unless_empty(check_reason("note", &asked.note))?;
    let id = id_of("admissionEntries", &asked.name)?;
    let key = RequestKey::of(&message.request_id, &message)?;
    let (context, store) = (context.clone(), context.store.clone());
    store
        .write(&caller.clone(), key, move |tx| async move {
            let found = parent::held::<entry::Entity>(&*tx, &caller.scope, id).await?;
            store::hold_plan(&*tx, found.plan).await?;
            let current = resource::get::<entry::Entity>(&*tx, &caller.scope, id).await?;
            check_etag(&asked.name, &asked.etag, current.version)?;
            let list = match leaving {
                Leaving::Withdrawn => open_plan(&*tx, &caller.scope, current.plan).await?,
                Leaving::Released => {
                    resource::get::<plan::Entity>(&*tx, &caller.scope, current.plan).await?
                }
            };
            let keys = &context.store.keys;
            let before = child::encode(keys, &current)?;
            if current.outcome == leaving.outcome() {
                let entry = about_entry(&current);
                return Ok((before, entry));
            }
            let mut listed = leaving.list_without(&tx, &list, &current).await?;
            listed.update_micros = context.clock.now_micros();
            let mut changed = store::let_go(current.clone());
            changed.outcome = leaving.outcome();
            changed.arrived = false;
            resource::replace::<entry::Entity>(&*tx, changed.clone(), current.version).await?;
            resource::replace::<plan::Entity>(&*tx, listed.clone(), list.version).await?;
            let answer = child::encode(keys, &changed)?;
            let told = record(
                &name_of(&listed),
                listed.place,
                Some(listed.school),
                Some(&encode(&list)),
                &encode(&listed),
                true,
            );
            let entry = about_entry(&changed)
                .change(Some(&before), &answer)
                .with(told)
                .note(&asked.note)
                .evidence(&asked.evidence);
            Ok::<_, AdmissionError>((answer, entry))
        })
        .await
}

fn not_ready(entry: &entry::Model, missing: &str, missing_zh: &str) -> KernelError {
    WorkflowError::NotReady {
        name: child::name_of(entry.id),
        step: "释放学位",
        method: Leaving::Released.step().into(),
        missing: missing.into(),
        missing_zh: missing_zh.into(),
    }
    .into()
}
