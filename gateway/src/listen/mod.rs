//! Takes connections: no more than the limit, none that stays silent, each within the limits of its protocol; and lets
//! them finish when the gateway drains.

mod connection;
mod flood;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::settings::Limits;
use connection::{Connections, Http};

/// How long to wait after the system gave no connection, for example for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves `http` on `listener` until `stop`, then drains.
pub async fn serve<S: Http>(
    listener: TcpListener,
    http: S,
    limits: &Limits,
    stop: &CancellationToken,
) {
    let tasks = TaskTracker::new();
    let room = Arc::new(Semaphore::new(limits.connections));
    let connections = Connections::new(http, limits, stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "no connection could be taken");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let Ok(place) = room.clone().try_acquire_owned() else {
            tracing::warn!(
                connections = limits.connections,
                "a connection was closed: too many"
            );
            continue;
        };
        let connection = connections.serve(stream, peer.ip());
        tasks.spawn(async move {
            connection.await;
            drop(place);
        });
    }
    drop(listener);
    tasks.close();
    let drain = Duration::from_secs(limits.drain_seconds);
    if tokio::time::timeout(drain, tasks.wait()).await.is_err() {
        tracing::warn!(
            connections = tasks.len(),
            "connections were cut after the drain"
        );
        connections.cut();
        tasks.wait().await;
    }
}
