//! The JSON and gRPC-Web faces, called as a browser or a script would.

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Method, Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: hyper::HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// A message and a trailer of gRPC-Web.
#[derive(Clone, Debug, Default)]
pub struct WebAnswer {
    /// The messages.
    pub messages: Vec<Bytes>,
    /// The trailers, `name: value` a line.
    pub trailers: String,
}

// === impl Answer ===

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }
}

/// Sends one request.
pub async fn send(
    method: Method,
    url: &str,
    token: &str,
    content_type: &str,
    body: impl Into<Bytes>,
) -> anyhow::Result<Answer> {
    let mut request = Request::builder()
        .method(method)
        .uri(url)
        .header(CONTENT_TYPE, content_type);
    if !token.is_empty() {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let client = Client::builder(TokioExecutor::new()).build_http();
    let answer = client
        .request(request.body(Full::new(body.into()))?)
        .await
        .context(url.to_owned())?;
    let (parts, body) = answer.into_parts();
    Ok(Answer {
        status: parts.status,
        headers: parts.headers,
        body: body.collect().await?.to_bytes(),
    })
}

/// Sends JSON and reads JSON.
pub async fn json(
    method: Method,
    url: &str,
    token: &str,
    body: &Value,
) -> anyhow::Result<(StatusCode, Value)> {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let answer = send(method, url, token, "application/json", body).await?;
    let value = answer.json();
    Ok((answer.status, value))
}

/// Calls a method over gRPC-Web.
pub async fn web(
    url: &str,
    token: &str,
    method: &str,
    message: &[u8],
) -> anyhow::Result<WebAnswer> {
    let mut frame = vec![0];
    frame.extend(u32::try_from(message.len())?.to_be_bytes());
    frame.extend(message);
    let address = format!("{url}/{method}");
    let answer = send(
        Method::POST,
        &address,
        token,
        "application/grpc-web+proto",
        frame,
    )
    .await?;
    let mut read = WebAnswer::default();
    let mut rest = answer.body.clone();
    while rest.len() >= 5 {
        let head = rest.split_to(5);
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        anyhow::ensure!(length <= rest.len(), "a frame is cut off: {answer:?}");
        let content = rest.split_to(length);
        if head[0] & 0x80 == 0 {
            read.messages.push(content);
        } else {
            read.trailers.push_str(&String::from_utf8_lossy(&content));
        }
    }
    // A refusal without any message carries its status in the headers.
    for name in ["grpc-status", "grpc-message"] {
        if let Some(value) = answer.headers.get(name) {
            read.trailers
                .push_str(&format!("{name}: {}\r\n", value.to_str()?));
        }
    }
    Ok(read)
}
