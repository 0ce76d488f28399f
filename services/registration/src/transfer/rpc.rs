//! The gRPC face of transfers: decode, call, encode.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::id_of;
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::transfer_service_server::TransferService;
use junheng_proto::registration::v1::{
    CreateTransferRequest, GetTransferRequest, ListTransfersRequest, ListTransfersResponse,
    Transfer,
};
use junheng_proto::workflow::v1::StepRequest;
use tonic::{Request, Response, Status};

use super::encode::{about, encode};
use super::error::TransferError;
use super::workflow::{
    ADMIT, APPROVE, CLEAR, COMPLETE, ENDORSE, HAND_OVER, REJECT, RELEASE, RETURN_FILE, SUBMIT,
    WITHDRAW,
};
use super::{begin, steps, store};
use crate::entity::transfer::Entity;
use crate::school::parent::{self, PlacedParent};

/// Serves transfers.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl TransferService for Rpc {
    async fn create_transfer(
        &self,
        request: Request<CreateTransferRequest>,
    ) -> Result<Response<Transfer>, Status> {
        let begun: Result<_, TransferError> = async {
            let caller = Caller::of(&request)?;
            begin::begin(&self.context, caller, request.into_inner()).await
        }
        .await;
        begun.map(Response::new).map_err(into_status)
    }

    async fn get_transfer(
        &self,
        request: Request<GetTransferRequest>,
    ) -> Result<Response<Transfer>, Status> {
        self.get(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn list_transfers(
        &self,
        request: Request<ListTransfersRequest>,
    ) -> Result<Response<ListTransfersResponse>, Status> {
        self.list(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn submit_transfer(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<Transfer>, Status> {
        self.step(SUBMIT, request).await
    }

    async fn admit_transfer(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<Transfer>, Status> {
        self.step(ADMIT, request).await
    }

    async fn endorse_transfer(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<Transfer>, Status> {
        self.step(ENDORSE, request).await
    }

    async fn release_transfer(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<Transfer>, Status> {
        self.step(RELEASE, request).await
    }

    async fn approve_transfer(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<Transfer>, Status> {
        self.step(APPROVE, request).await
    }

    async fn clear_transfer(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<Transfer>, Status> {
        self.step(CLEAR, request).await
    }

    async fn hand_over_transfer(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<Transfer>, Status> {
        self.step(HAND_OVER, request).await
    }

    async fn return_transfer_file(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<Transfer>, Status> {
        self.step(RETURN_FILE, request).await
    }

    async fn complete_transfer(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<Transfer>, Status> {
        self.step(COMPLETE, request).await
    }

    async fn reject_transfer(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<Transfer>, Status> {
        self.step(REJECT, request).await
    }

    async fn withdraw_transfer(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<Transfer>, Status> {
        self.step(WITHDRAW, request).await
    }
}

// === impl Rpc ===

impl Rpc {
    async fn step(
        &self,
        step: &'static str,
        request: Request<StepRequest>,
    ) -> Result<Response<Transfer>, Status> {
        steps::take(&self.context, step, request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn get(&self, request: Request<GetTransferRequest>) -> Result<Transfer, TransferError> {
        let caller = Caller::of(&request)?;
        let id = id_of("transfers", &request.into_inner().name)?;
        let store = &self.context.store;
        let transfer = resource::get::<Entity>(store.reader(), &caller.scope, id).await?;
        store.record_read(&caller, about(&transfer)).await?;
        Ok(encode(&self.context, &transfer)?)
    }

    async fn list(
        &self,
        request: Request<ListTransfersRequest>,
    ) -> Result<ListTransfersResponse, TransferError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (store, regions) = (&self.context.store, &self.context.regions);
        let PlacedParent { parent, place } =
            parent::placed(store.reader(), &caller, regions, "parent", &message.parent).await?;
        let (state, overdue) = (message.state.to_string(), message.overdue_only.to_string());
        let fields = [message.parent.as_str(), &state, &overdue];
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &fields,
        )?;
        let today = self.context.clock.today().to_string();
        let only = store::only(
            Some(message.state).filter(|state| *state != 0),
            Some(today.as_str()).filter(|_| message.overdue_only),
        );
        let (rows, next_page_token) =
            resource::list_only::<Entity>(store.reader(), &caller.scope, &parent, only, &page)
                .await?;
        let entry = Entry::about(
            &message.parent,
            place,
            parent.school(),
            DataClass::Sensitive,
        );
        store.record_read(&caller, entry).await?;
        let encode = |row| encode(&self.context, row);
        Ok(ListTransfersResponse {
            transfers: rows
                .iter()
                .map(encode)
                .collect::<Result<_, KernelError>>()?,
            next_page_token,
        })
    }
}
