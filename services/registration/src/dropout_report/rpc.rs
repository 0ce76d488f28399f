//! The gRPC face of reports: decode, call, encode.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use junheng_kernel::label;
use junheng_kernel::name::id_of;
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_proto::registration::v1::dropout_report_service_server::DropoutReportService;
use junheng_proto::registration::v1::{
    DraftDropoutReportRequest, DropoutReport, GetDropoutReportRequest, ListDropoutReportsRequest,
    ListDropoutReportsResponse, ListMissingReportsRequest, ListMissingReportsResponse,
    ReturnDropoutReportRequest,
};
use junheng_proto::workflow::v1::StepRequest;
use tonic::{Request, Response, Status};

use super::encode::{brief, encode};
use super::error::DropoutReportError;
use super::workflow::{ACCEPT, RECOUNT, SIGN, SUBMIT};
use super::{missing, steps, store};
use crate::entity::dropout_report::Entity;
use crate::school::parent;

/// Serves reports.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

type Answer = Result<Response<DropoutReport>, Status>;

#[tonic::async_trait]
impl DropoutReportService for Rpc {
    async fn draft_dropout_report(&self, request: Request<DraftDropoutReportRequest>) -> Answer {
        answer(steps::draft(&self.context, request).await)
    }

    async fn get_dropout_report(&self, request: Request<GetDropoutReportRequest>) -> Answer {
        answer(self.get(request).await)
    }

    async fn list_dropout_reports(
        &self,
        request: Request<ListDropoutReportsRequest>,
    ) -> Result<Response<ListDropoutReportsResponse>, Status> {
        answer(self.list(request).await)
    }

    async fn list_missing_reports(
        &self,
        request: Request<ListMissingReportsRequest>,
    ) -> Result<Response<ListMissingReportsResponse>, Status> {
        answer(self.missing(request).await)
    }

    async fn recount_dropout_report(&self, request: Request<StepRequest>) -> Answer {
        answer(steps::take(&self.context, request, RECOUNT).await)
    }

    async fn sign_dropout_report(&self, request: Request<StepRequest>) -> Answer {
        answer(steps::take(&self.context, request, SIGN).await)
    }

    async fn submit_dropout_report(&self, request: Request<StepRequest>) -> Answer {
        answer(steps::take(&self.context, request, SUBMIT).await)
    }

    async fn return_dropout_report(&self, request: Request<ReturnDropoutReportRequest>) -> Answer {
        answer(steps::give_back(&self.context, request).await)
    }

    async fn accept_dropout_report(&self, request: Request<StepRequest>) -> Answer {
        answer(steps::take(&self.context, request, ACCEPT).await)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn get(
        &self,
        request: Request<GetDropoutReportRequest>,
    ) -> Result<DropoutReport, DropoutReportError> {
        let caller = Caller::of(&request)?;
        let id = id_of("dropoutReports", &request.into_inner().name)?;
        let reader = self.context.store.reader();
        let row = resource::get::<Entity>(reader, &caller.scope, id).await?;
        Ok(encode(&row, self.context.clock.today())?)
    }

    async fn list(
        &self,
        request: Request<ListDropoutReportsRequest>,
    ) -> Result<ListDropoutReportsResponse, DropoutReportError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (reader, regions) = (self.context.store.reader(), &self.context.regions);
        let placed = parent::placed(reader, &caller, regions, "parent", &message.parent).await?;
        let enums = [
            ("kind", "DropoutReport.Kind", message.kind),
            ("state", "DropoutReport.State", message.state),
        ];
        let wrong = enums.iter().filter_map(|(field, name, number)| {
            let name = format!("junheng.registration.v1.{name}");
            label::check_filter(field, &name, *number)
        });
        KernelError::unless_empty(wrong.collect())?;
        let (kind, state) = (message.kind.to_string(), message.state.to_string());
        let fields = [message.parent.as_str(), &kind, &message.period, &state];
        let (size, token) = (message.page_size, &message.page_token);
        let page = Page::of(&caller.method, size, token, &fields)?;
        let only = store::only(message.kind, &message.period, message.state);
        let (rows, next_page_token) =
            resource::list_only::<Entity>(reader, &caller.scope, &placed.parent, only, &page)
                .await?;
        let today = self.context.clock.today();
        Ok(ListDropoutReportsResponse {
            dropout_reports: rows.iter().map(|row| brief(row, today)).collect(),
            next_page_token,
        })
    }

    async fn missing(
        &self,
        request: Request<ListMissingReportsRequest>,
    ) -> Result<ListMissingReportsResponse, DropoutReportError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (reader, regions) = (self.context.store.reader(), &self.context.regions);
        let placed = parent::placed(reader, &caller, regions, "parent", &message.parent).await?;
        let kind = message.kind.to_string();
        let fields = [message.parent.as_str(), &kind, &message.period];
        let (size, token) = (message.page_size, &message.page_token);
        let page = Page::of(&caller.method, size, token, &fields)?;
        let listed = missing::page(&self.context, &placed, message.kind, &message.period, &page);
        Ok(listed.await?)
    }
}

fn answer<T>(result: Result<T, DropoutReportError>) -> Result<Response<T>, Status> {
    result.map(Response::new).map_err(into_status)
}
