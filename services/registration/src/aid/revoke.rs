//! Takes a wrong grant back (更正): the row goes, the sums with it, and the journal keeps what stood and why it went. The right
//! one is recorded anew.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::id_of;
use junheng_kernel::resource;
use junheng_kernel::scope::Scope;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_kernel::workflow::check_reason;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::{AidGrant, RevokeAidGrantRequest};

use super::record::encode;
use super::{store, totals};
use crate::entity::aid_grant;
use crate::school::parent;

/// Takes a grant back and answers with what it was.
pub(super) async fn run(
    context: &Context,
    caller: Caller,
    message: RevokeAidGrantRequest,
) -> Result<AidGrant, KernelError> {
    let key = RequestKey::of(&message.request_id, &message)?;
    let id = id_of("aidGrants", &message.name)?;
    let store = context.store.clone();
    store
        .write(&caller.clone(), key, move |tx| async move {
            let grant = resource::get::<aid_grant::Entity>(&*tx, &caller.scope, id).await?;
            KernelError::unless_empty(check_reason("note", &message.note))?;
            let anywhere = Scope::everything("the student of a grant that the caller covers");
            let student = vec![grant.student];
            let found =
                store::students(&*tx, &anywhere, student.clone(), Vec::new(), false).await?;
            // Schools first and then the student, as where grants are recorded.
            parent::hold_places(&*tx, found.iter().map(|one| one.school)).await?;
            let found = store::students(&*tx, &anywhere, student, Vec::new(), true).await?;
            if !store::delete(&*tx, id).await? {
                return Err(KernelError::not_found(message.name.clone()));
            }
            let term = (grant.school_year, grant.term);
            let left = store::with_allowance(&*tx, term, [grant.student]).await?;
            let is_last = grant.amount_fen > 0 && left.is_empty();
            let unaided = found.first().filter(|_| is_last);
            totals::revoked(&*tx, &grant, unaided).await?;
            let answer = encode(&grant);
            let gone = AidGrant {
                name: answer.name.clone(),
                ..AidGrant::default()
            };
            let (place, school) = (grant.place, Some(grant.school));
            let entry = Entry::about(&answer.name, place, school, DataClass::Sensitive)
                .change(Some(&answer), &gone)
                .note(&message.note);
            Ok::<_, KernelError>((answer, entry))
        })
        .await
}
