//! What a component says of its health (grpc.health.v1): `""` and its services' names while the process takes calls,
//! [`READINESS`] while its database answers too.

use std::time::Duration;

use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::service::Context;

/// The health name that also asks the database. Probes that take a component out of rotation ask for it.
pub const READINESS: &str = "readiness";

/// How often the database is asked.
const LOOK: Duration = Duration::from_secs(5);

/// Reports until the process drains, then says `NOT_SERVING` for every name. `services` are the names beside `""`.
pub async fn report(context: Context, reporter: HealthReporter, services: Vec<String>) {
    let always = || services.iter().map(String::as_str).chain([""]);
    for name in always() {
        reporter
            .set_service_status(name, ServingStatus::Serving)
            .await;
    }
    loop {
        let ready = if context.store.is_ready().await {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        reporter.set_service_status(READINESS, ready).await;
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = context.stop.cancelled() => break,
        }
    }
    for name in always().chain([READINESS]) {
        reporter
            .set_service_status(name, ServingStatus::NotServing)
            .await;
    }
}
