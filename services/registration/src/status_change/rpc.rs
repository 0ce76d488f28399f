//! The gRPC face of changes of status: decode, call, encode.

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::journal::Entry;
use junheng_kernel::name::{etag, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::privacy::Keyring;
use junheng_kernel::service::Context;
use junheng_kernel::{identity_number, resource};
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::status_change_service_server::StatusChangeService;
use junheng_proto::registration::v1::{
    CreateStatusChangeRequest, GetStatusChangeRequest, ListLeaveEndsRequest, ListLeaveEndsResponse,
    ListStatusChangesRequest, ListStatusChangesResponse, StatusChange,
};
use junheng_proto::workflow::v1::StepRequest;
use sea_orm::Condition;
use tonic::{Request, Response, Status};

use super::content::Content;
use super::error::StatusChangeError;
use super::file::{self, about};
use super::workflow::{AGREE, APPROVE, REGISTER, REJECT, State, WITHDRAW};
use super::{steps, store};
use crate::entity::status_change::{self, Model};
use crate::school::parent::{self, PlacedParent};

/// Serves changes of status.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

type Answer = Result<Response<StatusChange>, Status>;

#[tonic::async_trait]
impl StatusChangeService for Rpc {
    async fn create_status_change(&self, request: Request<CreateStatusChangeRequest>) -> Answer {
        let answer = file::create(&self.context, request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn get_status_change(&self, request: Request<GetStatusChangeRequest>) -> Answer {
        let answer = self.get(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_status_changes(
        &self,
        request: Request<ListStatusChangesRequest>,
    ) -> Result<Response<ListStatusChangesResponse>, Status> {
        let answer = self.list(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_leave_ends(
        &self,
        request: Request<ListLeaveEndsRequest>,
    ) -> Result<Response<ListLeaveEndsResponse>, Status> {
        let answer = self.leave_ends(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn agree_status_change(&self, request: Request<StepRequest>) -> Answer {
        self.step(request, AGREE).await
    }

    async fn approve_status_change(&self, request: Request<StepRequest>) -> Answer {
        self.step(request, APPROVE).await
    }

    async fn register_status_change(&self, request: Request<StepRequest>) -> Answer {
        self.step(request, REGISTER).await
    }

    async fn reject_status_change(&self, request: Request<StepRequest>) -> Answer {
        self.step(request, REJECT).await
    }

    async fn withdraw_status_change(&self, request: Request<StepRequest>) -> Answer {
        self.step(request, WITHDRAW).await
    }
}

// === impl Rpc ===

impl Rpc {
    async fn step(&self, request: Request<StepRequest>, step: &'static str) -> Answer {
        let answer = steps::take(&self.context, request, step).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn get(
        &self,
        request: Request<GetStatusChangeRequest>,
    ) -> Result<StatusChange, StatusChangeError> {
        let caller = Caller::of(&request)?;
        let id = id_of("statusChanges", &request.into_inner().name)?;
        let store = &self.context.store;
        let change =
            resource::get::<status_change::Entity>(store.reader(), &caller.scope, id).await?;
        store.record_read(&caller, about(&change)).await?;
        Ok(encode(&store.keys, &change, self.context.clock.today())?)
    }

    async fn list(
        &self,
        request: Request<ListStatusChangesRequest>,
    ) -> Result<ListStatusChangesResponse, StatusChangeError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (kind, state) = (message.kind.to_string(), message.state.to_string());
        let overdue = message.overdue_only.to_string();
        let fields = [message.parent.as_str(), &kind, &state, &overdue];
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &fields,
        )?;
        let overdue_on = message.overdue_only.then(|| self.context.clock.today());
        let only = store::of(message.kind, message.state, overdue_on);
        let (status_changes, next_page_token) =
            self.page(&caller, &message.parent, only, &page).await?;
        Ok(ListStatusChangesResponse {
            status_changes,
            next_page_token,
        })
    }

    async fn leave_ends(
        &self,
        request: Request<ListLeaveEndsRequest>,
    ) -> Result<ListLeaveEndsResponse, StatusChangeError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let day = match message.by_date.as_str() {
            "" => self.context.clock.today(),
            text => identity_number::date_of(text).ok_or_else(|| {
                KernelError::Fields(vec![Violation::invalid(
                    "by_date",
                    "must be a date written YYYY-MM-DD",
                    "应为YYYY-MM-DD格式的日期",
                )])
            })?,
        };
        let fields = [message.parent.as_str(), &message.by_date];
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &fields,
        )?;
        let only = store::ending_by(day);
        let (status_changes, next_page_token) =
            self.page(&caller, &message.parent, only, &page).await?;
        Ok(ListLeaveEndsResponse {
            status_changes,
            next_page_token,
        })
    }

    async fn page(
        &self,
        caller: &Caller,
        parent: &str,
        only: Condition,
        page: &Page,
    ) -> Result<(Vec<StatusChange>, String), KernelError> {
        let store = &self.context.store;
        let regions = &self.context.regions;
        let placed = parent::placed(store.reader(), caller, regions, "parent", parent).await?;
        let PlacedParent {
            parent: below,
            place,
        } = placed;
        let (rows, next_page_token) = resource::list_only::<status_change::Entity>(
            store.reader(),
            &caller.scope,
            &below,
            only,
            page,
        )
        .await?;
        let entry = Entry::about(parent, place, below.school(), DataClass::Sensitive);
        store.record_read(caller, entry).await?;
        let today = self.context.clock.today();
        let shown = rows.iter().map(|row| encode(&store.keys, row, today));
        Ok((shown.collect::<Result<_, _>>()?, next_page_token))
    }
}

/// The change as callers see it on a day.
pub(super) fn encode(
    keys: &Keyring,
    change: &Model,
    today: NaiveDate,
) -> Result<StatusChange, KernelError> {
    let content = Content::of(keys, change.id, &change.content)?;
    let past = |day: &str| !day.is_empty() && *day < *today.to_string();
    let runs = change.state == State::Effective as i32;
    Ok(StatusChange {
        name: format!("statusChanges/{}", change.id),
        student: format!("students/{}", change.student),
        school: format!("schools/{}", change.school),
        kind: change.kind,
        state: change.state,
        effective_date: change.effective_date.clone(),
        until_date: change.until_date.clone(),
        school_class: change
            .school_class
            .map_or_else(String::new, |id| format!("classes/{id}")),
        reason: content.reason,
        proofs: content.proofs,
        leave: change
            .leave
            .map_or_else(String::new, |id| format!("statusChanges/{id}")),
        due_date: change.due_date.clone(),
        due_date_provisional: change.due_provisional,
        overdue: past(&change.due_date),
        hangs: runs && past(&change.until_date) && store::is_leave(change.kind),
        stage: change.stage,
        grade: change.grade,
        update_time: Some(timestamp(change.update_micros)),
        etag: etag(change.version),
    })
}
