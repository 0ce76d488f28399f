//! The gRPC door of a single service: health and reflection for operators, everything else through the service's guard.

use std::convert::Infallible;
use std::time::Duration;

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use junheng_kernel::health;
use junheng_kernel::service::{CONNECTION_WINDOW, Context, Link, STREAM_WINDOW};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::transport::Server;
use tower::ServiceExt as _;

/// How often an idle caller is asked whether it still lives.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Serves until the order to stop, then until the calls under way have ended.
///
/// # Errors
/// Those of the listener, and a contract that reflection cannot read.
pub async fn serve(context: Context, link: Link, listener: TcpListener) -> anyhow::Result<()> {
    let (reporter, health_service) = tonic_health::server::health_reporter();
    tokio::spawn(health::report(context.clone(), reporter, Vec::new()));
    let descriptors = junheng_proto::DESCRIPTORS;
    let builder = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(descriptors)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let guarded = tower::service_fn(move |request: http::Request<_>| {
        let call = link.clone().oneshot(request.map(Body::new));
        async move {
            Ok::<_, Infallible>(call.await.unwrap_or_else(|error| {
                let failure = format!("the service failed: {error}");
                into_status(KernelError::Stored(failure)).into_http()
            }))
        }
    });
    let open = Routes::new(health_service)
        .add_service(builder().build_v1()?)
        .add_service(builder().build_v1alpha()?);
    let routes = Routes::from(open.into_axum_router().fallback_service(guarded));
    let stop = context.stop.clone();
    Server::builder()
        .tcp_nodelay(true)
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .add_routes(routes)
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), stop.cancelled_owned())
        .await?;
    Ok(())
}
