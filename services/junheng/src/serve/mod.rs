//! Runs the suite, all in one process or one component of it.
//!
//! The components are the same either way; only the links between them and the listeners differ. A process drains in this
//! order: health says so, the listener closes, calls under way end, the sealers seal the rest, telemetry is sent.

mod component;
pub mod database;
mod door;
mod first_sign_in;
mod ground;
mod links;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use junheng_gateway::FirstSignIn;
use junheng_kernel::service::{Context, Link, later};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

pub use component::Component;
pub use ground::{Ground, Keys};

use crate::config::Config;

/// How long sealers and feeds may take once the last call has ended.
const SETTLE: Duration = Duration::from_secs(5);

/// A process that serves.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it stands on.
    pub ground: Ground,
    /// What each component runs with.
    pub contexts: Vec<Context>,
    /// The administrators that were just made, and the file that holds their passwords.
    pub first: Option<(Vec<FirstSignIn>, PathBuf)>,
    server: JoinHandle<anyhow::Result<()>>,
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// Whatever keeps the process from starting, or ends it early.
pub async fn run(config: Config, role: Option<Component>) -> anyhow::Result<()> {
    let ground = Ground::new(config)?;
    // From here on the order to stop is heard, also while waiting for a database.
    let stop = ground.stop.clone();
    tokio::spawn(async move {
        if asked_to_end().await.is_ok() {
            stop.cancel();
        }
    });
    let mut running = start(ground, role).await?;
    if let Some((_, file)) = &running.first {
        println!(
            "the three administrators sign in with the passwords in {}",
            file.display()
        );
    }
    println!("junheng is ready: http://{}", running.address);
    running.until_stopped().await
}

/// Waits for SIGTERM or SIGINT.
///
/// # Errors
/// When signals cannot be heard.
pub async fn asked_to_end() -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    tokio::select! {
        _ = terminate.recv() => tracing::info!("SIGTERM: draining"),
        _ = interrupt.recv() => tracing::info!("SIGINT: draining"),
    }
    Ok(())
}

/// Starts and returns once it listens.
///
/// # Errors
/// Whatever keeps the process from starting.
pub async fn start(mut ground: Ground, role: Option<Component>) -> anyhow::Result<Running> {
    // Before the databases are touched, so that a rule that is none or an address in use costs nothing.
    if matches!(role, None | Some(Component::Registration)) {
        adopt_rules(&ground)?;
    }
    let listen = ground.config.serve.listen.clone();
    let listener = TcpListener::bind(&listen)
        .await
        .with_context(|| format!("settings: serve.listen {listen} cannot be listened on"))?;
    let address = listener.local_addr()?;
    let (mut contexts, mut first) = (Vec::new(), None);
    let server = match role {
        None => {
            for component in Component::ALL {
                contexts.push(ground.context(component).await?);
            }
            first = first_sign_in::ensure(accounts_of(&contexts)?, &ground.config).await?;
            all(&ground, &contexts, listener)?
        }
        Some(Component::Gateway) => {
            let context = ground.context(Component::Gateway).await?;
            let link = |component| links::to(component, &ground.config);
            let upstreams = junheng_gateway::Upstreams {
                registration: link(Component::Registration)?,
                staffing: link(Component::Staffing)?,
                assets: link(Component::Assets)?,
                inspection: link(Component::Inspection)?,
            };
            first = first_sign_in::ensure(&context, &ground.config).await?;
            contexts.push(context.clone());
            gateway(&ground, &context, upstreams, listener)?
        }
        Some(service) => {
            let context = ground.context(service).await?;
            let link = one(&ground, service, &context)?;
            contexts.push(context.clone());
            tokio::spawn(door::serve(context, link, listener))
        }
    };
    Ok(Running {
        address,
        ground,
        contexts,
        first,
        server,
    })
}

fn accounts_of(contexts: &[Context]) -> anyhow::Result<&Context> {
    let accounts = contexts
        .iter()
        .find(|context| context.name == Component::Gateway.name());
    accounts.context("no component keeps accounts")
}

