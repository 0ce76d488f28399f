//! What a service answers when no handler of ours refused: the gRPC library's own statuses, put into the contract's words.
//!
//! The library answers a message that it cannot decode with the decoder's text, which names inner fields, and without an
//! `ErrorInfo`. Every refusal of ours has one; so a status without it is the library's, and its place in the answer tells
//! what it is about: in the header it concerns the request, behind the messages the answer.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Frame, SizeHint};
use junheng_proto::error::v1::Reason;
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::Refusal;
use crate::error::KernelError;
use crate::fault::{Fault, into_status};

const STATUS: &str = "grpc-status";
const STATUS_HEADERS: [&str; 3] = [STATUS, "grpc-message", "grpc-status-details-bin"];

/// What the library's statuses are about; its own words stay here.
#[derive(Debug, thiserror::Error)]
enum Told {
    /// A request that could not be taken in.
    #[error(
        "the request cannot be read: it is no message of this method; compare it with the contract"
    )]
    Unreadable,
    /// Another service, or the caller's connection, went away meanwhile.
    #[error("the call broke off")]
    BrokenOff,
}

impl Fault for Told {
    fn reason(&self) -> Reason {
        match self {
            Self::Unreadable => Reason::MessageUnreadable,
            Self::BrokenOff => Reason::Unavailable,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// The answer to a call of `method`, every refusal in it with a reason of the contract.
pub(super) fn in_our_words(method: &str, response: Response<Body>) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    if parts.headers.contains_key(STATUS) {
        reword(&mut parts.headers, |code| match code {
            Code::Unimplemented => into_status(Refusal::MethodUnknown {
                method: method.to_owned(),
            }),
            Code::Cancelled | Code::Unavailable | Code::DeadlineExceeded => {
                into_status(Told::BrokenOff)
            }
            _ => into_status(Told::Unreadable),
        });
        return Response::from_parts(parts, body);
    }
    let body = Reworded {
        method: method.to_owned(),
        body: Some(body),
    };
    Response::from_parts(parts, Body::new(body))
}

/// What the caller of a handler that panicked is told; what it said is logged.
pub(super) fn panicked(method: &str, panic: &(dyn Any + Send)) -> Status {
    let text = panic.downcast_ref::<&str>().copied();
    let said = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let said = said.unwrap_or("something that is no text");
    into_status(KernelError::Stored(format!("{method} panicked: {said}")))
}

/// Replaces a status that names no reason by what `ours` says of its code.
fn reword(headers: &mut HeaderMap, ours: impl FnOnce(Code) -> Status) {
    let Some(status) = Status::from_header_map(headers) else {
        return;
    };
    if status.code() == Code::Ok || status.get_details_error_info().is_some() {
        return;
    }
    tracing::debug!(code = ?status.code(), said = status.message(), "refused by the library");
    for name in STATUS_HEADERS {
        headers.remove(name);
    }
    let ours = ours(status.code());
    if ours.add_header(headers).is_err() {
        // Ours is printable always; a bare code is the least that a client understands.
        headers.insert(STATUS, (ours.code() as i32).into());
    }
}

/// A body whose trailers speak our words, also when what makes its messages panics; none after that.
struct Reworded {
    method: String,
    body: Option<Body>,
}

impl http_body::Body for Reworded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(context)));
        let mut polled = match polled {
            Ok(polled) => polled,
            Err(panic) => {
                self.body = None;
                let mut trailers = HeaderMap::new();
                let status = panicked(&self.method, &*panic);
                return Poll::Ready(Some(match status.add_header(&mut trailers) {
                    Ok(()) => Ok(Frame::trailers(trailers)),
                    Err(_) => Err(status),
                }));
            }
        };
        if let Poll::Ready(Some(Ok(frame))) = &mut polled
            && let Some(trailers) = frame.trailers_mut()
        {
            reword(trailers, |code| match code {
                Code::Cancelled | Code::Unavailable | Code::DeadlineExceeded => {
                    into_status(Told::BrokenOff)
                }
                _ => into_status(KernelError::Stored(format!(
                    "an answer broke off with {code:?}"
                ))),
            });
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(SizeHint::default, Body::size_hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt as _;
    use http_body_util::{BodyExt as _, Empty};
    use junheng_proto::registration::v1::ListSchoolsRequest;
    use prost::Message as _;

    const METHOD: &str = "/junheng.registration.v1.SchoolService/ListSchools";

    fn reason(status: &Status) -> (Code, String) {
        let info = status.get_details_error_info().unwrap();
        (status.code(), info.reason)
    }

    fn in_header(status: Status) -> Status {
        let told = in_our_words(METHOD, status.into_http());
        Status::from_header_map(told.headers()).unwrap()
    }

    async fn in_trailers(status: Status) -> Status {
        let mut trailers = HeaderMap::new();
        status.add_header(&mut trailers).unwrap();
        let body = Empty::new().with_trailers(std::future::ready(Some(Ok(trailers))));
        let told = in_our_words(METHOD, Response::new(Body::new(body)));
        let trailers = told.into_body().collect().await.unwrap();
        Status::from_header_map(trailers.trailers().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn the_decoders_text_reaches_no_caller() {
        let damaged = [0x0a, 0x01, b'r', 0x10, 0xff];
        let text = ListSchoolsRequest::decode(&damaged[..])
            .unwrap_err()
            .to_string();
        let told = in_header(Status::internal(text.clone()));
        assert_eq!(
            reason(&told),
            (Code::InvalidArgument, "MESSAGE_UNREADABLE".into())
        );
        assert!(!told.message().contains(&text), "{told:?}");
        let told = in_trailers(Status::internal(text.clone())).await;
        assert_eq!(reason(&told), (Code::Internal, "INTERNAL".into()));
        assert!(!told.message().contains(&text), "{told:?}");
    }

    #[tokio::test]
    async fn a_stream_that_panics_ends_with_a_status_and_its_words_stay_here() {
        let messages = tokio_stream::iter([0_u8, 1]).map(|number| match number {
            0 => Ok::<_, Status>(Frame::data(Bytes::from_static(b"first"))),
            _ => panic!("attempt to add with overflow"),
        });
        let body = Body::new(http_body_util::StreamBody::new(messages));
        let told = in_our_words(METHOD, Response::new(body));
        let whole = told.into_body().collect().await.unwrap();
        let status = Status::from_header_map(whole.trailers().unwrap()).unwrap();
        assert_eq!(reason(&status), (Code::Internal, "INTERNAL".into()));
        assert!(!status.message().contains("overflow"), "{status:?}");
        assert_eq!(whole.to_bytes(), "first");
    }

    #[tokio::test]
    async fn a_method_that_this_service_has_not_is_named() {
        let told = in_header(Status::unimplemented(""));
        assert_eq!(
            reason(&told),
            (Code::Unimplemented, "METHOD_UNKNOWN".into())
        );
        let info = told.get_details_error_info().unwrap();
        assert_eq!(info.metadata["method"], METHOD);
    }

    #[tokio::test]
    async fn our_own_refusals_and_good_ends_pass_as_they_are() {
        let ours = into_status(KernelError::not_found("schools/1"));
        for told in [in_header(ours.clone()), in_trailers(ours.clone()).await] {
            assert_eq!(told.message(), ours.message());
            assert_eq!(told.details(), ours.details());
        }
        assert_eq!(in_trailers(Status::ok("")).await.code(), Code::Ok);
    }
}
