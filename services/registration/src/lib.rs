//! Registration 学籍与控辍保学: the school directory, classes and student records, and the figures that follow from them.
//!
//! Owns the tables `schools`, `school_classes` and `students`. The school directory is its own: the other services keep a
//! copy that follows the change feed, and nobody else writes it.

pub mod entity;
pub mod measure;
pub mod migration;
mod roster;
pub mod school;
pub mod school_class;
pub mod student;

use junheng_kernel::journal::{JournalRpc, spawn_sealer};
use junheng_kernel::service::{Context, Link};
use junheng_proto::evidence::v1::measure_service_server::MeasureServiceServer;
use junheng_proto::journal::v1::journal_service_server::JournalServiceServer;
use junheng_proto::registration::v1::school_class_service_server::SchoolClassServiceServer;
use junheng_proto::registration::v1::school_service_server::SchoolServiceServer;
use junheng_proto::registration::v1::student_service_server::StudentServiceServer;
use tonic::service::Routes;

pub use migration::Migrator;

/// The service's name in configuration, routing and journals.
pub const NAME: &str = "registration";

/// Starts the service on a database whose migrations have run, and gives the way to it.
pub fn service(context: &Context) -> Link {
    spawn_sealer(context);
    let context = context.clone();
    let routes = Routes::new(SchoolServiceServer::new(school::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(SchoolClassServiceServer::new(school_class::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(StudentServiceServer::new(student::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(MeasureServiceServer::new(measure::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(JournalServiceServer::new(JournalRpc {
        context: context.clone(),
    }));
    context.guard(routes)
}
