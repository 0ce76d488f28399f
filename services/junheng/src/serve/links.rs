//! Ways to the services: in this process, or over the network.

use std::time::Duration;

use anyhow::{Context as _, bail};
use junheng_kernel::service::{Link, remote};
use tonic::transport::Endpoint;

use super::component::Component;
use crate::config::Config;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How often an idle connection is asked whether it still lives, so that a dead peer is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// A link to a service in another process. It connects when first used, so the order of starting does not matter.
///
/// # Errors
/// When the settings do not say where the service is.
pub fn to(component: Component, config: &Config) -> anyhow::Result<Link> {
    let services = &config.services;
    let url = match component {
        Component::Registration => &services.registration,
        Component::Staffing => &services.staffing,
        Component::Assets => &services.assets,
        Component::Inspection => &services.inspection,
        Component::Gateway => bail!("no service calls the gateway"),
    };
    let key = format!("services.{}", component.name());
    if url.is_empty() {
        bail!(
            "settings: this role needs {key}, for example http://{}:8740",
            component.name()
        );
    }
    let endpoint = Endpoint::from_shared(url.clone())
        .with_context(|| format!("settings: {key} must be a URL such as http://host:8740"))?
        .connect_timeout(CONNECT)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(CONNECT)
        .keep_alive_while_idle(true)
        .tcp_nodelay(true);
    Ok(remote(endpoint.connect_lazy()))
}
