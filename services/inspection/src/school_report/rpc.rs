//! The gRPC face of reports: decode, call, encode.

use crate::entity::school_report;
use junheng_kernel::admission::Caller;
use junheng_kernel::fault::into_status;
use junheng_kernel::name::{Parent, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_proto::inspection::v1::school_report_service_server::SchoolReportService;
use junheng_proto::inspection::v1::{
    ConfirmSchoolReportRequest, GetSchoolReportRequest, ListSchoolReportsRequest,
    ListSchoolReportsResponse, PreviewSchoolReportRequest, ReturnSchoolReportRequest, SchoolReport,
};
use tonic::{Request, Response, Status};

use super::encode::{encode, with_measures};
use super::error::ReportError;
use super::{confirm, store};
use crate::Inspection;

/// Serves reports.
pub struct Rpc {
    /// The service.
    pub inspection: Inspection,
}

#[tonic::async_trait]
impl SchoolReportService for Rpc {
    async fn get_school_report(
        &self,
        request: Request<GetSchoolReportRequest>,
    ) -> Result<Response<SchoolReport>, Status> {
        let answer = self.get(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_school_reports(
        &self,
        request: Request<ListSchoolReportsRequest>,
    ) -> Result<Response<ListSchoolReportsResponse>, Status> {
        let answer = self.list(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn preview_school_report(
        &self,
        request: Request<PreviewSchoolReportRequest>,
    ) -> Result<Response<SchoolReport>, Status> {
        let answer = self.preview(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn confirm_school_report(
        &self,
        request: Request<ConfirmSchoolReportRequest>,
    ) -> Result<Response<SchoolReport>, Status> {
        let answer = confirm::confirm(&self.inspection, request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn return_school_report(
        &self,
        request: Request<ReturnSchoolReportRequest>,
    ) -> Result<Response<SchoolReport>, Status> {
        let answer = confirm::give_back(&self.inspection, request).await;
        answer.map(Response::new).map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn get(
        &self,
        request: Request<GetSchoolReportRequest>,
    ) -> Result<SchoolReport, ReportError> {
        let caller = Caller::of(&request)?;
        let id = id_of("schoolReports", &request.into_inner().name)?;
        let database = self.inspection.context.store.reader();
        let report = resource::get::<school_report::Entity>(database, &caller.scope, id).await?;
        let set = store::frozen_set(database, &report).await?;
        Ok(with_measures(&report, &set))
    }

    async fn list(
        &self,
        request: Request<ListSchoolReportsRequest>,
    ) -> Result<ListSchoolReportsResponse, ReportError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let context = &self.inspection.context;
        let parent = Parent::of(&caller, &context.regions, "parent", &message.parent)?;
        let campaign = match message.campaign.as_str() {
            "" => None,
            name => Some(id_of("campaigns", name)?),
        };
        let fields = [message.parent.as_str(), &message.campaign];
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &fields,
        )?;
        let database = context.store.reader();
        let (rows, next_page_token) = resource::list_only::<school_report::Entity>(
            database,
            &caller.scope,
            &parent,
            store::in_campaign(campaign),
            &page,
        )
        .await?;
        Ok(ListSchoolReportsResponse {
            school_reports: rows.iter().map(encode).collect(),
            next_page_token,
        })
    }

    /// What the services hold now, with the digest that a confirmation must name. Writes nothing.
    async fn preview(
        &self,
        request: Request<PreviewSchoolReportRequest>,
    ) -> Result<SchoolReport, ReportError> {
        let caller = Caller::of(&request)?;
        let id = id_of("schoolReports", &request.into_inner().name)?;
        let database = self.inspection.context.store.reader();
        let report = resource::get::<school_report::Entity>(database, &caller.scope, id).await?;
        let set = self
            .inspection
            .evidence
            .of_school(&caller, report.school)
            .await?;
        let digest = set.digest();
        self.inspection.previews.remember(&digest, &set);
        Ok(SchoolReport {
            measures_digest: digest,
            ..with_measures(&report, &set)
        })
    }
}
