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
use crate::entity::account::Model;

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
        // Held until the outcome is written, so that few guesses run before they count.
        let turn = self.passwords.turn().await?;
        store::failures(database, &name).await?.check(now)?;
        let is = async |stored: &str, password: &str| {
            let password = password.to_owned();
            self.passwords.is_right(&turn, Some(stored), password).await
        };
        let is_right = is(&account.password_hash, &present).await?;
        // Who sends the same request again has the new password by now.
        let is_done = !is_right && is(&account.password_hash, &new).await?;
        let hash = match is_right {
            true => Some(self.passwords.hash_within(&turn, new.clone()).await?),
            false => None,
        };
        let written = match is_right || is_done {
            true => {
                self.write_change(&caller, key, session, &account, hash)
                    .await
            }
            false => Err(not_the_present_one()),
        };
        if written.is_err() && !is_right {
            let account = Some(account);
            self.count_failure(&caller, name, account, "password refused")
                .await?;
            return written;
        }
        let answer = written?;
        self.callers.forget_account(&caller.account);
        // The id of another change of this account gives that one's answer, and nothing was changed.
        let account = account::store::with_id(database, account.id).await?;
        let stored = account.ok_or(SessionError::Ended)?.password_hash;
        if is(&stored, &new).await? {
            return Ok(answer);
        }
        Err(KernelError::RequestIdReused {
            request_id: message.request_id,
        }
        .into())
    }

    /// Writes the new hash; without one finds the answer of the same request, if there was one.
    async fn write_change(
        &self,
        caller: &Caller,
        key: RequestKey,
        session: Uuid,
        account: &Model,
        hash: Option<String>,
    ) -> Result<ChangePasswordResponse, SessionError> {
        let (id, version, name) = (account.id, account.version, account.sign_in_name.clone());
        let now = self.context.clock.now_micros();
        let entry = Entry::about(&caller.account, account.place, None, DataClass::Personal)
            .note("password changed by its holder");
        self.context
            .store
            .write(caller, key, move |tx| async move {
                let hash = hash.ok_or_else(not_the_present_one)?;
                account::store::lock(&*tx, id).await?;
                // Somebody else's guesses may have locked the name, or the session have ended, while the passwords were checked.
                store::failures(&*tx, &name).await?.check(now)?;
                if !store::is_alive(&*tx, session, now).await? {
                    return Err(SessionError::Ended);
                }
                account::store::set_password(&*tx, id, version, hash).await?;
                store::forget_failures(&*tx, &name).await?;
                store::end_others(&*tx, id, session, now).await?;
                let answer = ChangePasswordResponse {
                    change_time: Some(timestamp(now)),
                };
                Ok::<_, SessionError>((answer, entry))
            })
            .await
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
