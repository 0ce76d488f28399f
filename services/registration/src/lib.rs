//! Registration 学籍与控辍保学: the school directory, classes and student records, and the figures that follow from them.
//!
//! Owns the tables of its rooms, one folder each, and the sums counted of students. The school directory is its own: the
//! other services keep a copy that follows the change feed, and nobody else writes it.

pub mod access_grant;
pub mod admission;
pub mod aid;
pub mod approval;
pub mod attendance;
pub mod attendance_zone;
pub mod certificate;
pub mod class_draw;
pub mod class_size;
pub mod comparison;
pub mod dropout_case;
pub mod dropout_notice;
pub mod dropout_rate;
pub mod dropout_report;
pub mod duplicate_case;
pub mod entity;
pub mod export;
pub mod finding;
mod followers;
pub mod forecast;
pub mod key_change;
pub mod ledger;
pub mod measure;
pub mod migration;
pub mod overdue;
pub mod promotion;
pub mod quarantine;
pub mod reorganisation;
mod roster;
pub mod rule_book;
pub mod school;
pub mod school_class;
pub mod school_year;
pub mod special_group;
pub mod statistic;
pub mod status_change;
pub mod student;
pub mod student_change;
#[cfg(test)]
mod tables;
pub mod tally;
pub mod transfer;

use junheng_kernel::journal::{JournalRpc, spawn_sealer};
use junheng_kernel::service::{Context, Link};
use junheng_kernel::workflow::WorkflowRpc;
use junheng_proto::evidence::v1::measure_service_server::MeasureServiceServer;
use junheng_proto::journal::v1::journal_service_server::JournalServiceServer;
use junheng_proto::obstacle::v1::obstacle_service_server::ObstacleServiceServer;
use junheng_proto::registration::v1::access_grant_service_server::AccessGrantServiceServer;
use junheng_proto::registration::v1::admission_service_server::AdmissionServiceServer;
use junheng_proto::registration::v1::aid_service_server::AidServiceServer;
use junheng_proto::registration::v1::attendance_service_server::AttendanceServiceServer;
use junheng_proto::registration::v1::attendance_zone_service_server::AttendanceZoneServiceServer;
use junheng_proto::registration::v1::certificate_service_server::CertificateServiceServer;
use junheng_proto::registration::v1::class_draw_service_server::ClassDrawServiceServer;
use junheng_proto::registration::v1::class_size_service_server::ClassSizeServiceServer;
use junheng_proto::registration::v1::comparison_service_server::ComparisonServiceServer;
use junheng_proto::registration::v1::dropout_case_service_server::DropoutCaseServiceServer;
use junheng_proto::registration::v1::dropout_notice_service_server::DropoutNoticeServiceServer;
use junheng_proto::registration::v1::dropout_rate_service_server::DropoutRateServiceServer;
use junheng_proto::registration::v1::dropout_report_service_server::DropoutReportServiceServer;
use junheng_proto::registration::v1::duplicate_case_service_server::DuplicateCaseServiceServer;
use junheng_proto::registration::v1::export_service_server::ExportServiceServer;
use junheng_proto::registration::v1::finding_service_server::FindingServiceServer;
use junheng_proto::registration::v1::forecast_service_server::ForecastServiceServer;
use junheng_proto::registration::v1::group_recognition_service_server::GroupRecognitionServiceServer;
use junheng_proto::registration::v1::key_change_service_server::KeyChangeServiceServer;
use junheng_proto::registration::v1::ledger_service_server::LedgerServiceServer;
use junheng_proto::registration::v1::overdue_service_server::OverdueServiceServer;
use junheng_proto::registration::v1::promotion_service_server::PromotionServiceServer;
use junheng_proto::registration::v1::quarantine_service_server::QuarantineServiceServer;
use junheng_proto::registration::v1::reorganisation_service_server::ReorganisationServiceServer;
use junheng_proto::registration::v1::school_class_service_server::SchoolClassServiceServer;
use junheng_proto::registration::v1::school_service_server::SchoolServiceServer;
use junheng_proto::registration::v1::statistics_service_server::StatisticsServiceServer;
use junheng_proto::registration::v1::status_change_service_server::StatusChangeServiceServer;
use junheng_proto::registration::v1::student_change_service_server::StudentChangeServiceServer;
use junheng_proto::registration::v1::student_number_service_server::StudentNumberServiceServer;
use junheng_proto::registration::v1::student_service_server::StudentServiceServer;
use junheng_proto::registration::v1::transfer_service_server::TransferServiceServer;
use junheng_proto::workflow::v1::WorkflowTable;
use junheng_proto::workflow::v1::workflow_service_server::WorkflowServiceServer;
use tonic::service::Routes;

pub use migration::Migrator;
pub use reorganisation::obstacles::Neighbours;

/// The service's name in configuration, routing and journals.
pub const NAME: &str = "registration";

