//! Native gRPC on its way to a service: admitted by its first message and its header, forwarded byte for byte.
//!
//! One pass: authenticate, role policy, scope of the organisation named, rate; then the caller's token is replaced by the
//! identity that the gateway signs. The service admits the call again by that identity and judges scope on its rows.

mod body;
mod call;
mod field;
mod live;
mod route;

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use http::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderValue};
use http::request::Parts;
use http::{Request, Response, Version};
use junheng_kernel::admission::{Caller, IDENTITY_HEADER};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::name::{Parent, written_id};
use junheng_kernel::service::Context;
use tonic::body::Body;
use tower::ServiceExt as _;
use tracing::Instrument as _;

pub use field::FieldPath;
pub use route::{Routes, Upstream};

use crate::admission::{Callers, DecisionTable, Known, OpenStream, Rates, Streams};
use crate::error::GatewayError;
use crate::settings::Limits;
use call::Call;
use live::Live;
use route::{Route, Target};

/// Where a connection came from; absent for a caller in this process.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// Admits and forwards gRPC calls of the contract.
#[derive(Clone)]
pub struct Proxy(Arc<Inner>);

/// What admission and forwarding need.
pub struct Inner {
    /// The gateway's context.
    pub context: Context,
    /// The limits.
    pub limits: Limits,
    /// Callers by token.
    pub callers: Arc<Callers>,
    /// Who may call what.
    pub decisions: DecisionTable,
    /// Where methods go.
    pub routes: Routes,
    /// The services by name.
    pub upstreams: Vec<Upstream>,
    /// How often callers may call.
    pub rates: Arc<Rates>,
    /// How many streams they have open.
    pub streams: Streams,
}

// === impl Proxy ===

impl Proxy {
    /// A proxy of its parts.
    pub fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }
}

impl tower::Service<Request<Body>> for Proxy {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let inner = self.0.clone();
        Box::pin(async move {
            let mut call = Call::begin(&request);
            let span = call.span.clone();
            let result = inner.forward(request, &mut call).instrument(span).await;
            let response = result.unwrap_or_else(|error| into_status(error).into_http());
            Ok(call.observe(response))
        })
    }
}

// === impl Inner ===

