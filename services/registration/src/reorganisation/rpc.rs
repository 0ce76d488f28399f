//! The gRPC face of reorganisations: decode, call, encode.

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use junheng_kernel::identity_number::date_of;
use junheng_kernel::name::{Parent, etag, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_proto::registration::v1::reorganisation_service_server::ReorganisationService;
use junheng_proto::registration::v1::{
    CreateReorganisationRequest, GetReorganisationRequest, GetSchoolSeriesRequest,
    ListReorganisationsRequest, ListReorganisationsResponse, RecodeCountyRequest,
    RecodeCountyResponse, Reorganisation, SchoolSeries,
};
use junheng_proto::workflow::v1::StepRequest;
use tonic::{Request, Response, Status};

use super::error::ReorganisationError;
use super::obstacles::Neighbours;
use super::steps::plan_of;
use super::workflow::{EXECUTE, PUBLISH, RETURN};
use super::{recode, series, steps, store};
use crate::entity::reorganisation::{Entity, Model};

/// Serves reorganisations.
pub struct Rpc {
    /// The service.
    pub context: Context,
    /// Who is asked before a school closes.
    pub neighbours: Neighbours,
}

#[tonic::async_trait]
impl ReorganisationService for Rpc {
    async fn create_reorganisation(
        &self,
        request: Request<CreateReorganisationRequest>,
    ) -> Result<Response<Reorganisation>, Status> {
        answer(steps::create(&self.context, request).await)
    }

    async fn get_reorganisation(
        &self,
        request: Request<GetReorganisationRequest>,
    ) -> Result<Response<Reorganisation>, Status> {
        answer(self.get(request).await)
    }

    async fn list_reorganisations(
        &self,
        request: Request<ListReorganisationsRequest>,
    ) -> Result<Response<ListReorganisationsResponse>, Status> {
        answer(self.list(request).await)
    }

    async fn publish_reorganisation(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<Reorganisation>, Status> {
        answer(steps::take(&self.context, &self.neighbours, request, PUBLISH).await)
    }

    async fn approve_reorganisation(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<Reorganisation>, Status> {
        answer(
            steps::take(
                &self.context,
                &self.neighbours,
                request,
                "ApproveReorganisation",
            )
            .await,
        )
    }

    async fn endorse_reorganisation(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<Reorganisation>, Status> {
        answer(
            steps::take(
                &self.context,
                &self.neighbours,
                request,
                "EndorseReorganisation",
            )
            .await,
        )
    }

    async fn return_reorganisation(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<Reorganisation>, Status> {
        answer(steps::take(&self.context, &self.neighbours, request, RETURN).await)
    }

    async fn withdraw_reorganisation(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<Reorganisation>, Status> {
        answer(
            steps::take(
                &self.context,
                &self.neighbours,
                request,
                "WithdrawReorganisation",
            )
            .await,
        )
    }

    async fn execute_reorganisation(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<Reorganisation>, Status> {
        answer(steps::take(&self.context, &self.neighbours, request, EXECUTE).await)
    }

    async fn recode_county(
        &self,
        request: Request<RecodeCountyRequest>,
    ) -> Result<Response<RecodeCountyResponse>, Status> {
        answer(recode::run(&self.context, request).await)
    }

    async fn get_school_series(
        &self,
        request: Request<GetSchoolSeriesRequest>,
    ) -> Result<Response<SchoolSeries>, Status> {
        answer(series::get(&self.context, request).await)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn get(
        &self,
        request: Request<GetReorganisationRequest>,
    ) -> Result<Reorganisation, ReorganisationError> {
        let caller = Caller::of(&request)?;
        let id = id_of("reorganisations", &request.into_inner().name)?;
        let reader = self.context.store.reader();
        let found = resource::get::<Entity>(reader, &caller.scope, id).await?;
        Ok(encode(&found, self.context.clock.today())?)
    }

    async fn list(
        &self,
        request: Request<ListReorganisationsRequest>,
    ) -> Result<ListReorganisationsResponse, ReorganisationError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let parent = Parent::of(&caller, &self.context.regions, "parent", &message.parent)?;
        let state = message.state.to_string();
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &[&message.parent, &state],
        )?;
        let (rows, next_page_token) = resource::list_only::<Entity>(
            self.context.store.reader(),
            &caller.scope,
            &parent,
            store::in_state(message.state),
            &page,
        )
        .await?;
        let today = self.context.clock.today();
        Ok(ListReorganisationsResponse {
            reorganisations: rows
                .iter()
                .map(|row| encode(row, today))
                .collect::<Result<_, _>>()?,
            next_page_token,
        })
    }
}

fn answer<T>(result: Result<T, ReorganisationError>) -> Result<Response<T>, Status> {
    result.map(Response::new).map_err(into_status)
}

/// The reorganisation as callers see it.
pub(super) fn encode(model: &Model, today: NaiveDate) -> Result<Reorganisation, KernelError> {
    let due = date_of(&model.due_date);
    let school = |id: Option<uuid::Uuid>| id.map_or_else(String::new, |id| format!("schools/{id}"));
    Ok(Reorganisation {
        name: format!("reorganisations/{}", model.id),
        school: school(model.school),
        receiving_school: school(model.receiving_school),
        state: model.state,
        publicity_end_date: model.publicity_end_date.clone(),
        due_date: model.due_date.clone(),
        due_date_provisional: model.due_provisional,
        overdue: due.is_some_and(|due| today > due),
        created_school: school(model.created_school),
        moved_student_count: model.moved_student_count,
        region: format!("regions/{}", model.region),
        etag: etag(model.version),
        ..plan_of(model)?
    })
}