/// Starts the service on a database whose migrations have run, and gives the way to it. Its neighbours are asked before a
/// school closes.
pub fn service(context: &Context, neighbours: Neighbours) -> Link {
    spawn_sealer(context);
    let load = student::first_load::FirstLoad::watch(context);
    student::second_records::watch(context, &load);
    let waiting = quarantine::Quarantine::watch(context, &load);
    reorganisation::yearbook::spawn(context);
    tally::fold::spawn(context);
    special_group::spawn_expiry(context);
    let comparisons = comparison::Comparisons::spawn(context, &load);
    finding::spawn(context);
    let context = context.clone();
    let routes = Routes::new(SchoolServiceServer::new(school::rpc::Rpc {
        context: context.clone(),
        waiting: waiting.clone(),
    }))
    .add_service(ClassSizeServiceServer::new(class_size::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(ReorganisationServiceServer::new(reorganisation::rpc::Rpc {
        context: context.clone(),
        neighbours,
    }))
    .add_service(ObstacleServiceServer::new(reorganisation::obstacles::Rpc {
        context: context.clone(),
    }))
    .add_service(SchoolClassServiceServer::new(school_class::rpc::Rpc {
        context: context.clone(),
        waiting: waiting.clone(),
    }))
    .add_service(StudentServiceServer::new(student::rpc::Rpc {
        context: context.clone(),
        waiting: waiting.clone(),
        load,
        classes: student::known_classes::KnownClasses::default(),
    }))
    .add_service(QuarantineServiceServer::new(quarantine::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(StudentChangeServiceServer::new(student_change::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(StatisticsServiceServer::new(statistic::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(TransferServiceServer::new(transfer::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(DropoutCaseServiceServer::new(dropout_case::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(DropoutNoticeServiceServer::new(dropout_notice::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(DuplicateCaseServiceServer::new(duplicate_case::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(KeyChangeServiceServer::new(key_change::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(StudentNumberServiceServer::new(student::number::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(StatusChangeServiceServer::new(status_change::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(PromotionServiceServer::new(promotion::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(CertificateServiceServer::new(certificate::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(AttendanceServiceServer::new(attendance::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(FindingServiceServer::new(finding::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(AttendanceZoneServiceServer::new(
        attendance_zone::rpc::Rpc {
            context: context.clone(),
        },
    ))
    .add_service(AdmissionServiceServer::new(admission::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(ClassDrawServiceServer::new(class_draw::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(ForecastServiceServer::new(forecast::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(AccessGrantServiceServer::new(access_grant::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(ExportServiceServer::new(export::rpc::Rpc {
        context: context.clone(),
        turns: export::turns::Turns::default(),
    }))
    .add_service(GroupRecognitionServiceServer::new(
        special_group::rpc::Rpc {
            context: context.clone(),
        },
    ))
    .add_service(AidServiceServer::new(aid::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(ComparisonServiceServer::new(comparison::rpc::Rpc {
        context: context.clone(),
        comparisons,
    }))
    .add_service(DropoutRateServiceServer::new(dropout_rate::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(DropoutReportServiceServer::new(dropout_report::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(LedgerServiceServer::new(ledger::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(OverdueServiceServer::new(overdue::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(MeasureServiceServer::new(measure::rpc::Rpc {
        context: context.clone(),
    }))
    .add_service(WorkflowServiceServer::new(WorkflowRpc {
        tables: workflows(),
    }))
    .add_service(JournalServiceServer::new(JournalRpc {
        context: context.clone(),
    }));
    context.guard(routes)
}

/// The workflow tables as data, one line for each.
pub fn workflows() -> Vec<WorkflowTable> {
    vec![
        transfer::workflow::SAME_COUNTY.describe(),
        transfer::workflow::SAME_PROVINCE.describe(),
        transfer::workflow::FROM_OUTSIDE.describe(),
        transfer::workflow::TO_OUTSIDE.describe(),
        dropout_case::workflow::WORKFLOW.describe(),
        dropout_report::workflow::MONTHLY.describe(),
        dropout_report::workflow::QUARTERLY.describe(),
        dropout_report::workflow::TERM.describe(),
        dropout_report::workflow::YEARLY.describe(),
        duplicate_case::workflow::WORKFLOW.describe(),
        reorganisation::workflow::WORKFLOW.describe(),
        class_size::workflow::WORKFLOW.describe(),
        key_change::workflow::WORKFLOW.describe(),
        status_change::workflow::LEAVE.describe(),
        status_change::workflow::RETURN.describe(),
        status_change::workflow::LASTING.describe(),
        status_change::workflow::CANCELLATION.describe(),
        certificate::workflow::LIST.describe(),
        certificate::workflow::CERTIFICATE.describe(),
        attendance_zone::workflow::WORKFLOW.describe(),
        admission::workflow::WORKFLOW.describe(),
        class_draw::workflow::WORKFLOW.describe(),
        access_grant::workflow::WORKFLOW.describe(),
        export::workflow::WORKFLOW.describe(),
        special_group::workflow::WORKFLOW.describe(),
    ]
}
