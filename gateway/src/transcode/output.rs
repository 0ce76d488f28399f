//! From gRPC answers to JSON: one object, or one line for each message of a stream.

use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::stream::{Stream, unfold};
use http::HeaderMap;
use http_body::Frame;
use http_body_util::BodyExt as _;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions};
use tonic::body::Body;
use tonic::{Code, Status};

use super::status;

/// Reads the messages of a gRPC answer.
pub struct Messages {
    body: Body,
    read: BytesMut,
    message: MessageDescriptor,
    ended: Option<Status>,
}

// === impl Messages ===

impl Messages {
    /// The messages of `body`, each a `message`.
    pub fn new(body: Body, message: MessageDescriptor) -> Self {
        Self {
            body,
            read: BytesMut::new(),
            message,
            ended: None,
        }
    }

    /// The next message as JSON; `None` at a good end.
    pub async fn next(&mut self) -> Option<Result<Vec<u8>, Status>> {
        loop {
            if let Some(message) = self.take() {
                return Some(to_json(&self.message, &message));
            }
            if let Some(status) = self.ended.take() {
                return (status.code() != Code::Ok).then_some(Err(status));
            }
            match self.body.frame().await {
                Some(Ok(frame)) => self.add(frame),
                Some(Err(status)) => self.ended = Some(status),
                None => self.ended = Some(broken("an answer broke off")),
            }
        }
    }

    /// Each message as a line, an error as the last.
    pub fn lines(self) -> impl Stream<Item = Result<Frame<Bytes>, Status>> {
        unfold(Some(self), |messages| async move {
            let mut messages = messages?;
            let (mut line, rest) = match messages.next().await? {
                Ok(json) => (json, Some(messages)),
                Err(status) => (status::to_json(&status), None),
            };
            line.push(b'\n');
            Some((Ok(Frame::data(Bytes::from(line))), rest))
        })
    }

    fn add(&mut self, frame: Frame<Bytes>) {
        match frame.into_data() {
            Ok(data) => self.read.extend_from_slice(&data),
            Err(frame) => {
                let trailers = frame.into_trailers().unwrap_or_default();
                self.ended = Some(status_of(&trailers));
            }
        }
    }

    fn take(&mut self) -> Option<Bytes> {
        let (prefix, rest) = self.read.split_first_chunk::<5>()?;
        let [_, length @ ..] = *prefix;
        let length = u32::from_be_bytes(length) as usize;
        if rest.len() < length {
            return None;
        }
        self.read.advance(5);
        Some(self.read.split_to(length).freeze())
    }
}

/// The status of trailers; an answer without one broke off.
pub fn status_of(trailers: &HeaderMap) -> Status {
    Status::from_header_map(trailers).unwrap_or_else(|| broken("an answer without a status"))
}

/// Fields without a value are written too: a count of zero is an answer.
fn to_json(message: &MessageDescriptor, bytes: &[u8]) -> Result<Vec<u8>, Status> {
    let decoded = DynamicMessage::decode(message.clone(), bytes);
    let decoded = decoded.map_err(|_| broken("an answer is no message of its method"))?;
    let mut json = serde_json::Serializer::new(Vec::new());
    let options = SerializeOptions::new().skip_default_fields(false);
    decoded
        .serialize_with_options(&mut json, &options)
        .map_err(|_| broken("an answer cannot be written as JSON"))?;
    Ok(json.into_inner())
}

fn broken(why: &str) -> Status {
    into_status(KernelError::Stored(why.to_owned()))
}
