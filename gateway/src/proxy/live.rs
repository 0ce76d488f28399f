//! A stream of answers lasts no longer than the session it was opened in.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use tonic::Status;
use tonic::body::Body;

use super::body::Boundary;
use crate::admission::{Callers, Known, OpenStream};

/// How often a stream's session is looked at.
const LOOK: Duration = Duration::from_secs(2);

type End = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A body that ends with `UNAVAILABLE` (`STREAM_ENDED`) behind a whole message once its time has come.
pub struct Live {
    body: Body,
    /// Ready when the stream must end; `None` when that has happened.
    end: Option<End>,
    boundary: Boundary,
    is_over: bool,
    open: Option<OpenStream>,
}

// === impl Live ===

impl Live {
    /// `body` as long as the session of `known` lasts.
    pub fn new(body: Body, callers: Arc<Callers>, known: Arc<Known>, open: OpenStream) -> Self {
        let end = async move {
            // A database that does not answer ends it too: the caller comes again, and is admitted again.
            while callers.still(&known).await.is_ok() {
                tokio::time::sleep(LOOK).await;
            }
        };
        Self::until(body, Box::pin(end), Some(open))
    }

    fn until(body: Body, end: End, open: Option<OpenStream>) -> Self {
        Self {
            body,
            end: Some(end),
            boundary: Boundary::default(),
            is_over: false,
            open,
        }
    }

    /// The last frame. The service's stream is dropped with it.
    fn close(&mut self) -> Option<Result<Frame<Bytes>, Status>> {
        self.is_over = true;
        self.body = Body::empty();
        self.open = None;
        let status = into_status(KernelError::StreamEnded);
        let mut trailers = HeaderMap::new();
        Some(match status.add_header(&mut trailers) {
            Ok(()) => Ok(Frame::trailers(trailers)),
            Err(status) => Err(status),
        })
    }
}

impl http_body::Body for Live {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if this.is_over {
            return Poll::Ready(None);
        }
        // Looked at before the messages, so that a stream that is never silent ends too.
        if let Some(end) = &mut this.end
            && end.as_mut().poll(context).is_ready()
        {
            this.end = None;
        }
        if this.end.is_none() && this.boundary.is_between() {
            return Poll::Ready(this.close());
        }
        let polled = Pin::new(&mut this.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            this.boundary.follow(data);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.is_over || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{BodyExt as _, StreamBody};
    use tokio_stream::StreamExt as _;
    use tonic::Code;
    use tonic_types::StatusExt as _;

    fn data(bytes: &'static [u8]) -> Result<Frame<Bytes>, Status> {
        Ok(Frame::data(Bytes::from_static(bytes)))
    }

    #[tokio::test]
    async fn a_stream_whose_time_has_come_ends_behind_a_whole_message_and_says_so() {
        let frames = [data(&[0, 0, 0, 0, 2, 7]), data(&[8]), data(&[0, 0, 0])];
        let never = tokio_stream::pending();
        let body = Body::new(StreamBody::new(tokio_stream::iter(frames).chain(never)));
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let ended = async move { ended.await.unwrap_or_default() };
        let mut live = Live::until(body, Box::pin(ended), None);
        let mut taken = live
            .frame()
            .await
            .unwrap()
            .unwrap()
            .into_data()
            .unwrap()
            .to_vec();
        end.send(()).unwrap();
        taken.extend(live.frame().await.unwrap().unwrap().into_data().unwrap());
        assert_eq!(taken, [0, 0, 0, 0, 2, 7, 8], "the message is whole");
        let trailers = live
            .frame()
            .await
            .unwrap()
            .unwrap()
            .into_trailers()
            .unwrap();
        let status = Status::from_header_map(&trailers).unwrap();
        assert_eq!(status.code(), Code::Unavailable);
        let info = status.get_details_error_info().unwrap();
        assert_eq!(info.reason, "STREAM_ENDED");
        assert!(live.frame().await.is_none());
    }

    #[tokio::test]
    async fn a_stream_that_ends_by_itself_keeps_its_own_end() {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", 0.into());
        let frames = [
            data(&[0, 0, 0, 0, 0]),
            Ok(Frame::trailers(trailers.clone())),
        ];
        let body = Body::new(StreamBody::new(tokio_stream::iter(frames)));
        let live = Live::until(body, Box::pin(std::future::pending()), None);
        let collected = live.collect().await.unwrap();
        assert_eq!(collected.trailers(), Some(&trailers));
    }
}
