//! Another password for the own account.

use junheng_kernel::admission::Caller;
use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::journal::Entry;
use junheng_kernel::store::RequestKey;
use junheng_proto::identity::v1::{ChangePasswordRequest, ChangePasswordResponse};
use junheng_proto::options::v1::DataClass;
use tonic::Request;
use uuid::Uuid;

use super::error::SessionError;
use super::rpc::{Rpc, claims_of};
use super::store;
use crate::account;

impl Rpc {
    pub(super) async fn change(
        &self,
        request: Request<ChangePasswordRequest>,
    ) -> Result<ChangePasswordResponse, SessionError> {
        let caller = Caller::of(&request)?;
        let claims = claims_of(&request)?;
        let mut message = request.into_inner();
        let present = std::mem::take(&mut message.password);
        let new = std::mem::take(&mut message.new_password);
        // Made without the passwords: the journal keeps the key's fingerprint.
        let key = RequestKey::of(&message.request_id, &message)?;
        KernelError::unless_empty(account::rules::check_change(&present, &new))?;
        let session = Uuid::try_parse(&claims.jti).map_err(|_| SessionError::Ended)?;
        let (database, now) = (self.context.store.reader(), self.context.clock.now_micros());
        let row = store::get(database, session).await?;
        let row = row.ok_or(SessionError::Ended)?;
        let account = account::store::with_id(database, row.account).await?;
        let account = account.ok_or(SessionError::Ended)?;
        let name = account.sign_in_name.clone();
        let turn = self.passwords.turn().await?;
        store::failures(database, &name).await?.check(now)?;
        let stored = Some(account.password_hash.as_str());
        let is_right = self.passwords.is_right(&turn, stored, present).await?;
        drop(turn);
        let hash = match is_right {
            true => Some(self.passwords.hash(new).await?),
            false => None,
        };
        let (id, version) = (account.id, account.version);
        let entry = Entry::about(&caller.account, account.place, None, DataClass::Personal)
            .note("password changed by its holder");
        // Judged in the write: the same request again meets the new password, and finds its first answer there.
        let written = self
            .context
            .store
            .write(&caller, key, move |tx| async move {
                let hash = hash.ok_or_else(not_the_present_one)?;
                account::store::lock(&*tx, id).await?;
                account::store::set_password(&*tx, id, version, hash).await?;
                store::forget_failures(&*tx, &name).await?;
                store::end_others(&*tx, id, session, now).await?;
                let answer = ChangePasswordResponse {
                    change_time: Some(timestamp(now)),
                };
                Ok::<_, SessionError>((answer, entry))
            })
            .await;
        if written.is_err() && !is_right {
            let name = account.sign_in_name.clone();
            self.count_failure(&caller, name, Some(account)).await?;
        }
        self.callers.forget_account(&caller.account);
        written
    }
}

fn not_the_present_one() -> SessionError {
    KernelError::Fields(vec![Violation::invalid(
        "password",
        "is not the present password of the account",
        "不是该账号的现有口令",
    )])
    .into()
}
