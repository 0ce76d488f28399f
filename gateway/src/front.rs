//! Which of the protocols a request speaks: gRPC, gRPC-Web or JSON, all on one port.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::CONTENT_TYPE;
use http::{Request, Response};
use tonic::body::Body;
use tonic::service::Routes;
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower::{Layer as _, Service, ServiceExt as _};

use crate::proxy::Proxy;
use crate::transcode::Transcoder;

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

/// Health and reflection answer here without a sign-in; nothing else does.
const OPEN: [&str; 2] = ["/grpc.health.v1.", "/grpc.reflection."];

/// gRPC: health and reflection, and the contract by way of the proxy.
#[derive(Clone)]
pub struct Native {
    proxy: Proxy,
    open: Routes,
}

/// Every protocol.
#[derive(Clone)]
pub struct Front {
    native: Native,
    web: GrpcWebService<Native>,
    transcoder: Transcoder,
}

// === impl Native ===

impl Native {
    /// `open` has health and reflection.
    pub fn new(proxy: Proxy, open: Routes) -> Self {
        let open = open.prepare();
        Self { proxy, open }
    }
}

impl Service<Request<Body>> for Native {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        let path = request.uri().path();
        if OPEN.iter().any(|open| path.starts_with(open)) {
            return Box::pin(self.open.clone().oneshot(request));
        }
        self.proxy.call(request)
    }
}

// === impl Front ===

impl Front {
    /// The three protocols over one proxy.
    pub fn new(native: Native, transcoder: Transcoder) -> Self {
        let web = GrpcWebLayer::new().layer(native.clone());
        Self {
            native,
            web,
            transcoder,
        }
    }
}

impl Service<Request<Body>> for Front {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        let kind = request.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.starts_with("application/grpc-web") {
            return Box::pin(self.web.call(request));
        }
        if kind.starts_with("application/grpc") {
            return self.native.call(request);
        }
        let transcoder = self.transcoder.clone();
        Box::pin(async move { Ok(transcoder.answer(request).await) })
    }
}
