//! The gRPC face of sessions: decode, call, encode.

use std::sync::Arc;

use junheng_kernel::admission::{Caller, Claims, sign};
use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use junheng_kernel::journal::Entry;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_proto::identity::v1::session_service_server::SessionService;
use junheng_proto::identity::v1::{
    ChangePasswordRequest, ChangePasswordResponse, GetSessionRequest, Post, RefreshSessionRequest,
    Session, SignInRequest, SignOutRequest, SignOutResponse,
};
use junheng_proto::options::v1::DataClass;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::error::SessionError;
use super::password::Passwords;
use super::{SESSION_AUDIENCE, rules, store};
use crate::account;
use crate::admission::{Callers, ISSUER};
use crate::entity;
use crate::settings::Sessions;

/// Serves sessions.
pub struct Rpc {
    /// The gateway's context.
    pub context: Context,
    /// How long sessions and locks last.
    pub settings: Sessions,
    /// Checks passwords.
    pub passwords: Passwords,
    /// Forgets tokens of sessions that end.
    pub callers: Arc<Callers>,
}

#[tonic::async_trait]
impl SessionService for Rpc {
    async fn sign_in(&self, request: Request<SignInRequest>) -> Result<Response<Session>, Status> {
        self.open(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn refresh_session(
        &self,
        request: Request<RefreshSessionRequest>,
    ) -> Result<Response<Session>, Status> {
        self.refresh(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn get_session(
        &self,
        request: Request<GetSessionRequest>,
    ) -> Result<Response<Session>, Status> {
        self.tell(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn change_password(
        &self,
        request: Request<ChangePasswordRequest>,
    ) -> Result<Response<ChangePasswordResponse>, Status> {
        self.change(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn sign_out(
        &self,
        request: Request<SignOutRequest>,
    ) -> Result<Response<SignOutResponse>, Status> {
        self.close(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn open(&self, request: Request<SignInRequest>) -> Result<Session, SessionError> {
        let stranger = Caller::of(&request)?;
        let message = request.into_inner();
        let name = message.sign_in_name;
        // No account has such a name or password; the rule is public, so that a quick refusal tells nothing.
        if !account::rules::is_sign_in_name(&name)
            || !account::rules::is_password(&message.password)
        {
            return Err(SessionError::Refused);
        }
        // Held until the outcome is written, so that few guesses run before they count.
        let turn = self.passwords.turn().await?;
        let database = self.context.store.reader();
        let now = self.context.clock.now_micros();
        store::failures(database, &name).await?.check(now)?;
        let account = account::store::by_sign_in_name(database, &name).await?;
        let stored = account
            .as_ref()
            .map(|account| account.password_hash.as_str());
        let right = self
            .passwords
            .is_right(&turn, stored, message.password)
            .await?;
        let posts = match &account {
            Some(account) => account::store::posts_of(database, &[account.id]).await?,
            None => Vec::new(),
        };
        let posts: Vec<Post> = posts.iter().map(account::encode_post).collect();
        let Some(account) = account.clone().filter(|_| right && !posts.is_empty()) else {
            self.count_failure(&stranger, name, account, "sign-in refused")
                .await?;
            return Err(SessionError::Refused);
        };
        let post = rules::choose(&posts, message.post.as_ref())?.clone();
        let expires_micros = now + i64::from(self.settings.session_hours) * 3_600_000_000;
        let row = row_of(&account, &post, expires_micros);
        let claims = self
            .claims(&account, &row, &post)
            .ok_or(SessionError::Refused)?;
        self.begin(row, &claims, &stranger.method, account).await?;
        self.signed(claims, expires_micros, posts)
    }

    /// Writes the session and its journal row. The answer kept there is empty: a token is made afterwards and stands
    /// nowhere, nor does anything that was made from the password.
    async fn begin(
        &self,
        row: entity::session::Model,
        claims: &Claims,
        method: &str,
        account: entity::account::Model,
    ) -> Result<(), SessionError> {
        let holder = Caller::from_claims(claims, &self.context.regions, method, "")
            .ok_or(SessionError::Refused)?;
        let entry = Entry::about(&claims.sub, row.place, None, DataClass::Internal).note(&format!(
            "session {} as {}",
            row.id,
            holder.post()
        ));
        let now = self.context.clock.now_micros();
        let written = self
            .context
            .store
            .write(&holder, once(row.id), move |tx| async move {
                // Somebody else's guesses may have locked the name while this password was checked.
                store::failures(&*tx, &account.sign_in_name)
                    .await?
                    .check(now)?;
                // The post may have been taken away meanwhile, or the password changed, and the sessions ended before this
                // one was there.
                account::store::lock(&*tx, account.id).await?;
                let now_held = account::store::with_id(&*tx, account.id).await?;
                if now_held.is_none_or(|now| now.password_hash != account.password_hash) {
                    return Err(SessionError::Refused);
                }
                let held = account::store::posts_of(&*tx, &[account.id]).await?;
                if !held.iter().any(|post| is_post_of(&row, post)) {
                    return Err(SessionError::Refused);
                }
                store::forget_failures(&*tx, &account.sign_in_name).await?;
                store::insert(&*tx, row).await?;
                Ok::<_, SessionError>((Session::default(), entry))
            });
        written.await.map(drop)
    }

    /// Counts a failure, alike for names known and unknown. The name typed is not kept in the journal: people type
    /// passwords into the wrong field.
    pub(super) async fn count_failure(
        &self,
        caller: &Caller,
        name: String,
        account: Option<entity::account::Model>,
        what: &'static str,
    ) -> Result<(), SessionError> {
        let now = self.context.clock.now_micros();
        let settings = self.settings.clone();
        let (subject, place) = match account {
            Some(account) => (format!("accounts/{}", account.id), account.place),
            None => ("accounts/nobody".to_owned(), 0),
        };
        let key = once(Uuid::now_v7());
        let written = self.context.store.write(caller, key, move |tx| async move {
            let forgotten = now - i64::from(settings.lock_minutes) * 60_000_000;
            store::forget_failures_before(&*tx, forgotten).await?;
            let failures = store::failures(&*tx, &name).await?.one_more(&settings, now);
            store::save_failures(&*tx, &name, failures).await?;
            let note = match failures.locked_until_micros {
                0 => what.to_owned(),
                _ => format!("{what} and the name locked"),
            };
            let entry = Entry::about(subject, place, None, DataClass::Internal).note(&note);
            Ok::<_, SessionError>((Session::default(), entry))
        });
        written.await.map(drop)
    }

    async fn refresh(
        &self,
        request: Request<RefreshSessionRequest>,
    ) -> Result<Session, SessionError> {
        let claims = claims_of(&request)?;
        let id = Uuid::try_parse(&claims.jti).map_err(|_| SessionError::Ended)?;
        let database = self.context.store.reader();
        let row = store::get(database, id).await?.ok_or(SessionError::Ended)?;
        let now = self.context.clock.now_micros();
        if row.ended_micros != 0 || row.expires_micros <= now {
            return Err(SessionError::Ended);
        }
        let posts = self.posts(&row).await?;
        self.signed((*claims).clone(), row.expires_micros, posts)
    }

    async fn tell(&self, request: Request<GetSessionRequest>) -> Result<Session, SessionError> {
        let claims = claims_of(&request)?;
        let id = Uuid::try_parse(&claims.jti).map_err(|_| SessionError::Ended)?;
        let row = store::get(self.context.store.reader(), id).await?;
        let posts = self.posts(&row.ok_or(SessionError::Ended)?).await?;
        Ok(answer(&claims, String::new(), posts))
    }

    async fn close(
        &self,
        request: Request<SignOutRequest>,
    ) -> Result<SignOutResponse, SessionError> {
        let caller = Caller::of(&request)?;
        let claims = claims_of(&request)?;
        let id = Uuid::try_parse(&claims.jti).map_err(|_| SessionError::Ended)?;
        let row = store::get(self.context.store.reader(), id).await?;
        let row = row.ok_or(SessionError::Ended)?;
        let now = self.context.clock.now_micros();
        let entry = Entry::about(&caller.account, row.place, None, DataClass::Internal)
            .note(&format!("session {id} signed out"));
        let answer = self
            .context
            .store
            .write(&caller, once(id), move |tx| async move {
                store::end(&*tx, id, now).await?;
                let answer = SignOutResponse {
                    end_time: Some(timestamp(now)),
                };
                Ok::<_, SessionError>((answer, entry))
            });
        let answer = answer.await?;
        self.callers.forget_account(&caller.account);
        Ok(answer)
    }

    async fn posts(&self, row: &entity::session::Model) -> Result<Vec<Post>, SessionError> {
        let posts = account::store::posts_of(self.context.store.reader(), &[row.account]).await?;
        Ok(posts.iter().map(account::encode_post).collect())
    }

    /// What a token of the session says, without its times.
    fn claims(
        &self,
        account: &entity::account::Model,
        row: &entity::session::Model,
        post: &Post,
    ) -> Option<Claims> {
        Some(Claims {
            iss: ISSUER.to_owned(),
            aud: SESSION_AUDIENCE.to_owned(),
            sub: format!("accounts/{}", account.id),
            jti: row.id.to_string(),
            iat: 0,
            nbf: 0,
            exp: 0,
            role: rules::role_of(post)?.to_string(),
            organisation: post.organisation.clone(),
            name: account.display_name.clone(),
            department: post.department,
        })
    }

    /// The session with a new token that holds from now, never longer than the session.
    fn signed(
        &self,
        mut claims: Claims,
        expires_micros: i64,
        posts: Vec<Post>,
    ) -> Result<Session, SessionError> {
        let now = self.context.clock.now_micros() / 1_000_000;
        let end = now + i64::from(self.settings.token_minutes) * 60;
        claims.iat = now;
        claims.nbf = now;
        claims.exp = end.min(expires_micros / 1_000_000);
        let token = sign(&self.context.signing, &claims)
            .map_err(|error| KernelError::Stored(error.to_string()))?;
        Ok(answer(&claims, token, posts))
    }
}

/// The claims of the caller's token, which the proxy in this process has verified.
pub(super) fn claims_of<T>(request: &Request<T>) -> Result<Arc<Claims>, SessionError> {
    let claims = request.extensions().get::<Arc<Claims>>().cloned();
    claims.ok_or(SessionError::Kernel(KernelError::NotAdmitted))
}

fn answer(claims: &Claims, access_token: String, posts: Vec<Post>) -> Session {
    let post = posts.iter().find(|post| {
        let role = rules::role_of(post).map(|role| role.to_string());
        role.as_ref() == Some(&claims.role) && post.organisation == claims.organisation
    });
    Session {
        access_token,
        expire_time: Some(timestamp(claims.exp * 1_000_000)),
        account: claims.sub.clone(),
        display_name: claims.name.clone(),
        post: post.cloned(),
        posts,
    }
}

fn row_of(
    account: &entity::account::Model,
    post: &Post,
    expires_micros: i64,
) -> entity::session::Model {
    entity::session::Model {
        id: Uuid::now_v7(),
        account: account.id,
        place: account.place,
        level: post.level,
        duty: post.duty,
        organisation: post.organisation.clone(),
        expires_micros,
        ended_micros: 0,
    }
}

/// Whether a session acts in this post.
fn is_post_of(session: &entity::session::Model, post: &entity::account_post::Model) -> bool {
    (session.level, session.duty, &session.organisation)
        == (post.level, post.duty, &post.organisation)
}

/// The key of a write that no client repeats, or that is the same for everyone who repeats it. Made of the id alone:
/// a fingerprint of the request would be one of the password.
fn once(id: Uuid) -> RequestKey {
    RequestKey::own(id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixture::{House, post};
    use junheng_kernel::post::{Duty, Level};

    #[tokio::test]
    async fn a_post_taken_away_or_a_password_changed_while_it_was_checked_opens_no_session() {
        let house = House::open().await;
        let created = house.create("late").await;
        let clerk = post(Level::County, Duty::Clerk, "regions/630103");
        house.grant(&created, clerk.clone()).await.unwrap();
        let rpc = Rpc {
            context: house.context.clone(),
            settings: Sessions::default(),
            passwords: Passwords::new().unwrap(),
            callers: Arc::new(Callers::new(&house.context).unwrap()),
        };
        let database = house.context.store.reader();
        let account = account::store::by_sign_in_name(database, "late").await;
        let account = account.unwrap().unwrap();
        let begin = async |post: &Post| {
            let expires = house.context.clock.now_micros() + 1_000_000;
            let row = row_of(&account, post, expires);
            let (id, claims) = (row.id, rpc.claims(&account, &row, post).unwrap());
            let begun = rpc.begin(row, &claims, "/test", account.clone()).await;
            (begun, store::get(database, id).await.unwrap())
        };
        assert!(begin(&clerk).await.1.is_some(), "the post is held");
        let taken = post(Level::County, Duty::Approver, "regions/630103");
        let (refused, row) = begin(&taken).await;
        assert!(matches!(refused, Err(SessionError::Refused)), "{refused:?}");
        assert!(row.is_none());
        let version = account.version;
        let changed = account::store::set_password(database, account.id, version, "other".into());
        changed.await.unwrap();
        let (refused, row) = begin(&clerk).await;
        assert!(matches!(refused, Err(SessionError::Refused)), "{refused:?}");
        assert!(row.is_none());
    }
}
