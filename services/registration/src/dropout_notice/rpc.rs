//! The gRPC face of notices: decode, call, encode.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use junheng_kernel::journal::Entry;
use junheng_kernel::label;
use junheng_kernel::name::id_of;
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::dropout_notice::State;
use junheng_proto::registration::v1::dropout_notice_service_server::DropoutNoticeService;
use junheng_proto::registration::v1::{
    DrawDropoutNoticeRequest, DropoutNotice, GetDropoutNoticeRequest, ListDropoutNoticesRequest,
    ListDropoutNoticesResponse, PrintDropoutNoticeRequest, PrintDropoutNoticeResponse,
    RecordNoticeServiceRequest, RevokeDropoutNoticeRequest,
};
use tonic::{Request, Response, Status};

use super::encode::{Printed, about, encode};
use super::error::DropoutNoticeError;
use super::{draw, print, serve, store};
use crate::dropout_case::encode as cases;
use crate::entity::dropout_case;
use crate::entity::dropout_notice::{Entity, Model};
use crate::school::parent::{self, PlacedParent};

/// The collection of cases, of which one may be a list's parent.
const CASES: &str = "dropoutCases";

/// Serves notices.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl DropoutNoticeService for Rpc {
    async fn draw_dropout_notice(
        &self,
        request: Request<DrawDropoutNoticeRequest>,
    ) -> Result<Response<DropoutNotice>, Status> {
        answer(draw::draw(&self.context, request).await)
    }

    async fn get_dropout_notice(
        &self,
        request: Request<GetDropoutNoticeRequest>,
    ) -> Result<Response<DropoutNotice>, Status> {
        answer(self.get(request).await)
    }

    async fn list_dropout_notices(
        &self,
        request: Request<ListDropoutNoticesRequest>,
    ) -> Result<Response<ListDropoutNoticesResponse>, Status> {
        answer(self.list(request).await)
    }

    async fn print_dropout_notice(
        &self,
        request: Request<PrintDropoutNoticeRequest>,
    ) -> Result<Response<PrintDropoutNoticeResponse>, Status> {
        answer(self.print(request).await)
    }

    async fn record_notice_service(
        &self,
        request: Request<RecordNoticeServiceRequest>,
    ) -> Result<Response<DropoutNotice>, Status> {
        answer(serve::serve(&self.context, request).await)
    }

    async fn revoke_dropout_notice(
        &self,
        request: Request<RevokeDropoutNoticeRequest>,
    ) -> Result<Response<DropoutNotice>, Status> {
        answer(serve::revoke(&self.context, request).await)
    }
}

// === impl Rpc ===

impl Rpc {
    /// A notice that the caller reads, which the journal keeps.
    async fn read(&self, caller: &Caller, name: &str) -> Result<Model, DropoutNoticeError> {
        let store = &self.context.store;
        let id = id_of("dropoutNotices", name)?;
        let notice = resource::get::<Entity>(store.reader(), &caller.scope, id).await?;
        store.record_read(caller, about(&notice)).await?;
        Ok(notice)
    }

    async fn get(
        &self,
        request: Request<GetDropoutNoticeRequest>,
    ) -> Result<DropoutNotice, DropoutNoticeError> {
        let caller = Caller::of(&request)?;
        let notice = self.read(&caller, &request.into_inner().name).await?;
        Ok(encode(&self.context.store.keys, &notice)?)
    }

    async fn print(
        &self,
        request: Request<PrintDropoutNoticeRequest>,
    ) -> Result<PrintDropoutNoticeResponse, DropoutNoticeError> {
        let caller = Caller::of(&request)?;
        let notice = self.read(&caller, &request.into_inner().name).await?;
        let printed = Printed::of(&self.context.store.keys, &notice)?;
        let revoked = notice.state == State::Revoked as i32;
        Ok(PrintDropoutNoticeResponse {
            content_type: print::CONTENT_TYPE.to_owned(),
            content: print::page(&printed, &printed.digest(), revoked).into_bytes(),
        })
    }

    async fn list(
        &self,
        request: Request<ListDropoutNoticesRequest>,
    ) -> Result<ListDropoutNoticesResponse, DropoutNoticeError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let store = &self.context.store;
        let enums = [
            ("kind", "DropoutNotice.Kind", message.kind),
            ("state", "DropoutNotice.State", message.state),
        ];
        let wrong = enums.iter().filter_map(|(field, name, number)| {
            let name = format!("junheng.registration.v1.{name}");
            label::check_filter(field, &name, *number)
        });
        KernelError::unless_empty(wrong.collect())?;
        let (kind, state) = (message.kind.to_string(), message.state.to_string());
        let fields = [message.parent.as_str(), &kind, &state];
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &fields,
        )?;
        let only = store::only(message.kind, message.state);
        let reader = store.reader();
        let (rows, next_page_token, entry) = if message.parent.starts_with(CASES) {
            let id = id_of(CASES, &message.parent)?;
            let case = resource::get::<dropout_case::Entity>(reader, &caller.scope, id).await?;
            let only = only.add(store::of_case(id));
            let (rows, token) =
                resource::list_by_id::<Entity>(reader, &caller.scope, only, &page).await?;
            (rows, token, cases::about(&case))
        } else {
            let regions = &self.context.regions;
            let PlacedParent { parent, place } =
                parent::placed(reader, &caller, regions, "parent", &message.parent).await?;
            let (rows, token) =
                resource::list_only::<Entity>(reader, &caller.scope, &parent, only, &page).await?;
            let entry = Entry::about(
                &message.parent,
                place,
                parent.school(),
                DataClass::Sensitive,
            );
            (rows, token, entry)
        };
        store.record_read(&caller, entry).await?;
        let shown = rows.iter().map(|row| encode(&store.keys, row));
        Ok(ListDropoutNoticesResponse {
            dropout_notices: shown.collect::<Result<_, _>>()?,
            next_page_token,
        })
    }
}

fn answer<T>(outcome: Result<T, DropoutNoticeError>) -> Result<Response<T>, Status> {
    outcome.map(Response::new).map_err(into_status)
}
