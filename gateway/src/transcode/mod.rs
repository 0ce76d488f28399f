//! JSON over HTTP for every method that the contract gives a URL: translated to gRPC, sent the same way, translated back.

mod input;
mod output;
mod status;
mod table;
mod template;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited, StreamBody};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use tokio::time::timeout;
use tonic::Status;
use tonic::body::Body;
use tower::ServiceExt as _;

use crate::error::GatewayError;
use crate::proxy::{Peer, Proxy};
use crate::settings::Limits;
use output::{Messages, status_of};
use table::{Rule, Table};

/// The headers of a JSON call that go on to the service.
const PASSED: [HeaderName; 4] = [
    AUTHORIZATION,
    ACCEPT_LANGUAGE,
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
];

/// Serves JSON.
#[derive(Clone)]
pub struct Transcoder {
    table: Arc<Table>,
    proxy: Proxy,
    limits: Limits,
}

// === impl Transcoder ===

impl Transcoder {
    /// Translates for `proxy`. Fails when the contract has a URL that cannot be read.
    pub fn new(proxy: Proxy, limits: Limits) -> anyhow::Result<Self> {
        Ok(Self {
            table: Arc::new(Table::of_contract()?),
            proxy,
            limits,
        })
    }

    /// Answers a request in JSON, whatever it is.
    pub async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        let Some((rule, bound)) = self.table.find(&parts.method, path) else {
            let error = GatewayError::method_unknown(&format!("{} {path}", parts.method));
            // The gRPC code would be 501; for a URL that nobody serves clients expect this.
            return refuse(&into_status(error), StatusCode::NOT_FOUND);
        };
        let request = match self.read(&parts, body).await {
            Ok(body) => input::encode(rule, bound, parts.uri.query(), &body),
            Err(error) => Err(error),
        };
        match request {
            Ok(message) => self.send(rule, &parts, message).await,
            Err(error) => fail(&into_status(error)),
        }
    }

    async fn read(&self, parts: &Parts, body: Body) -> Result<Bytes, GatewayError> {
        let most = self.limits.message_bytes;
        let read = Limited::new(body, most).collect();
        let deadline = Duration::from_secs(self.limits.first_message_seconds);
        let late = GatewayError::Unreadable {
            why: "its body did not arrive in time",
        };
        let read = timeout(deadline, read).await.map_err(|_| late)?;
        let body = read
            .map_err(|_| GatewayError::MessageTooLarge { most })?
            .to_bytes();
        let is_json = parts
            .headers
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.starts_with("application/json"));
        if !body.is_empty() && !is_json {
            return Err(GatewayError::Unreadable {
                why: "its content-type is not application/json",
            });
        }
        Ok(body)
    }

    async fn send(&self, rule: &Rule, parts: &Parts, message: Vec<u8>) -> Response<Body> {
        let response = match call(rule, parts, &message) {
            Some(request) => match self.proxy.clone().oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            },
            None => {
                let error = KernelError::Stored("a JSON call makes no gRPC request".into());
                return fail(&into_status(error));
            }
        };
        let (head, body) = response.into_parts();
        let mut response = if head.headers.contains_key("grpc-status") {
            fail(&status_of(&head.headers))
        } else {
            translate(rule, Messages::new(body, rule.method.output())).await
        };
        if let Some(trace) = head.headers.get(TRACE_ID) {
            response.headers_mut().insert(TRACE_ID, trace.clone());
        }
        response
    }
}

/// A stream is answered line by line as it comes, one message when its status is known.
async fn translate(rule: &Rule, mut messages: Messages) -> Response<Body> {
    if rule.method.is_server_streaming() {
        let body = Body::new(StreamBody::new(messages.lines()));
        return respond(StatusCode::OK, "application/x-ndjson", body);
    }
    match messages.next().await {
        Some(Ok(json)) => match messages.next().await {
            Some(Err(status)) => fail(&status),
            _ => respond(StatusCode::OK, "application/json", whole(json)),
        },
        Some(Err(status)) => fail(&status),
        None => fail(&status_of(&HeaderMap::new())),
    }
}

const TRACE_ID: &str = "x-trace-id";

/// The gRPC request of a JSON call.
fn call(rule: &Rule, parts: &Parts, message: &[u8]) -> Option<Request<Body>> {
    let length = u32::try_from(message.len()).ok()?.to_be_bytes();
    let framed = [&[0], &length[..], message].concat();
    let mut request = Request::post(rule.path.as_str())
        .version(http::Version::HTTP_2)
        .header(CONTENT_TYPE, "application/grpc")
        .header("te", "trailers")
        .body(whole(framed))
        .ok()?;
    for name in PASSED {
        if let Some(value) = parts.headers.get(&name) {
            request.headers_mut().insert(name, value.clone());
        }
    }
    if let Some(peer) = parts.extensions.get::<Peer>() {
        request.extensions_mut().insert(*peer);
    }
    Some(request)
}

fn whole(bytes: Vec<u8>) -> Body {
    Body::new(Full::new(Bytes::from(bytes)))
}

fn fail(status: &Status) -> Response<Body> {
    refuse(status, status::http_status(status.code()))
}

fn refuse(status: &Status, http: StatusCode) -> Response<Body> {
    respond(http, "application/json", whole(status::to_json(status)))
}

fn respond(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    // Answers hold personal data and are for this caller alone.
    headers.insert(
        http::header::CACHE_CONTROL,
        HeaderValue::from_static("no-store"),
    );
    response
}
