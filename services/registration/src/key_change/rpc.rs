//! The gRPC face of changes of key fields: decode, call, encode.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::id_of;
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::key_change_service_server::KeyChangeService;
use junheng_proto::registration::v1::{
    CreateKeyChangeRequest, GetKeyChangeRequest, KeyChange, ListKeyChangesRequest,
    ListKeyChangesResponse,
};
use junheng_proto::workflow::v1::StepRequest;
use tonic::{Request, Response, Status};

use super::error::KeyChangeError;
use super::workflow::{APPROVE, ENDORSE, REJECT, WITHDRAW, state_of};
use super::{create, encode, steps, store};
use crate::entity::key_change::Entity;
use crate::school::parent::{self, PlacedParent};

/// Serves changes of key fields.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl KeyChangeService for Rpc {
    async fn create_key_change(
        &self,
        request: Request<CreateKeyChangeRequest>,
    ) -> Result<Response<KeyChange>, Status> {
        let answer = create::run(&self.context, request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn get_key_change(
        &self,
        request: Request<GetKeyChangeRequest>,
    ) -> Result<Response<KeyChange>, Status> {
        let answer = self.get(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_key_changes(
        &self,
        request: Request<ListKeyChangesRequest>,
    ) -> Result<Response<ListKeyChangesResponse>, Status> {
        let answer = self.list(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn endorse_key_change(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<KeyChange>, Status> {
        self.step(request, ENDORSE).await
    }

    async fn approve_key_change(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<KeyChange>, Status> {
        self.step(request, APPROVE).await
    }

    async fn reject_key_change(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<KeyChange>, Status> {
        self.step(request, REJECT).await
    }

    async fn withdraw_key_change(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<KeyChange>, Status> {
        self.step(request, WITHDRAW).await
    }
}

// === impl Rpc ===

impl Rpc {
    async fn step(
        &self,
        request: Request<StepRequest>,
        step: &'static str,
    ) -> Result<Response<KeyChange>, Status> {
        let answer = steps::take(&self.context, request, step).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn get(
        &self,
        request: Request<GetKeyChangeRequest>,
    ) -> Result<KeyChange, KeyChangeError> {
        let caller = Caller::of(&request)?;
        let id = id_of("keyChanges", &request.into_inner().name)?;
        let store = &self.context.store;
        let row = resource::get::<Entity>(store.reader(), &caller.scope, id).await?;
        store.record_read(&caller, encode::about(&row)).await?;
        Ok(encode::encode(&store.keys, &row)?)
    }

    async fn list(
        &self,
        request: Request<ListKeyChangesRequest>,
    ) -> Result<ListKeyChangesResponse, KeyChangeError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let store = &self.context.store;
        let regions = &self.context.regions;
        let PlacedParent { parent, place } =
            parent::placed(store.reader(), &caller, regions, "parent", &message.parent).await?;
        let state = message.state.to_string();
        let fields = [message.parent.as_str(), &state];
        let (size, token) = (message.page_size, &message.page_token);
        let page = Page::of(&caller.method, size, token, &fields)?;
        let only = store::in_state(state_of(message.state));
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
        let encode = |row| encode::encode(&store.keys, row);
        let key_changes = rows.iter().map(encode);
        Ok(ListKeyChangesResponse {
            key_changes: key_changes.collect::<Result<_, KernelError>>()?,
            next_page_token,
        })
    }
}
