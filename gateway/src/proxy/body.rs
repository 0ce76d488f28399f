//! The body of a request on its way through: the first message is read for its scope field, and every byte goes on as
//! it came.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use junheng_kernel::fault::into_status;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tonic::Status;
use tonic::body::Body;

use crate::error::GatewayError;
use crate::settings::Limits;

/// A message's prefix: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// A request's body whose first message has been read.
pub struct Opened {
    /// The first message; `None` when the body ended before it.
    pub first: Option<Bytes>,
    /// The whole body, the first message included.
    pub body: Body,
}

/// Reads the first message, within the limits of size and time.
pub async fn open(mut body: Body, limits: &Limits) -> Result<Opened, GatewayError> {
    let deadline = Duration::from_secs(limits.first_message_seconds);
    let read = read_first(&mut body, limits.message_bytes);
    let late = GatewayError::Unreadable {
        why: "its first message did not arrive in time",
    };
    let (taken, first, trailers) = timeout(deadline, read).await.map_err(|_| late)??;
    let mut waiting = VecDeque::new();
    if !taken.is_empty() {
        waiting.push_back(Frame::data(taken));
    }
    waiting.extend(trailers);
    let body = Body::new(Passing::new(waiting, body, limits));
    Ok(Opened { first, body })
}

/// A body that nobody needs to look into.
pub fn pass(body: Body, limits: &Limits) -> Body {
    Body::new(Passing::new(VecDeque::new(), body, limits))
}

type FirstRead = (Bytes, Option<Bytes>, Option<Frame<Bytes>>);

async fn read_first(body: &mut Body, most: usize) -> Result<FirstRead, GatewayError> {
    let mut taken = BytesMut::new();
    loop {
        if let Some(length) = message_length(&taken, most)?
            && taken.len() >= PREFIX + length
        {
            let taken = taken.freeze();
            let first = taken.slice(PREFIX..PREFIX + length);
            return Ok((taken, Some(first), None));
        }
        match body.frame().await {
            None => return Ok((taken.freeze(), None, None)),
            Some(Err(_)) => {
                return Err(GatewayError::Unreadable {
                    why: "its body broke off",
                });
            }
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => taken.extend_from_slice(&data),
                Err(trailers) => return Ok((taken.freeze(), None, Some(trailers))),
            },
        }
    }
}

/// The length of the message that `bytes` begin with, once its prefix is there.
fn message_length(bytes: &[u8], most: usize) -> Result<Option<usize>, GatewayError> {
    let Some((prefix, _)) = bytes.split_first_chunk::<PREFIX>() else {
        return Ok(None);
    };
    let [compressed, length @ ..] = *prefix;
    if compressed != 0 {
        // The services take none either; `grpc-accept-encoding` never offers it.
        return Err(GatewayError::Unreadable {
            why: "it is compressed, which is not offered",
        });
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > most {
        return Err(GatewayError::MessageTooLarge { most });
    }
    Ok(Some(length))
}

/// Where one message ends and the next begins, in bytes that come in any pieces.
#[derive(Default)]
pub struct Boundary {
    prefix: BytesMut,
    left: usize,
}

// === impl Boundary ===

impl Boundary {
    /// Follows `data` through the messages of a service, which sends them of any length.
    pub fn follow(&mut self, data: &[u8]) {
        // Only what is compressed or too long is refused; neither is, so that the place is always known.
        let _of_any_length = self.follow_within(data, usize::MAX);
    }

    /// Follows `data`, to know the length of each message before it is taken.
    fn follow_within(&mut self, mut data: &[u8], most: usize) -> Result<(), GatewayError> {
        while !data.is_empty() {
            if self.left > 0 {
                let step = self.left.min(data.len());
                data.advance(step);
                self.left -= step;
                continue;
            }
            let step = (PREFIX - self.prefix.len()).min(data.len());
            let (head, rest) = data.split_at(step);
            self.prefix.extend_from_slice(head);
            data = rest;
            if let Some(length) = message_length(&self.prefix, most)? {
                self.left = length;
                self.prefix.clear();
            }
        }
        Ok(())
    }

    /// Whether no message is under way.
    pub fn is_between(&self) -> bool {
        self.left == 0 && self.prefix.is_empty()
    }
}

/// Passes frames on untouched; ends the call when a message is too large or the client stands still.
struct Passing {
    waiting: VecDeque<Frame<Bytes>>,
    rest: Body,
    most: usize,
    idle: Duration,
    timer: Pin<Box<Sleep>>,
    is_waiting: bool,
    boundary: Boundary,
}

// === impl Passing ===

impl Passing {
    fn new(waiting: VecDeque<Frame<Bytes>>, rest: Body, limits: &Limits) -> Self {
        let idle = Duration::from_secs(limits.body_idle_seconds);
        Self {
            waiting,
            rest,
            most: limits.message_bytes,
            idle,
            timer: Box::pin(sleep(idle)),
            is_waiting: false,
            boundary: Boundary::default(),
        }
    }
}

impl http_body::Body for Passing {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let frame = match this.waiting.pop_front() {
            Some(frame) => Some(Ok(frame)),
            None => match Pin::new(&mut this.rest).poll_frame(context) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    // The time runs only while the client is waited for, not while the service is slow to read.
                    if !this.is_waiting {
                        this.is_waiting = true;
                        this.timer.as_mut().reset(Instant::now() + this.idle);
                    }
                    ready!(this.timer.as_mut().poll(context));
                    let late = GatewayError::Unreadable {
                        why: "its body stood still too long",
                    };
                    return Poll::Ready(Some(Err(into_status(late))));
                }
            },
        };
        this.is_waiting = false;
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
            && let Err(error) = this.boundary.follow_within(data, this.most)
        {
            return Poll::Ready(Some(Err(into_status(error))));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.waiting.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{Full, StreamBody};
    use tokio_stream::iter;

    fn framed(message: &[u8]) -> Vec<u8> {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        [&[0], &length[..], message].concat()
    }

    #[tokio::test]
    async fn every_byte_goes_on_as_it_came_however_it_was_cut() {
        let bytes = [framed(b"first"), framed(b""), framed(b"third")].concat();
        for size in 1..bytes.len() {
            let chunks: Vec<_> = bytes
                .chunks(size)
                .map(|chunk| Ok::<_, Status>(Frame::data(Bytes::copy_from_slice(chunk))))
                .collect();
            let body = Body::new(StreamBody::new(iter(chunks)));
            let opened = open(body, &Limits::default()).await.unwrap();
            assert_eq!(opened.first.unwrap(), "first");
            assert_eq!(opened.body.collect().await.unwrap().to_bytes(), bytes);
        }
    }

    #[tokio::test]
    async fn a_message_over_the_limit_is_refused_wherever_it_stands() {
        let limits = Limits {
            message_bytes: 8,
            ..Limits::default()
        };
        let body = |bytes: Vec<u8>| Body::new(Full::new(Bytes::from(bytes)));
        let refused = open(body(framed(&[7; 9])), &limits).await.err().unwrap();
        assert!(matches!(refused, GatewayError::MessageTooLarge { most: 8 }));
        let later = [framed(&[7; 8]), framed(&[7; 9])].concat();
        let opened = open(body(later), &limits).await.unwrap();
        assert!(opened.body.collect().await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_nothing_is_not_waited_for_without_end() {
        let never = StreamBody::new(tokio_stream::pending::<Result<Frame<Bytes>, Status>>());
        let refused = open(Body::new(never), &Limits::default())
            .await
            .err()
            .unwrap();
        assert!(refused.to_string().contains("in time"), "{refused}");
    }
}
