//! The gRPC face of grants: decode, call, encode.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::label;
use junheng_kernel::name::id_of;
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_proto::registration::v1::access_grant_service_server::AccessGrantService;
use junheng_proto::registration::v1::{
    AccessGrant, GetAccessGrantRequest, ListAccessGrantsRequest, ListAccessGrantsResponse,
    ListAccessRevealsRequest, ListAccessRevealsResponse, RequestAccessGrantRequest,
    RevealStudentRequest, RevealedStudent,
};
use junheng_proto::workflow::v1::StepRequest;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::encode::{about, encode, encode_reveal};
use super::error::GrantError;
use super::rules::{self, Most};
use super::workflow::{ANSWER_DAYS, REQUEST, WORKFLOW, state_name};
use super::{reveal, steps, store};
use crate::approval;
use crate::entity::{access_grant, access_reveal};
use crate::rule_book::{RegionPath, RuleBook};
use crate::school::parent;

/// Serves grants.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl AccessGrantService for Rpc {
    async fn request_access_grant(
        &self,
        request: Request<RequestAccessGrantRequest>,
    ) -> Result<Response<AccessGrant>, Status> {
        let answer = self.request(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn get_access_grant(
        &self,
        request: Request<GetAccessGrantRequest>,
    ) -> Result<Response<AccessGrant>, Status> {
        let answer = self.get(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_access_grants(
        &self,
        request: Request<ListAccessGrantsRequest>,
    ) -> Result<Response<ListAccessGrantsResponse>, Status> {
        let answer = self.list(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn approve_access_grant(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<AccessGrant>, Status> {
        self.take("ApproveAccessGrant", request).await
    }

    async fn refuse_access_grant(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<AccessGrant>, Status> {
        self.take("RefuseAccessGrant", request).await
    }

    async fn revoke_access_grant(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<AccessGrant>, Status> {
        self.take("RevokeAccessGrant", request).await
    }

    async fn reveal_student(
        &self,
        request: Request<RevealStudentRequest>,
    ) -> Result<Response<RevealedStudent>, Status> {
        let caller = Caller::of(&request).map_err(into_status)?;
        let answer = reveal::run(&self.context, caller, request.into_inner()).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_access_reveals(
        &self,
        request: Request<ListAccessRevealsRequest>,
    ) -> Result<Response<ListAccessRevealsResponse>, Status> {
        let answer = self.reveals(request).await;
        answer.map(Response::new).map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn take(
        &self,
        step: &'static str,
        request: Request<StepRequest>,
    ) -> Result<Response<AccessGrant>, Status> {
        let caller = Caller::of(&request).map_err(into_status)?;
        let answer = steps::take(&self.context, caller, step, request.into_inner()).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn request(
        &self,
        request: Request<RequestAccessGrantRequest>,
    ) -> Result<AccessGrant, GrantError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        let (store, regions) = (&self.context.store, &self.context.regions);
        let reader = store.reader();
        parent::placed(reader, &caller, regions, "parent", &message.parent).await?;
        let seat = approval::seat_of(reader, &caller, regions).await?;
        let given = message
            .access_grant
            .ok_or_else(|| KernelError::Fields(vec![Violation::required("access_grant")]))?;
        let today = self.context.clock.today();
        let region = approval::region_of(seat.place);
        let (book, path) = (RuleBook::builtin()?, RegionPath::of(regions, &region));
        let most = Most {
            days: book.count("access_grant.most_days", &path, today)?,
            reveals: book.count("access_grant.most_reveals", &path, today)?,
        };
        KernelError::unless_empty(rules::check(&given, most, today))?;
        let due = WORKFLOW.due(&self.context, ANSWER_DAYS, &region)?;
        let mut grant = access_grant::Model {
            id: Uuid::now_v7(),
            place: seat.place,
            school: seat.school,
            state: WORKFLOW.start as i32,
            holder: caller.account.clone(),
            holder_post: caller.post(),
            students_of: message.parent,
            clear_fields: approval::fields_to_text(&given.fields),
            purpose: given.purpose.trim().to_owned(),
            expire_date: given.expire_date,
            quota: given.quota,
            used_count: 0,
            due_date: due.date.to_string(),
            due_provisional: due.provisional,
            create_micros: self.context.clock.now_micros(),
            version: 1,
        };
        store
            .write(&caller, key, move |tx| async move {
                grant.place = parent::hold_place(&*tx, grant.school, grant.place).await?;
                store::insert(&*tx, grant.clone()).await?;
                let answer = encode(&grant);
                let entry = about(&grant)
                    .change(None, &answer)
                    .step(REQUEST, "", state_name(WORKFLOW.start))
                    .note(&grant.purpose);
                Ok::<_, GrantError>((answer, entry))
            })
            .await
    }

    async fn get(
        &self,
        request: Request<GetAccessGrantRequest>,
    ) -> Result<AccessGrant, GrantError> {
        let caller = Caller::of(&request)?;
        let id = id_of("accessGrants", &request.into_inner().name)?;
        let reader = self.context.store.reader();
        let grant = resource::get::<access_grant::Entity>(reader, &caller.scope, id).await?;
        Ok(encode(&grant))
    }

    async fn list(
        &self,
        request: Request<ListAccessGrantsRequest>,
    ) -> Result<ListAccessGrantsResponse, GrantError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (reader, regions) = (self.context.store.reader(), &self.context.regions);
        let below = parent::placed(reader, &caller, regions, "parent", &message.parent).await?;
        check_state(message.state)?;
        let state = message.state.to_string();
        let fields = [message.parent.as_str(), state.as_str()];
        let (size, token) = (message.page_size, &message.page_token);
        let page = Page::of(&caller.method, size, token, &fields)?;
        let only = store::in_state(message.state);
        let (rows, next_page_token) = resource::list_only::<access_grant::Entity>(
            reader,
            &caller.scope,
            &below.parent,
            only,
            &page,
        )
        .await?;
        Ok(ListAccessGrantsResponse {
            access_grants: rows.iter().map(encode).collect(),
            next_page_token,
        })
    }

    async fn reveals(
        &self,
        request: Request<ListAccessRevealsRequest>,
    ) -> Result<ListAccessRevealsResponse, GrantError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (reader, regions) = (self.context.store.reader(), &self.context.regions);
        let below = parent::placed(reader, &caller, regions, "parent", &message.parent).await?;
        let grant = match message.access_grant.as_str() {
            "" => None,
            name => Some(id_of("accessGrants", name)?),
        };
        let fields = [message.parent.as_str(), message.access_grant.as_str()];
        let (size, token) = (message.page_size, &message.page_token);
        let page = Page::of(&caller.method, size, token, &fields)?;
        let (rows, next_page_token) = resource::list_only::<access_reveal::Entity>(
            reader,
            &caller.scope,
            &below.parent,
            store::of_grant(grant),
            &page,
        )
        .await?;
        Ok(ListAccessRevealsResponse {
            access_reveals: rows.iter().map(encode_reveal).collect(),
            next_page_token,
        })
    }
}

fn check_state(state: i32) -> Result<(), KernelError> {
    let full_name = "junheng.registration.v1.AccessGrant.State";
    let wrong = (state != 0).then(|| label::check("state", full_name, state));
    KernelError::unless_empty(wrong.flatten().into_iter().collect())
}
