//! Admits a call to a service, or refuses it, before any handler runs.

use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use futures_util::FutureExt as _;
use http::{Request, Response};
use tonic::Status;
use tonic::body::Body;
use tower::Service;
use tracing::Instrument as _;

use super::identities::Identities;
use super::{Caller, answer};
use crate::error::KernelError;
use crate::fault::into_status;
use crate::service::Context;

/// The header that carries the identity that the gateway, or another service, signed.
pub const IDENTITY_HEADER: &str = "x-junheng-identity";

/// The audience of identities.
pub const SERVICE_AUDIENCE: &str = "junheng-service";

/// Wraps the routes of a service. Without a genuine identity, or with a role that may not call the method, nothing
/// passes; with one, the handler finds its [`Caller`] in the request. Whatever is refused behind it is refused in the words of
/// the contract, and a handler that panics is answered for: its caller's connection carries other calls too.
#[derive(Clone)]
pub struct Admit<S> {
    inner: S,
    context: Context,
    identities: Arc<Identities>,
}

// === impl Admit ===

impl<S> Admit<S> {
    /// Guards `inner` by the rules and trusted keys of `context`.
    pub fn new(inner: S, context: Context) -> Self {
        Self {
            inner,
            context,
            identities: Arc::default(),
        }
    }

    fn caller(&self, request: &Request<Body>) -> Result<Caller, Status> {
        let path = request.uri().path();
        let token = request
            .headers()
            .get(IDENTITY_HEADER)
            .and_then(|value| value.to_str().ok())
            .ok_or_else(|| into_status(KernelError::NotAdmitted))?;
        let context = &self.context;
        let caller = self
            .identities
            .caller(context, token, path)
            .map_err(|error| {
                tracing::warn!(%error, rpc.method = path, "identity refused");
                into_status(KernelError::NotAdmitted)
            })?
            .ok_or_else(|| into_status(KernelError::NotAdmitted))?;
        context
            .access
            .admit(path, caller.role)
            .map_err(into_status)?;
        Ok(caller)
    }
}

impl<S> Service<Request<Body>> for Admit<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Send,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let span = tracing::info_span!(
            "service",
            rpc.method = request.uri().path(),
            service = self.context.name
        );
        crate::telemetry::continue_trace(&span, request.headers());
        match self.caller(&request) {
            Ok(caller) => {
                let method = caller.method.clone();
                request.extensions_mut().insert(caller);
                // What a handler holds is dropped with it: its transaction, which rolls back.
                let answer = AssertUnwindSafe(self.inner.call(request))
                    .catch_unwind()
                    .instrument(span);
                Box::pin(async move {
                    match answer.await {
                        Ok(answer) => Ok(answer::in_our_words(&method, answer?)),
                        Err(panic) => Ok(answer::panicked(&method, &*panic).into_http()),
                    }
                })
            }
            Err(status) => Box::pin(async move { Ok(status.into_http()) }),
        }
    }
}
