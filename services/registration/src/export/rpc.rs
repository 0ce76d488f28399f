//! The gRPC face of exports: decode, call, encode.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::label;
use junheng_kernel::name::id_of;
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::export_service_server::ExportService;
use junheng_proto::registration::v1::{
    DownloadExportRequest, DownloadExportResponse, Export, GetExportRequest, ListExportsRequest,
    ListExportsResponse, RequestExportRequest,
};
use junheng_proto::workflow::v1::StepRequest;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::encode::{about, encode, encode_download};
use super::error::ExportError;
use super::turns::Turns;
use super::workflow::{ANSWER_DAYS, REQUEST, WORKFLOW, state_name};
use super::{download, rules, steps, store};
use crate::approval;
use crate::entity::export;
use crate::school::parent;

/// Serves exports.
pub struct Rpc {
    /// The service.
    pub context: Context,
    /// The turns of downloads.
    pub turns: Turns,
}

#[tonic::async_trait]
impl ExportService for Rpc {
    type DownloadExportStream = ReceiverStream<Result<DownloadExportResponse, Status>>;

    async fn request_export(
        &self,
        request: Request<RequestExportRequest>,
    ) -> Result<Response<Export>, Status> {
        let answer = self.request(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn get_export(
        &self,
        request: Request<GetExportRequest>,
    ) -> Result<Response<Export>, Status> {
        let answer = self.get(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_exports(
        &self,
        request: Request<ListExportsRequest>,
    ) -> Result<Response<ListExportsResponse>, Status> {
        let answer = self.list(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn approve_export(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<Export>, Status> {
        self.take("ApproveExport", request).await
    }

    async fn refuse_export(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<Export>, Status> {
        self.take("RefuseExport", request).await
    }

    async fn revoke_export(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<Export>, Status> {
        self.take("RevokeExport", request).await
    }

    async fn download_export(
        &self,
        request: Request<DownloadExportRequest>,
    ) -> Result<Response<Self::DownloadExportStream>, Status> {
        let caller = Caller::of(&request).map_err(into_status)?;
        let name = request.into_inner().name;
        let parts = download::start(&self.context, &self.turns, caller, &name).await;
        let parts = parts.map_err(into_status)?;
        Ok(Response::new(ReceiverStream::new(parts)))
    }
}

// === impl Rpc ===

impl Rpc {
    async fn take(
        &self,
        step: &'static str,
        request: Request<StepRequest>,
    ) -> Result<Response<Export>, Status> {
        let caller = Caller::of(&request).map_err(into_status)?;
        let answer = steps::take(&self.context, caller, step, request.into_inner()).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn request(&self, request: Request<RequestExportRequest>) -> Result<Export, ExportError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        let (store, regions) = (&self.context.store, &self.context.regions);
        let reader = store.reader();
        parent::placed(reader, &caller, regions, "parent", &message.parent).await?;
        let seat = approval::seat_of(reader, &caller, regions).await?;
        let given = message
            .export
            .ok_or_else(|| KernelError::Fields(vec![Violation::required("export")]))?;
        KernelError::unless_empty(rules::check(&given))?;
        let region = approval::region_of(seat.place);
        let due = WORKFLOW.due(&self.context, ANSWER_DAYS, &region)?;
        let filter = given.filter.unwrap_or_default();
        let mut export = export::Model {
            id: Uuid::now_v7(),
            place: seat.place,
            school: seat.school,
            state: WORKFLOW.start as i32,
            holder: caller.account.clone(),
            holder_post: caller.post(),
            students_of: message.parent,
            kind: given.kind,
            columns: given.columns.join(","),
            stage: filter.stage,
            grade: filter.grade,
            student_state: filter.state,
            clear_fields: approval::fields_to_text(&given.clear_fields),
            purpose: given.purpose.trim().to_owned(),
            encoding: given.encoding.max(1),
            expire_date: String::new(),
            due_date: due.date.to_string(),
            due_provisional: due.provisional,
            create_micros: self.context.clock.now_micros(),
            version: 1,
        };
        store
            .write(&caller, key, move |tx| async move {
                export.place = parent::hold_place(&*tx, export.school, export.place).await?;
                store::insert(&*tx, export.clone()).await?;
                let answer = encode(&export);
                let entry = about(&export, DataClass::Internal)
                    .change(None, &answer)
                    .step(REQUEST, "", state_name(WORKFLOW.start))
                    .note(&export.purpose);
                Ok::<_, ExportError>((answer, entry))
            })
            .await
    }

    async fn get(&self, request: Request<GetExportRequest>) -> Result<Export, ExportError> {
        let caller = Caller::of(&request)?;
        let id = id_of("exports", &request.into_inner().name)?;
        let reader = self.context.store.reader();
        let export = resource::get::<export::Entity>(reader, &caller.scope, id).await?;
        let downloads = store::downloads(reader, id).await?;
        Ok(Export {
            downloads: downloads.iter().map(encode_download).collect(),
            ..encode(&export)
        })
    }

    async fn list(
        &self,
        request: Request<ListExportsRequest>,
    ) -> Result<ListExportsResponse, ExportError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (reader, regions) = (self.context.store.reader(), &self.context.regions);
        let below = parent::placed(reader, &caller, regions, "parent", &message.parent).await?;
        let full_name = "junheng.registration.v1.Export.State";
        let wrong = (message.state != 0).then(|| label::check("state", full_name, message.state));
        KernelError::unless_empty(wrong.flatten().into_iter().collect())?;
        let state = message.state.to_string();
        let fields = [message.parent.as_str(), state.as_str()];
        let (size, token) = (message.page_size, &message.page_token);
        let page = Page::of(&caller.method, size, token, &fields)?;
        let only = store::in_state(message.state);
        let (rows, next_page_token) = resource::list_only::<export::Entity>(
            reader,
            &caller.scope,
            &below.parent,
            only,
            &page,
        )
        .await?;
        Ok(ListExportsResponse {
            exports: rows.iter().map(encode).collect(),
            next_page_token,
        })
    }
}
