//! Assets 办学条件: the sites of schools and what stands on them, and the figures that follow from them.
//!
//! Owns the table `sites`. Schools are registration's: this service keeps a copy of the directory that follows the
//! change feed, and a site's place is the place of the school there.

pub mod entity;
pub mod measure;
pub mod migration;
pub mod obstacle;
pub mod site;

use junheng_directory::Directory;
use junheng_kernel::journal::{JournalRpc, spawn_sealer};
use junheng_kernel::service::{Context, Link};
use junheng_proto::assets::v1::site_service_server::SiteServiceServer;
use junheng_proto::evidence::v1::measure_service_server::MeasureServiceServer;
use junheng_proto::journal::v1::journal_service_server::JournalServiceServer;
use junheng_proto::obstacle::v1::obstacle_service_server::ObstacleServiceServer;
use tonic::service::Routes;

pub use migration::Migrator;

/// The service's name in configuration, routing and journals.
pub const NAME: &str = "assets";

/// Starts the service on a database whose migrations have run, and gives the way to it. Its copy of the school directory
/// follows `registration` in the background.
pub fn service(context: &Context, registration: Link) -> Link {
    spawn_sealer(context);
    let directory = Directory::follow_placing::<entity::site::Entity>(context, registration);
    let context = context.clone();
    let routes = Routes::new(SiteServiceServer::new(site::rpc::Rpc {
        context: context.clone(),
        directory: directory.clone(),
    }))
    .add_service(MeasureServiceServer::new(measure::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(ObstacleServiceServer::new(obstacle::rpc::Rpc {
        context: context.clone(),
        directory,
    }))
    .add_service(JournalServiceServer::new(JournalRpc {
        context: context.clone(),
    }));
    context.guard(routes)
}
