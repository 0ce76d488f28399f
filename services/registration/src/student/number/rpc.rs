//! The gRPC face of student numbers: decode, call, encode.

use junheng_kernel::admission::Caller;
use junheng_kernel::fault::into_status;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::id_of;
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::student_number_service_server::StudentNumberService;
use junheng_proto::registration::v1::{
    IssueFormalNumbersRequest, IssueFormalNumbersResponse, ListNumberMismatchesRequest,
    ListNumberMismatchesResponse, ListStudentNumbersRequest, ListStudentNumbersResponse,
    NumberMismatch,
};
use tonic::{Request, Response, Status, Streaming};

use super::super::error::StudentError;
use super::super::person::{self, Person};
use super::{encode, issue, store};
use crate::entity::{number_mismatch, student};
use crate::school::parent::{self, PlacedParent};

/// Serves student numbers.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl StudentNumberService for Rpc {
    async fn issue_formal_numbers(
        &self,
        request: Request<Streaming<IssueFormalNumbersRequest>>,
    ) -> Result<Response<IssueFormalNumbersResponse>, Status> {
        let answer = issue::run(&self.context, request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_student_numbers(
        &self,
        request: Request<ListStudentNumbersRequest>,
    ) -> Result<Response<ListStudentNumbersResponse>, Status> {
        let answer = self.history(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_number_mismatches(
        &self,
        request: Request<ListNumberMismatchesRequest>,
    ) -> Result<Response<ListNumberMismatchesResponse>, Status> {
        let answer = self.mismatches(request).await;
        answer.map(Response::new).map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn history(
        &self,
        request: Request<ListStudentNumbersRequest>,
    ) -> Result<ListStudentNumbersResponse, StudentError> {
        let caller = Caller::of(&request)?;
        let id = id_of("students", &request.into_inner().student)?;
        let store = &self.context.store;
        let student = resource::get::<student::Entity>(store.reader(), &caller.scope, id).await?;
        let past = store::past_of(store.reader(), id).await?;
        let present = Person::of(&store.keys, &student)?.student_number;
        let entry = Entry::about(
            person::name_of(&student),
            student.place,
            Some(student.school),
            DataClass::Sensitive,
        );
        store.record_read(&caller, entry).await?;
        Ok(ListStudentNumbersResponse {
            student_numbers: encode::history(&store.keys, &past, &present)?,
        })
    }

    async fn mismatches(
        &self,
        request: Request<ListNumberMismatchesRequest>,
    ) -> Result<ListNumberMismatchesResponse, StudentError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let store = &self.context.store;
        let regions = &self.context.regions;
        let PlacedParent { parent, place } =
            parent::placed(store.reader(), &caller, regions, "parent", &message.parent).await?;
        let (size, token) = (message.page_size, &message.page_token);
        let page = Page::of(&caller.method, size, token, &[&message.parent])?;
        let (rows, next_page_token) = resource::list::<number_mismatch::Entity>(
            store.reader(),
            &caller.scope,
            &parent,
            &page,
        )
        .await?;
        let entry = Entry::about(
            &message.parent,
            place,
            parent.school(),
            DataClass::Sensitive,
        );
        store.record_read(&caller, entry).await?;
        let mut mismatches = Vec::with_capacity(rows.len());
        for row in rows {
            let id = row.id.to_string();
            let said: issue::Said = store
                .keys
                .open_message(issue::address(&id), &row.personal)?;
            mismatches.push(NumberMismatch {
                student: format!("students/{}", row.student),
                school: format!("schools/{}", row.school),
                note: said.note,
                check_date: row.check_date,
            });
        }
        Ok(ListNumberMismatchesResponse {
            mismatches,
            next_page_token,
        })
    }
}
