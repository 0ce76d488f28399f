//! Inspection 督导: frameworks, campaigns, and the verdict on a county.
//!
//! A campaign climbs from the schools through county and city to the province, by the tables of [`campaign`],
//! [`school_report`] and [`evidence_item`]. Schools confirm figures that registration, staffing and assets hold; the
//! figures are frozen with a digest, judged by a [`framework`] in exact arithmetic, and every [`figure`] leads back to
//! school, measure and source.
//!
//! Owns the tables `campaigns`, `snapshots`, `school_reports`, `frozen_measures` and `evidence_items`, and keeps a copy of
//! the school directory. It knows measures, never the others' tables, and asks for them with the caller's identity: what a
//! caller may not see does not enter.
//!
//! Invariants:
//! - [`framework`] computes without input, output or clock; a binary float occurs nowhere,
//! - nothing signed changes until a review gives it back by name,
//! - what is published is read from its snapshot, never computed again.

pub mod campaign;
pub mod entity;
pub mod evidence;
pub mod evidence_item;
pub mod figure;
pub mod framework;
pub mod migration;
pub mod rule_book;
pub mod school_report;
#[cfg(test)]
mod tables;

use std::sync::Arc;

use junheng_directory::Directory;
use junheng_kernel::journal::{JournalRpc, spawn_sealer};
use junheng_kernel::rule_book::RegionPath;
use junheng_kernel::service::{Context, Link};
use junheng_kernel::workflow::WorkflowRpc;
use junheng_proto::inspection::v1::campaign_service_server::CampaignServiceServer;
use junheng_proto::inspection::v1::evidence_item_service_server::EvidenceItemServiceServer;
use junheng_proto::inspection::v1::figure_service_server::FigureServiceServer;
use junheng_proto::inspection::v1::framework_service_server::FrameworkServiceServer;
use junheng_proto::inspection::v1::school_report_service_server::SchoolReportServiceServer;
use junheng_proto::journal::v1::journal_service_server::JournalServiceServer;
use junheng_proto::workflow::v1::WorkflowTable;
use junheng_proto::workflow::v1::workflow_service_server::WorkflowServiceServer;
use tonic::service::Routes;

use evidence::Evidence;
use figure::judgement::Judgements;
use framework::Catalog;
pub use migration::Migrator;
use school_report::Previews;

/// The service's name in configuration, routing and journals.
pub const NAME: &str = "inspection";

/// What an administrator decides about inspection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Working days for which a verdict is open to objections (公示期).
    pub publicity_working_days: u32,
}

/// The services that inspection asks, and its settings.
#[derive(Clone)]
pub struct Sources {
    /// 学籍, also the school directory.
    pub registration: Link,
    /// 师资.
    pub staffing: Link,
    /// 办学条件.
    pub assets: Link,
    /// The settings.
    pub settings: Settings,
}

/// What every room works with.
#[derive(Clone)]
pub struct Inspection {
    context: Context,
    catalog: Arc<Catalog>,
    directory: Directory,
    evidence: Evidence,
    previews: Previews,
    judgements: Judgements,
    settings: Settings,
}

// === impl Inspection ===

impl Inspection {
    /// The codes of a region and of those above it, from its own outwards: where thresholds are looked up.
    fn path_of(&self, region: &str) -> RegionPath {
        RegionPath::of(&self.context.regions, region)
    }
}

/// Starts the service on a database whose migrations have run, and gives the way to it.
///
/// # Panics
/// When a framework that ships with the program is malformed, which a test excludes.
pub fn service(context: &Context, sources: Sources) -> Link {
    spawn_sealer(context);
    let catalog = Catalog::embedded().expect("the shipped frameworks are well formed");
    let inspection = Inspection {
        context: context.clone(),
        catalog: Arc::new(catalog),
        directory: Directory::follow(context, sources.registration.clone()),
        evidence: Evidence::new(
            context.clone(),
            sources.registration,
            sources.staffing,
            sources.assets,
        ),
        previews: Previews::default(),
        judgements: Judgements::default(),
        settings: sources.settings,
    };
    let give = || inspection.clone();
    let routes = Routes::new(CampaignServiceServer::new(campaign::rpc::Rpc {
        inspection: give(),
    }))
    .add_service(SchoolReportServiceServer::new(school_report::rpc::Rpc {
        inspection: give(),
    }))
    .add_service(EvidenceItemServiceServer::new(evidence_item::rpc::Rpc {
        inspection: give(),
    }))
    .add_service(FigureServiceServer::new(figure::rpc::Rpc {
        inspection: give(),
    }))
    .add_service(FrameworkServiceServer::new(framework::rpc::Rpc {
        inspection: give(),
    }))
    .add_service(WorkflowServiceServer::new(WorkflowRpc {
        tables: workflows(),
    }))
    .add_service(JournalServiceServer::new(JournalRpc {
        context: context.clone(),
    }));
    context.guard(routes)
}

/// The workflow tables as data.
pub fn workflows() -> Vec<WorkflowTable> {
    vec![
        campaign::workflow::WORKFLOW.describe(),
        school_report::workflow::WORKFLOW.describe(),
        evidence_item::workflow::WORKFLOW.describe(),
    ]
}
