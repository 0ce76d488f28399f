//! A gateway on a database of its own, with services that remember what reached them.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use junheng_kernel::admission::{AccessTable, SigningKey, TrustedKeys};
use junheng_kernel::calendar::Calendar;
use junheng_kernel::clock::Clock;
use junheng_kernel::fault::DOMAIN;
use junheng_kernel::journal::run_migrations;
use junheng_kernel::privacy::Keyring;
use junheng_kernel::region::RegionTable;
use junheng_kernel::service::{Context, Link};
use junheng_kernel::store::{self, Store};
use junheng_proto::identity::v1::account_service_client::AccountServiceClient;
use junheng_proto::identity::v1::session_service_client::SessionServiceClient;
use junheng_proto::identity::v1::{
    Account, CreateAccountRequest, Duty, GrantPostRequest, Level, Post, Session, SignInRequest,
};
use prost::Message;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use tower::service_fn;
use uuid::Uuid;

use crate::{FirstSignIn, Gateway, Migrator, NAME, Settings, Upstreams, bootstrap, service};

pub const PASSWORD: &str = "a password of tests";

/// What reached a service.
#[derive(Clone, Debug)]
pub struct Seen {
    pub service: &'static str,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

pub struct House {
    pub context: Context,
    pub gateway: Gateway,
    pub first: Vec<FirstSignIn>,
    pub seen: Arc<Mutex<Vec<Seen>>>,
    pub folder: TempDir,
}

impl House {
    pub async fn open() -> Self {
        Self::with(Settings::default(), Bytes::new()).await
    }

    /// Services answer every call with `answer`, one encoded message.
    pub async fn with(settings: Settings, answer: Bytes) -> Self {
        let folder = TempDir::new().unwrap();
        let context = context(&folder).await;
        let first = bootstrap(&context, "63").await.unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let stub = |name| stub(name, seen.clone(), answer.clone());
        let upstreams = Upstreams {
            registration: stub("registration"),
            staffing: stub("staffing"),
            assets: stub("assets"),
            inspection: stub("inspection"),
        };
        Self {
            gateway: service(&context, upstreams, settings).unwrap(),
            context,
            first,
            seen,
            folder,
        }
    }

    pub fn last_seen(&self) -> Option<Seen> {
        self.seen.lock().unwrap().last().cloned()
    }

    pub fn accounts(&self) -> AccountServiceClient<Link> {
        AccountServiceClient::new(self.gateway.link())
    }

    pub fn sessions(&self) -> SessionServiceClient<Link> {
        SessionServiceClient::new(self.gateway.link())
    }

    pub async fn sign_in(&self, name: &str, password: &str) -> Result<Session, Status> {
        let request = SignInRequest {
            sign_in_name: name.into(),
            password: password.into(),
            post: None,
        };
        Ok(self.sessions().sign_in(request).await?.into_inner())
    }

    /// The token of one of the first administrators, `system`, `security` or `audit`.
    pub async fn administrator(&self, kind: &str) -> String {
        let found = self
            .first
            .iter()
            .find(|first| first.sign_in_name.starts_with(kind));
        let first = found.unwrap();
        let session = self.sign_in(&first.sign_in_name, &first.password).await;
        session.unwrap().access_token
    }

    pub async fn create(&self, name: &str) -> Account {
        let request = CreateAccountRequest {
            parent: "regions/630000".into(),
            account: Some(Account {
                sign_in_name: name.into(),
                display_name: "测试".into(),
                ..Default::default()
            }),
            password: PASSWORD.into(),
            request_id: Uuid::now_v7().to_string(),
        };
        let token = self.administrator("system").await;
        let created = self
            .accounts()
            .create_account(bearer(&token, request))
            .await;
        created.unwrap().into_inner()
    }

    pub async fn grant(&self, account: &Account, post: Post) -> Result<Account, Status> {
        let request = GrantPostRequest {
            name: account.name.clone(),
            post: Some(post),
            etag: account.etag.clone(),
            request_id: Uuid::now_v7().to_string(),
        };
        let token = self.administrator("security").await;
        let granted = self.accounts().grant_post(bearer(&token, request)).await?;
        Ok(granted.into_inner())
    }

    /// The token of a new account in one post.
    pub async fn officer(
        &self,
        name: &str,
        level: Level,
        duty: Duty,
        organisation: &str,
    ) -> String {
        let account = self.create(name).await;
        self.grant(&account, post(level, duty, organisation))
            .await
            .unwrap();
        self.sign_in(name, PASSWORD).await.unwrap().access_token
    }
}

pub fn post(level: Level, duty: Duty, organisation: &str) -> Post {
    Post {
        level: level.into(),
        duty: duty.into(),
        organisation: organisation.into(),
        title: String::new(),
        department: i32::from(duty == Duty::Partner),
    }
}

pub fn bearer<T>(token: &str, message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    let value = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", value);
    request
}

/// Code and reason of a refusal.
pub fn reason(status: &Status) -> (Code, String) {
    let info = status.get_details_error_info().unwrap();
    assert_eq!(info.domain, DOMAIN);
    (status.code(), info.reason)
}

pub fn framed(message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0], &length[..], message].concat().into()
}

pub fn encoded(message: &impl Message) -> Bytes {
    framed(&message.encode_to_vec())
}

fn stub(service: &'static str, seen: Arc<Mutex<Vec<Seen>>>, answer: Bytes) -> Link {
    Link::new(service_fn(move |request: Request<Body>| {
        let (seen, answer) = (seen.clone(), answer.clone());
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            seen.lock().unwrap().push(Seen {
                service,
                path: parts.uri.path().to_owned(),
                headers: parts.headers,
                body,
            });
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", "0".parse().unwrap());
            let body =
                Full::new(framed(&answer)).with_trailers(std::future::ready(Some(Ok(trailers))));
            let response = Response::builder().header("content-type", "application/grpc");
            Ok(response.body(Body::new(body)).unwrap())
        }
    }))
}

async fn context(folder: &TempDir) -> Context {
    let url = format!("sqlite://{}/accounts.db", folder.path().display());
    let (_, writer) = store::connect(&url).await.unwrap();
    run_migrations::<Migrator>(&writer).await.unwrap();
    let clock = Clock::default();
    let keys = Arc::new(Keyring::generate().unwrap());
    Context {
        name: NAME,
        store: Store::open(&url, keys, clock.clone()).await.unwrap(),
        regions: Arc::new(RegionTable::builtin()),
        calendar: Arc::new(Calendar::builtin()),
        clock,
        access: Arc::new(AccessTable::of_contract()),
        trusted: Arc::new(TrustedKeys::default()),
        signing: SigningKey::generate().unwrap(),
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
    }
}
