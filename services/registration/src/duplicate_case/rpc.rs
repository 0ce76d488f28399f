//! The gRPC face of cases: decode, call, encode.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::id_of;
use junheng_kernel::page::Page;
use junheng_kernel::service::Context;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::duplicate_case_service_server::DuplicateCaseService;
use junheng_proto::registration::v1::{
    DuplicateCase, GetDuplicateCaseRequest, ListDuplicateCasesRequest, ListDuplicateCasesResponse,
    SettleDuplicateRequest,
};
use junheng_proto::workflow::v1::StepRequest;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::encode::{about, encode, shown_to};
use super::error::DuplicateCaseError;
use super::workflow::{AGREE, DECIDE, DISPUTE, PROPOSE, SETTLE, STATE_EVIDENCE};
use super::{steps, store};
use crate::school::parent::{self, PlacedParent};

/// Serves cases of double registration.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl DuplicateCaseService for Rpc {
    async fn get_duplicate_case(
        &self,
        request: Request<GetDuplicateCaseRequest>,
    ) -> Result<Response<DuplicateCase>, Status> {
        answer(self.get(request).await)
    }

    async fn list_duplicate_cases(
        &self,
        request: Request<ListDuplicateCasesRequest>,
    ) -> Result<Response<ListDuplicateCasesResponse>, Status> {
        answer(self.list(request).await)
    }

    async fn state_duplicate_evidence(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<DuplicateCase>, Status> {
        answer(steps::take(&self.context, STATE_EVIDENCE, request).await)
    }

    async fn settle_duplicate_case(
        &self,
        request: Request<SettleDuplicateRequest>,
    ) -> Result<Response<DuplicateCase>, Status> {
        answer(steps::decide(&self.context, SETTLE, request).await)
    }

    async fn propose_duplicate_settlement(
        &self,
        request: Request<SettleDuplicateRequest>,
    ) -> Result<Response<DuplicateCase>, Status> {
        answer(steps::decide(&self.context, PROPOSE, request).await)
    }

    async fn agree_duplicate_settlement(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<DuplicateCase>, Status> {
        answer(steps::take(&self.context, AGREE, request).await)
    }

    async fn dispute_duplicate_settlement(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<DuplicateCase>, Status> {
        answer(steps::take(&self.context, DISPUTE, request).await)
    }

    async fn decide_duplicate_case(
        &self,
        request: Request<SettleDuplicateRequest>,
    ) -> Result<Response<DuplicateCase>, Status> {
        answer(steps::decide(&self.context, DECIDE, request).await)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn get(
        &self,
        request: Request<GetDuplicateCaseRequest>,
    ) -> Result<DuplicateCase, DuplicateCaseError> {
        let caller = Caller::of(&request)?;
        let id = id_of("duplicateCases", &request.into_inner().name)?;
        let store = &self.context.store;
        let case = store::get(store.reader(), &caller.scope, id).await?;
        let claims = store::claims_of(store.reader(), id).await?;
        store.record_read(&caller, about(&case)).await?;
        let whole = encode(&self.context, &case, &claims)?;
        Ok(shown_to(&caller, &case, &claims, whole))
    }

    async fn list(
        &self,
        request: Request<ListDuplicateCasesRequest>,
    ) -> Result<ListDuplicateCasesResponse, DuplicateCaseError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (store, regions) = (&self.context.store, &self.context.regions);
        let reader = store.reader();
        let PlacedParent { parent, place } =
            parent::placed(reader, &caller, regions, "parent", &message.parent).await?;
        let (state, overdue) = (message.state.to_string(), message.overdue_only.to_string());
        let fields = [message.parent.as_str(), &state, &overdue];
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &fields,
        )?;
        let today = self.context.clock.today().to_string();
        let only = store::Only {
            state: Some(message.state).filter(|state| *state != 0),
            overdue_before: Some(today.as_str()).filter(|_| message.overdue_only),
        };
        let rows = store::list(reader, &caller.scope, &parent, only, &page).await?;
        let (rows, next_page_token) = page.cut(rows, |row| row.id.to_string());
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let mut claims = store::claims_of_all(reader, &ids).await?;
        let entry = Entry::about(
            &message.parent,
            place,
            parent.school(),
            DataClass::Sensitive,
        );
        store.record_read(&caller, entry).await?;
        let duplicate_cases = rows
            .iter()
            .map(|row| {
                let claims = claims.remove(&row.id).unwrap_or_default();
                let whole = encode(&self.context, row, &claims)?;
                Ok(shown_to(&caller, row, &claims, whole))
            })
            .collect::<Result<_, KernelError>>()?;
        Ok(ListDuplicateCasesResponse {
            duplicate_cases,
            next_page_token,
        })
    }
}

fn answer<T>(outcome: Result<T, DuplicateCaseError>) -> Result<Response<T>, Status> {
    outcome.map(Response::new).map_err(into_status)
}
