//! Takes a step of an export.

use chrono::Days;
use junheng_kernel::admission::Caller;
use junheng_kernel::name::id_of;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_kernel::workflow::{Asked, Standing};
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::Export;
use junheng_proto::workflow::v1::StepRequest;

use super::encode::{about, encode};
use super::error::ExportError;
use super::workflow::{APPROVE, WORKFLOW, state_of};
use super::{rules, store};
use crate::approval;
use crate::entity::export;
use crate::rule_book::{RegionPath, RuleBook};
use crate::school::parent;

/// Takes a step and answers with the export after it.
pub(super) async fn take(
    context: &Context,
    caller: Caller,
    step: &'static str,
    message: StepRequest,
) -> Result<Export, ExportError> {
    let id = id_of("exports", &message.name)?;
    let asked = Asked::of(step, &message)?;
    let key = RequestKey::of(&message.request_id, &message)?;
    let context = context.clone();
    let store = context.store.clone();
    store
        .write(&caller.clone(), key, move |tx| async move {
            let current = parent::held::<export::Entity>(&*tx, &caller.scope, id).await?;
            let region = approval::region_of(current.place);
            let standing = Standing {
                state: state_of(current.state),
                version: current.version,
                region: &region,
            };
            let taken = WORKFLOW
                .take(&tx, &context, &caller, &asked, standing, |_| true)
                .await?;
            let evidence = asked.evidence.len();
            taken.pass(&asked, |guard| rules::judge(guard, &asked.note, evidence))?;
            let mut changed = current.clone();
            changed.state = taken.to as i32;
            (changed.due_date, changed.due_provisional) = taken.due_date();
            if step == APPROVE {
                let today = context.clock.today();
                let path = RegionPath::of(&context.regions, &region);
                let days = RuleBook::builtin()?.count("export.download_days", &path, today)?;
                let last = today.checked_add_days(Days::new(days.into()));
                changed.expire_date = last.unwrap_or(today).to_string();
            }
            changed.version += 1;
            store::replace(&*tx, &changed, current.version).await?;
            let answer = encode(&changed);
            let entry = about(&changed, DataClass::Internal);
            let entry = entry.change(Some(&encode(&current)), &answer);
            Ok::<_, ExportError>((answer, taken.entry(entry, &asked)))
        })
        .await
}
