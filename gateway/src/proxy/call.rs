//! One call as operators see it: a span in the caller's trace, a line in the access log, a count and a duration. None of
//! it names a person.

use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::{Frame, SizeHint};
use junheng_kernel::admission::Caller;
use junheng_kernel::telemetry::{carry_trace, continue_trace};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram};
use opentelemetry::trace::{TraceContextExt as _, TraceId};
use tonic::body::Body;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use uuid::Uuid;

const TRACE_PARENT: &str = "traceparent";

/// The header of every answer that names the trace to quote to operators.
const TRACE_ID: &str = "x-trace-id";

/// The role of callers without a session, as the contract's policy calls them.
const ANYONE: &str = "anyone";

/// A call under way.
pub struct Call {
    /// The span of the call.
    pub span: Span,
    record: Record,
}

/// What is told of a call when it ends.
struct Record {
    begun: Instant,
    method: String,
    is_known: bool,
    role: String,
    organisation: String,
    trace_id: String,
    span: Span,
}

// === impl Call ===

impl Call {
    /// Begins a call; its span continues the caller's trace where there is one.
    pub fn begin(request: &Request<Body>) -> Self {
        let method = request.uri().path().to_owned();
        let span = tracing::info_span!("gateway", rpc.system = "grpc", rpc.method = method);
        continue_trace(&span, request.headers());
        let trace_id = trace_id(&span, request.headers());
        Self {
            span: span.clone(),
            record: Record {
                begun: Instant::now(),
                method,
                is_known: false,
                role: String::new(),
                organisation: String::new(),
                trace_id,
                span,
            },
        }
    }

    /// The method is one of the contract's: until then its path is the caller's invention and no label of a metric.
    pub fn method_known(&mut self) {
        self.record.is_known = true;
    }

    /// In which post the caller acts; `None` without a session.
    pub fn acts_as(&mut self, caller: Option<&Caller>) {
        self.record.role =
            caller.map_or_else(|| ANYONE.to_owned(), |caller| caller.role.to_string());
        self.record.organisation =
            caller.map_or_else(String::new, |caller| caller.organisation.clone());
    }

    /// `headers` with this call's trace, which begins here if the caller brought none.
    pub fn carry_trace(&self, headers: HeaderMap) -> HeaderMap {
        let mut metadata = MetadataMap::from_headers(headers);
        carry_trace(&mut metadata);
        let mut headers = metadata.into_headers();
        if !headers.contains_key(TRACE_PARENT) {
            let parent = format!(
                "00-{}-{}-00",
                self.record.trace_id,
                &self.record.trace_id[16..]
            );
            if let Ok(parent) = HeaderValue::from_str(&parent) {
                headers.insert(TRACE_PARENT, parent);
            }
        }
        headers
    }

    /// The answer, watched until its end.
    pub fn observe(self, response: Response<Body>) -> Response<Body> {
        let (mut parts, body) = response.into_parts();
        parts.headers.remove(CONTENT_LENGTH);
        if let Ok(id) = HeaderValue::from_str(&self.record.trace_id) {
            parts.headers.insert(TRACE_ID, id);
        }
        let mut watched = Watched {
            body,
            record: Some(self.record),
        };
        if let Some(code) = code_of(&parts.headers) {
            watched.end(code);
        }
        Response::from_parts(parts, Body::new(watched))
    }
}

/// The trace's id: the exporter's, or the caller's, or a new one. 32 hexadecimal digits.
fn trace_id(span: &Span, headers: &HeaderMap) -> String {
    let exported = span.context().span().span_context().trace_id();
    if exported != TraceId::INVALID {
        return exported.to_string();
    }
    let given = headers
        .get(TRACE_PARENT)
        .and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.split('-').nth(1));
    given
        .filter(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .map_or_else(|| Uuid::now_v7().simple().to_string(), str::to_owned)
}

fn code_of(headers: &HeaderMap) -> Option<Code> {
    Status::from_header_map(headers).map(|status| status.code())
}

// === impl Record ===

impl Record {
    fn close(self, code: Code) {
        let duration = self.begun.elapsed();
        let method = if self.is_known {
            self.method.as_str()
        } else {
            "unknown"
        };
        let labels = [
            KeyValue::new("rpc.method", method.to_owned()),
            KeyValue::new("rpc.grpc.status_code", i64::from(code as i32)),
        ];
        METRICS.calls.add(1, &labels);
        METRICS.duration.record(duration.as_secs_f64(), &labels);
        let _entered = self.span.enter();
        tracing::info!(
            rpc.method = method,
            role = self.role,
            organisation = self.organisation,
            code = ?code,
            duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            trace_id = self.trace_id,
            "call"
        );
    }
}

/// A body that tells how the call ended: by its trailers, or by nobody reading on.
struct Watched {
    body: Body,
    record: Option<Record>,
}

// === impl Watched ===

impl Watched {
    fn end(&mut self, code: Code) {
        if let Some(record) = self.record.take() {
            record.close(code);
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.end(code_of(trailers).unwrap_or(Code::Unknown));
                }
            }
            Poll::Ready(Some(Err(status))) => self.end(status.code()),
            Poll::Ready(None) => self.end(Code::Unknown),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    /// Unknown, whatever the service told: behind the bytes come trailers, which gRPC-Web sends as bytes too.
    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

struct Metrics {
    calls: Counter<u64>,
    duration: Histogram<f64>,
}

/// Exported when the process has set a meter provider before its first call.
static METRICS: LazyLock<Metrics> = LazyLock::new(|| {
    let meter = opentelemetry::global::meter("junheng.gateway");
    Metrics {
        calls: meter
            .u64_counter("gateway.calls")
            .with_description("calls by method and status code")
            .build(),
        duration: meter
            .f64_histogram("gateway.call.duration")
            .with_unit("s")
            .with_description("time from a call's header to its last byte")
            .build(),
    }
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_without_a_session_is_told_as_anyones() {
        let mut call = Call::begin(&Request::new(Body::empty()));
        call.acts_as(None);
        assert_eq!(
            (call.record.role.as_str(), call.record.organisation.as_str()),
            ("anyone", "")
        );
    }
}
