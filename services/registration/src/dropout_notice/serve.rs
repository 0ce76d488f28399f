//! What happens to a notice after it is drawn: it is served, or revoked.

use chrono::Days;
use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::label;
use junheng_kernel::name::{check_etag, id_of};
use junheng_kernel::post::Level;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_kernel::text::check_text;
use junheng_kernel::workflow::{check_evidence, check_reason, kept};
use junheng_proto::registration::v1::dropout_notice::State;
use junheng_proto::registration::v1::{
    DropoutNotice, RecordNoticeServiceRequest, RevokeDropoutNoticeRequest,
};
use tonic::Request;
use uuid::Uuid;

use super::encode::{Printed, Service, about, encode, name_of};
use super::error::DropoutNoticeError;
use super::kinds::{Form, Kind, form_of};
use super::{service, store as notices};
use crate::dropout_case::history::{self, Event};
use crate::dropout_case::opening::Scene;
use crate::dropout_case::rules::day_between;
use crate::dropout_case::store as cases;
use crate::dropout_case::workflow::state_of;
use crate::entity::dropout_notice::{Entity, Model};
use crate::entity::{dropout_case, dropout_case_event};
use crate::school::parent;

/// Records the service of a notice.
pub(super) async fn serve(
    context: &Context,
    request: Request<RecordNoticeServiceRequest>,
) -> Result<DropoutNotice, DropoutNoticeError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let id = id_of("dropoutNotices", &message.name)?;
    let key = RequestKey::of(&message.request_id, &message)?;
    KernelError::unless_empty(check_service(&message))?;
    let (context, server) = (context.clone(), caller.clone());
    let store = context.store.clone();
    store
        .write(&caller, key, move |tx| async move {
            let (case, before, form) = held(&tx, &server, id, &message.etag).await?;
            if before.state != State::Drawn as i32 {
                return Err(not_valid(&before));
            }
            let keys = &context.store.keys;
            let printed = Printed::of(keys, &before)?;
            let today = context.clock.today();
            let served = day_between(
                "served_date",
                &message.served_date,
                before.drawn_date,
                today,
            )
            .map_err(|wrong| KernelError::Fields(vec![wrong]))?;
            let scene = Scene::of(&context)?;
            if let Some(rule) = &form.serve_within {
                let until = service::last_day(&scene, &case.region, rule, before.drawn_date)?;
                if served > until {
                    let name = name_of(&before);
                    return Err(DropoutNoticeError::ServedLate { name, until });
                }
            }
            let method = message.service_method;
            let counts_from = service::counts_from(&scene, &case.region, method, served)?;
            let days = u64::try_from(printed.days).unwrap_or_default();
            let mut after = before.clone();
            after.state = State::Served as i32;
            after.served_date = Some(served);
            after.service_method = method;
            after.comply_date = (days > 0)
                .then(|| counts_from.checked_add_days(Days::new(days)))
                .flatten();
            after.service = Service {
                received_by: message.received_by.trim().to_owned(),
                evidence: kept(&message.evidence),
                revoked_reason: String::new(),
            }
            .seal(keys, after.id)?;
            // It counts as issued when it has reached somebody: a paper in a drawer is none.
            let noticed = dropout_case_event::Model {
                level: issuing(&after).into(),
                ..history::happening(&case, Event::Noticed, served)
            };
            history::keep(&*tx, &scene, vec![noticed]).await?;
            written(&tx, &context, &before, after).await
        })
        .await
}

/// Revokes a notice.
pub(super) async fn revoke(
    context: &Context,
    request: Request<RevokeDropoutNoticeRequest>,
) -> Result<DropoutNotice, DropoutNoticeError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let id = id_of("dropoutNotices", &message.name)?;
    let key = RequestKey::of(&message.request_id, &message)?;
    KernelError::unless_empty(check_reason("reason", &message.reason))?;
    let (context, revoker) = (context.clone(), caller.clone());
    let store = context.store.clone();
    store
        .write(&caller, key, move |tx| async move {
            let (case, before, form) = held(&tx, &revoker, id, &message.etag).await?;
            if before.state == State::Revoked as i32 {
                return Err(not_valid(&before));
            }
            let state = state_of(case.state);
            let is_spare = before.state == State::Drawn as i32
                && notices::holding(&*tx, case.id).await?.iter().any(|row| {
                    let round = |row: &Model| (row.kind, row.relapses);
                    row.id != before.id && round(row) == round(&before)
                });
            if !form.can_be_revoked(state, is_spare) {
                return Err(DropoutNoticeError::ReliedOn {
                    name: name_of(&before),
                    state: label::of(state),
                });
            }
            let keys = &context.store.keys;
            let mut after = before.clone();
            after.state = State::Revoked as i32;
            after.service = Service {
                revoked_reason: message.reason.clone(),
                ..Service::of(keys, &before)?
            }
            .seal(keys, after.id)?;
            written(&tx, &context, &before, after).await
        })
        .await
}

/// The notice as it stands with its case, both held until the transaction ends: no step of the case passes meanwhile.
async fn held(
    tx: &Tx,
    caller: &Caller,
    id: Uuid,
    etag: &str,
) -> Result<(dropout_case::Model, Model, &'static Form), DropoutNoticeError> {
    let seen = parent::held::<Entity>(&**tx, &caller.scope, id).await?;
    let case = cases::hold(&**tx, &caller.scope, seen.dropout_case).await?;
    let notice = resource::get::<Entity>(&**tx, &caller.scope, id).await?;
    check_etag(&name_of(&notice), etag, notice.version)?;
    let kind = Kind::try_from(notice.kind).unwrap_or_default();
    let form = form_of(kind)?;
    let issuing = issuing(&notice);
    if caller.role.level != issuing {
        return Err(DropoutNoticeError::NotYours {
            kind: label::of(kind),
            by: label::of(issuing).to_owned(),
        });
    }
    Ok((case, notice, form))
}

/// The level of the office whose notice it is.
fn issuing(notice: &Model) -> Level {
    if notice.issuer.starts_with("schools/") {
        Level::School
    } else {
        Level::County
    }
}

async fn written(
    tx: &Tx,
    context: &Context,
    before: &Model,
    mut after: Model,
) -> Result<(DropoutNotice, junheng_kernel::journal::Entry), DropoutNoticeError> {
    let keys = &context.store.keys;
    after.version += 1;
    after.update_micros = context.clock.now_micros();
    resource::replace::<Entity>(&**tx, after.clone(), before.version).await?;
    let answer = encode(keys, &after)?;
    let entry = about(&after).change(Some(&encode(keys, before)?), &answer);
    Ok((answer, entry))
}

fn check_service(message: &RecordNoticeServiceRequest) -> Vec<Violation> {
    let mut wrong = check_evidence("evidence", &message.evidence);
    if message.evidence.is_empty() {
        wrong.push(Violation::invalid(
            "evidence",
            "must hold the receipt or what stands for it",
            "须附送达回证或相应证明",
        ));
    }
    wrong.extend(label::check(
        "service_method",
        "junheng.registration.v1.DropoutNotice.ServiceMethod",
        message.service_method,
    ));
    wrong.extend(check_text("received_by", &message.received_by));
    if !(1..=50).contains(&message.received_by.trim().chars().count()) {
        wrong.push(Violation::invalid(
            "received_by",
            "must have 1 to 50 characters",
            "应为1至50字",
        ));
    }
    wrong
}

fn not_valid(row: &Model) -> DropoutNoticeError {
    DropoutNoticeError::NotValid {
        name: name_of(row),
        state: label::of(State::try_from(row.state).unwrap_or_default()),
    }
}
