//! Takes a step of a grant.

use junheng_kernel::admission::Caller;
use junheng_kernel::name::id_of;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_kernel::workflow::{Asked, Standing};
use junheng_proto::registration::v1::AccessGrant;
use junheng_proto::workflow::v1::StepRequest;

use super::encode::{about, encode};
use super::error::GrantError;
use super::workflow::{WORKFLOW, state_of};
use super::{rules, store};
use crate::approval;
use crate::entity::access_grant;
use crate::school::parent;

/// Takes a step and answers with the grant after it.
pub(super) async fn take(
    context: &Context,
    caller: Caller,
    step: &'static str,
    message: StepRequest,
) -> Result<AccessGrant, GrantError> {
    let id = id_of("accessGrants", &message.name)?;
    let asked = Asked::of(step, &message)?;
    let key = RequestKey::of(&message.request_id, &message)?;
    let context = context.clone();
    let store = context.store.clone();
    store
        .write(&caller.clone(), key, move |tx| async move {
            let current = parent::held::<access_grant::Entity>(&*tx, &caller.scope, id).await?;
            let region = approval::region_of(current.place);
            let standing = Standing {
                state: state_of(current.state),
                version: current.version,
                region: &region,
            };
            let taken = WORKFLOW
                .take(&tx, &context, &caller, &asked, standing, |_| true)
                .await?;
            taken.pass(&asked, |guard| rules::judge(guard, &asked.note))?;
            let mut changed = current.clone();
            changed.state = taken.to as i32;
            (changed.due_date, changed.due_provisional) = taken.due_date();
            changed.version += 1;
            store::step(&*tx, &changed, current.version).await?;
            let answer = encode(&changed);
            let entry = about(&changed).change(Some(&encode(&current)), &answer);
            Ok::<_, GrantError>((answer, taken.entry(entry, &asked)))
        })
        .await
}
