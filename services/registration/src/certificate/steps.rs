//! Takes the steps of a certificate: revoke, replace, keep.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::id_of;
use junheng_kernel::resource;
use junheng_kernel::scope::Scope;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_kernel::workflow::{Asked, Standing, check_reason};
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::Certificate;
use junheng_proto::workflow::v1::StepRequest;
use tonic::Request;

use super::error::CertificateError;
use super::issue::{Issue, encode, told};
use super::workflow::{ASK_REISSUE, ASK_REVOCATION, CERTIFICATE, KEEP, State};
use crate::entity::certificate::Model;
use crate::entity::{certificate, school, student};
use crate::school::parent;

/// The steps that must say why.
const WITH_REASON: [&str; 3] = [ASK_REVOCATION, ASK_REISSUE, KEEP];

pub(super) async fn take(
    context: &Context,
    request: Request<StepRequest>,
    step: &'static str,
) -> Result<Certificate, CertificateError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let asked = Asked::of(step, &message)?;
    if WITH_REASON.contains(&step) {
        KernelError::unless_empty(check_reason("note", &message.note))?;
    }
    let key = RequestKey::of(&message.request_id, &message)?;
    let id = id_of("certificates", &asked.name)?;
    let context = context.clone();
    let store = context.store.clone();
    store
        .write(&caller.clone(), key, move |tx| async move {
            let keys = context.store.keys.clone();
            let before = parent::held::<certificate::Entity>(&*tx, &caller.scope, id).await?;
            let standing = Standing {
                state: State::try_from(before.state).unwrap_or_default(),
                version: before.version,
                region: &before.region,
            };
            let taken = CERTIFICATE
                .take(&tx, &context, &caller, &asked, standing, |_| true)
                .await?;
            let mut changed = before.clone();
            changed.state = taken.to as i32;
            changed.version += 1;
            changed.update_micros = context.clock.now_micros();
            resource::replace::<certificate::Entity>(&*tx, changed.clone(), before.version).await?;
            let mut entry = about(&changed).with(told(Some(&before), &changed));
            let mut answer = encode(&keys, &changed)?;
            if taken.to == State::Replaced {
                let everywhere =
                    Scope::everything("school and holder of a certificate that the caller covers");
                let school =
                    resource::get::<school::Entity>(&*tx, &everywhere, before.school).await?;
                let student =
                    resource::get::<student::Entity>(&*tx, &everywhere, before.student).await?;
                let issue = Issue {
                    keys: &keys,
                    school: &school,
                    list: before.list,
                    graduation_year: before.graduation_year,
                    today: context.clock.today(),
                    now_micros: changed.update_micros,
                };
                let issued = issue.run(&*tx, &[(&student, Some(before.id))]).await?;
                for one in &issued {
                    entry = entry.with(told(None, one));
                    answer = encode(&keys, one)?;
                }
            }
            Ok::<_, CertificateError>((answer, taken.entry(entry, &asked)))
        })
        .await
}

/// The entry about a certificate.
pub(super) fn about(row: &Model) -> Entry {
    let name = format!("certificates/{}", row.id);
    Entry::about(name, row.place, Some(row.school), DataClass::Sensitive)
}