impl Inner {
    async fn forward(
        &self,
        request: Request<Body>,
        call: &mut Call,
    ) -> Result<Response<Body>, GatewayError> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        let unknown = || GatewayError::method_unknown(path);
        let route = self.routes.get(path).ok_or_else(unknown)?;
        call.method_known();
        let known = self.authenticate(&parts, route).await?;
        let caller = known.caller();
        call.acts_as((!known.is_nobody()).then_some(caller));
        if !route.access.anyone {
            self.decisions
                .admit(&self.context.access, path, caller.role)?;
        }
        let open = self.open_stream(route, &known)?;
        let (upstream, body) = self.address(route, caller, body).await?;
        let identity = known.identity(
            &self.context.signing,
            self.context.clock.now_micros() / 1_000_000,
        )?;
        let mut forwarded = Request::new(body);
        *forwarded.method_mut() = http::Method::POST;
        *forwarded.version_mut() = Version::HTTP_2;
        *forwarded.uri_mut() = path.parse().map_err(|_| unknown())?;
        *forwarded.headers_mut() = self.headers(parts.headers, &identity, call)?;
        // For the rooms in this process; it does not travel.
        forwarded.extensions_mut().insert(known.claims.clone());
        let answer = upstream.link.oneshot(forwarded).await.map_err(|error| {
            tracing::warn!(%error, service = upstream.name, "service does not answer");
            GatewayError::Unavailable {
                service: upstream.name,
            }
        })?;
        let Some(open) = open else {
            return Ok(answer);
        };
        let callers = self.callers.clone();
        Ok(answer.map(|body| Body::new(Live::new(body, callers, known, open))))
    }

    /// Counts a stream of answers; other calls are over soon.
    fn open_stream(
        &self,
        route: &Route,
        known: &Known,
    ) -> Result<Option<OpenStream>, GatewayError> {
        let is_stream = route.access.method.is_server_streaming();
        is_stream
            .then(|| self.streams.open(&known.claims.sub))
            .transpose()
    }

    /// The caller, counted. Methods that anyone may call take a stale token for none.
    async fn authenticate(&self, parts: &Parts, route: &Route) -> Result<Arc<Known>, GatewayError> {
        let known = match bearer(&parts.headers) {
            Some(token) => self.callers.of(token).await,
            None => Err(GatewayError::NotSignedIn),
        };
        match known {
            Ok(known) => {
                self.rates.count_account(&known.claims.sub)?;
                Ok(known)
            }
            Err(error) => {
                self.rates
                    .count_address(parts.extensions.get::<Peer>().map(|peer| peer.0))?;
                match error {
                    GatewayError::NotSignedIn if route.access.anyone => Ok(self.callers.nobody()),
                    error => Err(error),
                }
            }
        }
    }

    /// Reads from the first message what the way of the call depends on, and refuses a foreign organisation.
    async fn address<'a>(
        &'a self,
        route: &'a Route,
        caller: &Caller,
        body: Body,
    ) -> Result<(Upstream, Body), GatewayError> {
        if route.scope.is_none()
            && let Target::Service(upstream) = &route.target
        {
            return Ok((upstream.clone(), body::pass(body, &self.limits)));
        }
        let opened = body::open(body, &self.limits).await?;
        let first = match opened.first {
            Some(first) => first,
            // A stream without messages names nothing; its service says what is missing.
            None if route.access.method.is_client_streaming() => bytes::Bytes::new(),
            None => {
                return Err(GatewayError::Unreadable {
                    why: "its message is missing",
                });
            }
        };
        if let Some(scope) = &route.scope {
            self.check_scope(caller, &scope.name, &scope.read(&first)?)?;
        }
        let upstream = match &route.target {
            Target::Service(upstream) => upstream.clone(),
            Target::Named(field) => self.upstream(&field.name, &field.read(&first)?)?,
        };
        Ok((upstream, opened.body))
    }

    /// A region or school must lie in the caller's post. The name of a record passes: its row tells where it belongs. So does what
    /// names no school that can be: the service knows what the field takes.
    fn check_scope(&self, caller: &Caller, field: &str, value: &str) -> Result<(), GatewayError> {
        let is_school = value.strip_prefix("schools/").and_then(written_id);
        if value.starts_with("regions/") || is_school.is_some() {
            Parent::of(caller, &self.context.regions, field, value)?;
        }
        Ok(())
    }

    fn upstream(&self, field: &str, name: &str) -> Result<Upstream, GatewayError> {
        if name.is_empty() {
            return Err(GatewayError::field(Violation::required(field)));
        }
        let found = self.upstreams.iter().find(|upstream| upstream.name == name);
        found.cloned().ok_or_else(|| {
            let names: Vec<&str> = self
                .upstreams
                .iter()
                .map(|upstream| upstream.name)
                .collect();
            let names = names.join(", ");
            GatewayError::field(Violation::invalid(
                field,
                format!("must be one of {names}"),
                format!("应为 {names} 之一"),
            ))
        })
    }

    /// The caller's metadata without credentials, with the identity and the trace.
    fn headers(
        &self,
        mut headers: HeaderMap,
        identity: &str,
        call: &Call,
    ) -> Result<HeaderMap, GatewayError> {
        headers.remove(AUTHORIZATION);
        headers.remove(CONTENT_LENGTH);
        headers.remove(http::header::HOST);
        headers.remove(http::header::CONNECTION);
        // Whatever the client put here: `insert` takes every value away.
        let identity = HeaderValue::from_str(identity)
            .map_err(|_| KernelError::Stored("an identity is no header value".into()))?;
        headers.insert(IDENTITY_HEADER, identity);
        Ok(call.carry_trace(headers))
    }
}

/// The token of `authorization: Bearer …`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