/// Every component in this process, linked directly.
fn all(
    ground: &Ground,
    contexts: &[Context],
    listener: TcpListener,
) -> anyhow::Result<JoinHandle<anyhow::Result<()>>> {
    let [registration, staffing, assets, inspection, accounts] = contexts else {
        anyhow::bail!("there are five components");
    };
    // Registration asks those that follow it, so its ways to them are filled when they have started.
    let (to_staffing, staffing_started) = later();
    let (to_assets, assets_started) = later();
    let neighbours = junheng_registration::Neighbours {
        staffing: to_staffing,
        assets: to_assets,
    };
    let registration = junheng_registration::service(registration, neighbours);
    let staffing = junheng_staffing::service(staffing, registration.clone());
    staffing_started.fill(staffing.clone());
    let assets = junheng_assets::service(assets, registration.clone());
    assets_started.fill(assets.clone());
    let sources = junheng_inspection::Sources {
        registration: registration.clone(),
        staffing: staffing.clone(),
        assets: assets.clone(),
        settings: inspection_settings(&ground.config),
    };
    let upstreams = junheng_gateway::Upstreams {
        registration,
        staffing,
        assets,
        inspection: junheng_inspection::service(inspection, sources),
    };
    gateway(ground, accounts, upstreams, listener)
}

/// One service, its links over the network.
fn one(ground: &Ground, service: Component, context: &Context) -> anyhow::Result<Link> {
    let link = |component| links::to(component, &ground.config);
    Ok(match service {
        Component::Registration => {
            let neighbours = junheng_registration::Neighbours {
                staffing: link(Component::Staffing)?,
                assets: link(Component::Assets)?,
            };
            junheng_registration::service(context, neighbours)
        }
        Component::Staffing => junheng_staffing::service(context, link(Component::Registration)?),
        Component::Assets => junheng_assets::service(context, link(Component::Registration)?),
        Component::Inspection => {
            let sources = junheng_inspection::Sources {
                registration: link(Component::Registration)?,
                staffing: link(Component::Staffing)?,
                assets: link(Component::Assets)?,
                settings: inspection_settings(&ground.config),
            };
            junheng_inspection::service(context, sources)
        }
        Component::Gateway => anyhow::bail!("the gateway is no service"),
    })
}

fn gateway(
    ground: &Ground,
    context: &Context,
    upstreams: junheng_gateway::Upstreams,
    listener: TcpListener,
) -> anyhow::Result<JoinHandle<anyhow::Result<()>>> {
    let settings = junheng_gateway::Settings {
        limits: ground.config.limits.clone(),
        sessions: ground.config.sessions.clone(),
        cors_origins: ground.config.browser.list(),
    };
    let gateway = junheng_gateway::service(context, upstreams, settings)?;
    Ok(tokio::spawn(gateway.serve(listener)))
}

/// What the place has decided for itself.
fn adopt_rules(ground: &Ground) -> anyhow::Result<()> {
    let file = &ground.config.registration.rules_file;
    if file.is_empty() {
        return Ok(());
    }
    let named = || format!("settings: registration.rules_file {file}");
    let text = std::fs::read_to_string(file).with_context(named)?;
    junheng_registration::rule_book::adopt(&text, &ground.regions).with_context(named)
}

fn inspection_settings(config: &Config) -> junheng_inspection::Settings {
    junheng_inspection::Settings {
        publicity_working_days: config.inspection.publicity_working_days,
    }
}

// === impl Running ===

impl Running {
    /// Serves until the order to stop, then drains.
    ///
    /// # Errors
    /// When the server ends by itself.
    pub async fn until_stopped(&mut self) -> anyhow::Result<()> {
        tokio::select! {
            // In this order: a server that ends because it was told to has not ended by itself.
            biased;
            () = self.ground.stop.cancelled() => self.drain().await,
            ended = &mut self.server => {
                self.ground.stop.cancel();
                self.settle().await;
                ended.context("the server's task failed")??;
                anyhow::bail!("the server ended by itself")
            }
        }
    }

    /// Ends: calls under way finish, the rest is sealed.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn drain(&mut self) -> anyhow::Result<()> {
        self.ground.stop.cancel();
        // The gateway counts the same seconds by itself; this is for one that does not end.
        let patience = Duration::from_secs(self.ground.config.limits.drain_seconds) + SETTLE;
        let ended = tokio::time::timeout(patience, &mut self.server).await;
        if ended.is_err() {
            tracing::warn!("some calls took longer than limits.drain_seconds and were cut off");
            self.server.abort();
        }
        self.settle().await;
        match ended {
            Ok(ended) => ended.context("the server's task failed")?,
            Err(_) => Ok(()),
        }
    }

    async fn settle(&self) {
        self.ground.tasks.close();
        if tokio::time::timeout(SETTLE, self.ground.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                "background tasks did not end; what is not sealed yet is sealed at the next start"
            );
        }
    }
}
