//! Puts the gateway together.

use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Method};
use junheng_kernel::health;
use junheng_kernel::journal::{JournalRpc, spawn_sealer};
use junheng_kernel::service::{Context, Link};
use junheng_proto::DESCRIPTORS;
use junheng_proto::identity::v1::account_service_server::AccountServiceServer;
use junheng_proto::identity::v1::session_service_server::SessionServiceServer;
use junheng_proto::journal::v1::journal_service_server::JournalServiceServer;
use tokio::net::TcpListener;
use tonic::service::Routes as Services;
use tonic_health::server::HealthReporter;
use tower::{Layer as _, ServiceExt as _};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::admission::{Callers, DecisionTable, ISSUER, Rates, Streams};
use crate::front::{Front, Native};
use crate::proxy::{Inner, Proxy, Routes, Upstream};
use crate::session::Passwords;
use crate::settings::Settings;
use crate::transcode::Transcoder;
use crate::{NAME, account, listen, session};

/// How often rates of callers who have gone are forgotten.
const TIDY: Duration = Duration::from_secs(60);

/// The ways to the services.
#[derive(Clone)]
pub struct Upstreams {
    /// Registration 学籍.
    pub registration: Link,
    /// Staffing 教师.
    pub staffing: Link,
    /// Assets 资产.
    pub assets: Link,
    /// Inspection 督导.
    pub inspection: Link,
}

/// The gateway, ready to serve.
pub struct Gateway {
    context: Context,
    settings: Settings,
    front: Front,
    native: Native,
    health: HealthReporter,
    origins: Vec<HeaderValue>,
}

/// Builds the gateway before `upstreams`; `context` is that of its own database of accounts.
///
/// Fails when the role policy and the contract disagree, a method leads nowhere, or an origin is none.
pub fn service(
    context: &Context,
    upstreams: Upstreams,
    settings: Settings,
) -> anyhow::Result<Gateway> {
    // The gateway believes its own identities, whoever else the configuration names.
    let mut context = context.clone();
    let mut trusted = (*context.trusted).clone();
    trusted.trust(ISSUER, context.signing.public());
    context.trusted = Arc::new(trusted);

    let callers = Arc::new(Callers::new(&context)?);
    let rates = Arc::new(Rates::new(&settings.limits));
    let accounts = rooms(&context, &upstreams.registration, &settings, &callers)?;
    spawn_sealer(&context);
    tidy(&context, rates.clone());
    let upstreams = [
        ("registration", upstreams.registration),
        ("staffing", upstreams.staffing),
        ("assets", upstreams.assets),
        ("inspection", upstreams.inspection),
        (NAME, accounts),
    ];
    let upstreams: Vec<Upstream> = upstreams
        .into_iter()
        .map(|(name, link)| Upstream { name, link })
        .collect();
    let proxy = Proxy::new(Inner {
        limits: settings.limits.clone(),
        callers,
        decisions: DecisionTable::load(&context.access)?,
        routes: Routes::of(&context.access, &upstreams)?,
        upstreams,
        rates,
        streams: Streams::new(&settings.limits),
        context: context.clone(),
    });
    let health = HealthReporter::new();
    let native = Native::new(proxy.clone(), open(&health)?);
    let transcoder = Transcoder::new(proxy, settings.limits.clone())?;
    let origins = settings.cors_origins.iter().map(|origin| origin.parse());
    let origins = origins.collect::<Result<_, _>>()?;
    Ok(Gateway {
        front: Front::new(native.clone(), transcoder),
        context,
        settings,
        native,
        health,
        origins,
    })
}

// === impl Gateway ===

impl Gateway {
    /// A way in for generated clients in this process: the same calls with the same tokens, without a socket.
    pub fn link(&self) -> Link {
        Link::new(self.native.clone().map_err(|never| match never {}))
    }

    /// Serves until the context stops, then lets the calls under way finish within the limit.
    pub async fn serve(self, listener: TcpListener) -> anyhow::Result<()> {
        let names: Vec<String> = self
            .context
            .access
            .iter()
            .map(|rule| rule.method.parent_service().full_name().to_owned())
            .collect();
        let reporting = health::report(self.context.clone(), self.health.clone(), names);
        let reporting = tokio::spawn(reporting);
        let front = cors(self.origins).layer(self.front);
        listen::serve(listener, front, &self.settings.limits, &self.context.stop).await;
        reporting.await?;
        Ok(())
    }
}

/// The gateway's own rooms, reached like a service.
fn rooms(
    context: &Context,
    registration: &Link,
    settings: &Settings,
    callers: &Arc<Callers>,
) -> anyhow::Result<Link> {
    let passwords = Passwords::new()?;
    let accounts = account::Rpc {
        context: context.clone(),
        registration: registration.clone(),
        passwords: passwords.clone(),
        callers: callers.clone(),
    };
    let sessions = session::Rpc {
        context: context.clone(),
        settings: settings.sessions.clone(),
        passwords,
        callers: callers.clone(),
    };
    let journal = JournalRpc {
        context: context.clone(),
    };
    let services = Services::new(AccountServiceServer::new(accounts))
        .add_service(SessionServiceServer::new(sessions))
        .add_service(JournalServiceServer::new(journal));
    Ok(context.guard(services))
}

/// Health and reflection.
fn open(health: &HealthReporter) -> anyhow::Result<Services> {
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let service = tonic_health::server::HealthService::from_health_reporter(health.clone());
    let service = tonic_health::pb::health_server::HealthServer::new(service);
    Ok(Services::new(service)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?))
}

fn tidy(context: &Context, rates: Arc<Rates>) {
    let stop = context.stop.clone();
    context.tasks.spawn(async move {
        while tokio::time::timeout(TIDY, stop.cancelled()).await.is_err() {
            rates.tidy();
        }
    });
}

/// Lets pages of the listed origins call from a browser; without any, no page may.
fn cors(origins: Vec<HeaderValue>) -> CorsLayer {
    let header = HeaderName::from_static;
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PATCH,
            Method::PUT,
            Method::DELETE,
        ])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            header("x-grpc-web"),
            header("x-user-agent"),
            header("grpc-timeout"),
        ])
        .expose_headers([
            header("grpc-status"),
            header("grpc-message"),
            header("grpc-status-details-bin"),
            header("x-trace-id"),
        ])
}
