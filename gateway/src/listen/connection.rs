//! One connection: HTTP/1.1 or HTTP/2 with prior knowledge, whichever its first bytes are.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use junheng_kernel::service::{CONNECTION_WINDOW, STREAM_WINDOW};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tower::{Service, ServiceExt as _};

use super::flood::Counted;
use crate::proxy::Peer;
use crate::settings::Limits;

/// What answers requests.
pub trait Http:
    Service<
        Request<Body>,
        Response = Response<Body>,
        Error = Infallible,
        Future: Future<Output = Result<Response<Body>, Infallible>> + Send,
    > + Clone
    + Send
    + 'static
{
}

impl<S> Http for S where
    S: Service<
            Request<Body>,
            Response = Response<Body>,
            Error = Infallible,
            Future: Future<Output = Result<Response<Body>, Infallible>> + Send,
        > + Clone
        + Send
        + 'static
{
}

/// Serves connections, all by the same limits.
pub struct Connections<S> {
    http: S,
    builder: Builder<TokioExecutor>,
    silence: Duration,
    control_frames: u32,
    stop: CancellationToken,
    cut: CancellationToken,
}

// === impl Connections ===

impl<S: Http> Connections<S> {
    /// By `limits`; `stop` makes each finish what it has begun.
    pub fn new(http: S, limits: &Limits, stop: &CancellationToken) -> Self {
        Self {
            http,
            builder: builder(limits),
            silence: Duration::from_secs(limits.handshake_seconds),
            control_frames: limits.control_frames_per_second,
            stop: stop.clone(),
            cut: CancellationToken::new(),
        }
    }

    /// Closes every connection where it stands.
    pub fn cut(&self) {
        self.cut.cancel();
    }

    /// Serves one connection to its end.
    pub fn serve(
        &self,
        stream: TcpStream,
        peer: IpAddr,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (http, builder, silence) = (self.http.clone(), self.builder.clone(), self.silence);
        let (stop, cut, most) = (self.stop.clone(), self.cut.clone(), self.control_frames);
        async move {
            // Small frames go out at once; the system would wait for more.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps its delay");
            }
            let spoke = CancellationToken::new();
            let heard = spoke.clone();
            let service = service_fn(move |mut request: Request<Incoming>| {
                heard.cancel();
                request.extensions_mut().insert(Peer(peer));
                http.clone().oneshot(request.map(Body::new))
            });
            let connection =
                builder.serve_connection(TokioIo::new(Counted::new(stream, most)), service);
            tokio::pin!(connection);
            let silent = async {
                if tokio::time::timeout(silence, spoke.cancelled())
                    .await
                    .is_ok()
                {
                    std::future::pending::<()>().await;
                }
            };
            let result = tokio::select! {
                result = connection.as_mut() => result,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    tokio::select! {
                        result = connection => result,
                        () = cut.cancelled() => return,
                    }
                }
                () = silent => {
                    tracing::debug!("a connection was closed: it sent no request");
                    return;
                }
            };
            if let Err(error) = result {
                tracing::debug!(error, "a connection broke off");
            }
        }
    }
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(limits.header_seconds))
        .max_buf_size((limits.header_bytes as usize).max(8 * 1024));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(limits.header_bytes)
        .max_concurrent_streams(limits.concurrent_streams)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_pending_accept_reset_streams(limits.pending_resets)
        // Not for resets of our own making, which keep their default of 1,024: a caller who is refused before the message
        // has arrived sends it to a stream that is closed by then, and does nothing wrong.
        .keep_alive_interval(Duration::from_secs(limits.keep_alive_seconds))
        .keep_alive_timeout(Duration::from_secs(limits.keep_alive_timeout_seconds));
    builder
}
