//! The gRPC face of accounts: decode, call, encode.

use std::sync::Arc;

use crate::entity::account;
use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::journal::Entry;
use junheng_kernel::name::{Parent, check_etag, etag, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::{Context, Link};
use junheng_kernel::store::RequestKey;
use junheng_proto::identity::v1::account_service_server::AccountService;
use junheng_proto::identity::v1::{
    Account, CreateAccountRequest, Duty, GetAccountRequest, GrantPostRequest, ListAccountsRequest,
    ListAccountsResponse, Post, RevokePostRequest,
};
use junheng_proto::options::v1::DataClass;
use sea_orm::ConnectionTrait;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::error::AccountError;
use super::organisation::Organisation;
use super::{rules, store};
use crate::admission::Callers;
use crate::entity::account::Model;
use crate::entity::account_post;
use crate::session::{self, Passwords};

/// Serves accounts.
pub struct Rpc {
    /// The gateway's context.
    pub context: Context,
    /// Tells where schools are.
    pub registration: Link,
    /// Hashes first passwords.
    pub passwords: Passwords,
    /// Forgets tokens of posts that were taken.
    pub callers: Arc<Callers>,
}

#[tonic::async_trait]
impl AccountService for Rpc {
    async fn create_account(
        &self,
        request: Request<CreateAccountRequest>,
    ) -> Result<Response<Account>, Status> {
        self.create(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn get_account(
        &self,
        request: Request<GetAccountRequest>,
    ) -> Result<Response<Account>, Status> {
        self.get(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn list_accounts(
        &self,
        request: Request<ListAccountsRequest>,
    ) -> Result<Response<ListAccountsResponse>, Status> {
        self.list(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn grant_post(
        &self,
        request: Request<GrantPostRequest>,
    ) -> Result<Response<Account>, Status> {
        self.grant(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn revoke_post(
        &self,
        request: Request<RevokePostRequest>,
    ) -> Result<Response<Account>, Status> {
        self.revoke(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn create(
        &self,
        request: Request<CreateAccountRequest>,
    ) -> Result<Account, AccountError> {
        let caller = Caller::of(&request)?;
        let mut message = request.into_inner();
        let password = std::mem::take(&mut message.password);
        // Made without the password: the journal keeps the key's fingerprint.
        let key = RequestKey::of(&message.request_id, &message)?;
        let regions = &self.context.regions;
        let parent = Parent::of(&caller, regions, "parent", &message.parent)?;
        let Parent::Region { code, .. } = parent else {
            return Err(AccountError::field(Violation::invalid(
                "parent",
                "must be regions/{code}: a region's administrators keep accounts",
                "应为 regions/{区划代码},账号由行政区划的管理员管理",
            )));
        };
        let given = message.account.unwrap_or_default();
        let display_name = given.display_name.trim().to_owned();
        let violations = rules::check_new(&given.sign_in_name, &display_name, &password);
        KernelError::unless_empty(violations)?;
        let unknown = |_| KernelError::RegionUnknown { code: code.clone() };
        let account = Model {
            id: Uuid::now_v7(),
            sign_in_name: given.sign_in_name,
            display_name,
            place: regions.place(&code).map_err(unknown)?,
            region: code,
            password_hash: self.passwords.hash(password).await?,
            version: 1,
        };
        let written = self
            .context
            .store
            .write(&caller, key, move |tx| async move {
                store::insert(&*tx, account.clone()).await?;
                let answer = encode(&account, &[]);
                let entry = about(&account).change(None, &answer);
                Ok::<_, AccountError>((answer, entry))
            });
        written.await
    }

    async fn get(&self, request: Request<GetAccountRequest>) -> Result<Account, AccountError> {
        let caller = Caller::of(&request)?;
        let id = id_of("accounts", &request.into_inner().name)?;
        let database = self.context.store.reader();
        let account = resource::get::<account::Entity>(database, &caller.scope, id).await?;
        let posts = store::posts_of(database, &[id]).await?;
        Ok(encode(&account, &posts))
    }

    async fn list(
        &self,
        request: Request<ListAccountsRequest>,
    ) -> Result<ListAccountsResponse, AccountError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let parent = Parent::of(&caller, &self.context.regions, "parent", &message.parent)?;
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &[&message.parent],
        )?;
        let database = self.context.store.reader();
        let (rows, next_page_token) =
            resource::list::<account::Entity>(database, &caller.scope, &parent, &page).await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let posts = store::posts_of(database, &ids).await?;
        Ok(ListAccountsResponse {
            accounts: rows.iter().map(|row| encode(row, &posts)).collect(),
            next_page_token,
        })
    }

    async fn grant(&self, request: Request<GrantPostRequest>) -> Result<Account, AccountError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        let id = id_of("accounts", &message.name)?;
        let given = message.post.ok_or_else(missing_post)?;
        KernelError::unless_empty(rules::check_post(&given))?;
        if caller.account == message.name {
            return Err(AccountError::OwnAccount { name: message.name });
        }
        let duty = Duty::try_from(given.duty).unwrap_or_default();
        // Registration is asked before the transaction: none waits for another service.
        let organisation =
            Organisation::find(&self.context, &self.registration, &caller, &given).await?;
        let post = account_post::Model {
            id: Uuid::now_v7(),
            account: id,
            level: given.level,
            duty: given.duty,
            place: organisation.place,
            title: organisation.title(duty),
            organisation: organisation.name,
            department: given.department,
        };
        let (scope, given_etag) = (caller.scope.clone(), message.etag);
        let written = self
            .context
            .store
            .write(&caller, key, move |tx| async move {
                let account = resource::get::<account::Entity>(&*tx, &scope, id).await?;
                let name = name_of(&account);
                check_etag(&name, &given_etag, account.version)?;
                let held = store::posts_of(&*tx, &[id]).await?;
                if held.iter().any(|other| is_same(other, &post)) {
                    return Err(AccountError::field(Violation::invalid(
                        "post",
                        "is held by the account already",
                        "该账号已担任此岗位",
                    )));
                }
                let duties = held
                    .iter()
                    .filter_map(|other| Duty::try_from(other.duty).ok());
                if !rules::may_join(duties, duty) {
                    return Err(AccountError::PostsExcludeEachOther { name });
                }
                store::insert_post(&*tx, post).await?;
                changed(&*tx, account, held).await
            });
        written.await
    }

    async fn revoke(&self, request: Request<RevokePostRequest>) -> Result<Account, AccountError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        let id = id_of("accounts", &message.name)?;
        let given = message.post.ok_or_else(missing_post)?;
        let (by, given_etag) = (caller.clone(), message.etag);
        let now = self.context.clock.now_micros();
        let written = self
            .context
            .store
            .write(&caller, key, move |tx| async move {
                // First of all: a sign-in under way is over when its session is looked for, or begins behind this.
                store::lock(&*tx, id).await?;
                let account = resource::get::<account::Entity>(&*tx, &by.scope, id).await?;
                check_etag(&name_of(&account), &given_etag, account.version)?;
                let held = store::posts_of(&*tx, &[id]).await?;
                let found = held
                    .iter()
                    .find(|post| session::is_same(&encode_post(post), &given));
                let post = found.ok_or_else(|| KernelError::not_found(&given.organisation))?;
                if !by.scope.covers(post.place, None) {
                    return Err(KernelError::OutOfScope {
                        organisation: given.organisation,
                        own: by.organisation,
                    }
                    .into());
                }
                store::delete_post(&*tx, id, &given).await?;
                session::end_in_post(&*tx, id, &given, now).await?;
                changed(&*tx, account, held).await
            });
        let answer = written.await?;
        self.callers.forget_account(&answer.name);
        Ok(answer)
    }
}

/// The answer and journal entry after a post was given or taken.
async fn changed(
    database: &impl ConnectionTrait,
    before: Model,
    posts_before: Vec<account_post::Model>,
) -> Result<(Account, Entry), AccountError> {
    store::touch(database, before.id, before.version).await?;
    let after = Model {
        version: before.version + 1,
        ..before.clone()
    };
    let posts = store::posts_of(database, &[before.id]).await?;
    let answer = encode(&after, &posts);
    let entry = about(&after).change(Some(&encode(&before, &posts_before)), &answer);
    Ok((answer, entry))
}

fn missing_post() -> AccountError {
    AccountError::field(Violation::required("post"))
}

fn is_same(one: &account_post::Model, other: &account_post::Model) -> bool {
    session::is_same(&encode_post(one), &encode_post(other))
}

fn name_of(account: &Model) -> String {
    format!("accounts/{}", account.id)
}

fn about(account: &Model) -> Entry {
    Entry::about(name_of(account), account.place, None, DataClass::Personal)
}

/// The account as administrators see it, with those of `posts` that are its own.
pub fn encode(account: &Model, posts: &[account_post::Model]) -> Account {
    Account {
        name: name_of(account),
        sign_in_name: account.sign_in_name.clone(),
        display_name: account.display_name.clone(),
        region: format!("regions/{}", account.region),
        posts: posts
            .iter()
            .filter(|post| post.account == account.id)
            .map(encode_post)
            .collect(),
        etag: etag(account.version),
    }
}

/// A post as everybody sees it.
pub fn encode_post(post: &account_post::Model) -> Post {
    Post {
        level: post.level,
        duty: post.duty,
        organisation: post.organisation.clone(),
        title: post.title.clone(),
        department: post.department,
    }
}
