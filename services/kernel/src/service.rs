//! What a service is given to run with, and how services reach each other.

use std::error::Error;
use std::sync::Arc;

use http::{Request, Response};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tonic::transport::Channel;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;
use uuid::Uuid;

use crate::admission::{
    AccessTable, Admit, Caller, Claims, IDENTITY_HEADER, SERVICE_AUDIENCE, SigningKey, TrustedKeys,
    sign,
};
use crate::calendar::Calendar;
use crate::clock::Clock;
use crate::error::KernelError;
use crate::post::SERVICE;
use crate::region::RegionTable;
use crate::store::Store;

/// Bytes that a caller may send ahead on an HTTP/2 stream, and on all streams of a connection together.
///
/// h2 keeps books on small DATA frames (less than 256 bytes): what such frames lack is charged to a budget of half the connection's
/// window until the handler has read them, and who overdraws it is cut off as a flood. A client that sends each row of an import
/// in a frame of its own is none, however far it runs ahead of the database. With these windows a stream that is full of frames of
/// 8 bytes, which no message is shorter than, stays within; many such streams at once do not.
pub const STREAM_WINDOW: u32 = 128 * 1024;
/// The same of a connection.
pub const CONNECTION_WINDOW: u32 = 8 * 1024 * 1024;

/// How long an identity holds, in seconds: long enough for a stream to start, too short to be worth stealing.
pub const IDENTITY_SECONDS: i64 = 300;

/// A way to a service: in the same process or over the network, alike to the generated clients.
pub type Link = BoxCloneSyncService<Request<Body>, Response<Body>, LinkError>;

/// Why a service could not be reached.
#[derive(Debug, thiserror::Error)]
#[error("the service cannot be reached: {0}")]
pub struct LinkError(#[source] Box<dyn Error + Send + Sync>);

/// Everything that a service shares with the others in its process.
#[derive(Clone)]
pub struct Context {
    /// The service's name, for example `registration`.
    pub name: &'static str,
    /// Its database.
    pub store: Store,
    /// The region table.
    pub regions: Arc<RegionTable>,
    /// The working-day calendar.
    pub calendar: Arc<Calendar>,
    /// The clock.
    pub clock: Clock,
    /// The access rules of the contract.
    pub access: Arc<AccessTable>,
    /// Whose identities it believes.
    pub trusted: Arc<TrustedKeys>,
    /// The key it signs its own identity and its journal's checkpoints with.
    pub signing: SigningKey,
    /// Background tasks, waited for when the process drains.
    pub tasks: TaskTracker,
    /// Cancelled when the process drains.
    pub stop: CancellationToken,
}

// === impl Context ===

impl Context {
    /// A request to another service that carries `identity`.
    pub fn request<T>(&self, identity: &str, message: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        if let Ok(value) = identity.parse() {
            request.metadata_mut().insert(IDENTITY_HEADER, value);
        }
        crate::telemetry::carry_trace(request.metadata_mut());
        request
    }

    /// The service's own identity, for what it does on its own behalf.
    pub fn own_identity(&self) -> String {
        sign(&self.signing, &self.own_claims()).unwrap_or_default()
    }

    /// The service as the caller of what it does by itself; `method` is what the journal names.
    pub fn own_caller(&self, method: &str) -> Result<Caller, KernelError> {
        Caller::from_claims(&self.own_claims(), &self.regions, method, "")
            .ok_or(KernelError::NotAdmitted)
    }

    fn own_claims(&self) -> Claims {
        let now = self.clock.now_micros() / 1_000_000;
        Claims {
            iss: self.name.to_owned(),
            aud: SERVICE_AUDIENCE.to_owned(),
            sub: format!("services/{}", self.name),
            jti: Uuid::now_v7().to_string(),
            iat: now,
            nbf: now,
            exp: now + IDENTITY_SECONDS,
            role: SERVICE.to_string(),
            organisation: "regions/000000".to_owned(),
            name: self.name.to_owned(),
            department: 0,
        }
    }

    /// Guards the routes of a service and makes them reachable.
    pub fn guard(&self, routes: tonic::service::Routes) -> Link {
        let prepared = routes.prepare();
        Link::new(Admit::new(prepared, self.clone()).map_err(|never| match never {}))
    }
}

/// A link over the network. It connects when first used and again when it was cut.
pub fn remote(channel: Channel) -> Link {
    Link::new(channel.map_err(|error| LinkError(error.into())))
}
