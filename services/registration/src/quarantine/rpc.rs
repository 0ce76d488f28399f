//! The gRPC face of rows that wait: decode, call, encode.

use junheng_kernel::admission::Caller;
use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::journal::Entry;
use junheng_kernel::page::Page;
use junheng_kernel::privacy::{Keyring, mask};
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_kernel::text::check_text;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::quarantine_cause::Kind;
use junheng_proto::registration::v1::quarantine_service_server::QuarantineService;
use junheng_proto::registration::v1::{
    DiscardQuarantinedRowsRequest, DiscardQuarantinedRowsResponse, ListQuarantineCausesRequest,
    ListQuarantineCausesResponse, ListQuarantinedRowsRequest, ListQuarantinedRowsResponse,
    QuarantineCause, QuarantinedRow, StudentRow,
};
use sea_orm::Condition;
use tonic::{Request, Response, Status};

use super::set_aside::address;
use super::{Collection, store};
use crate::entity::quarantined_row::{Entity, Model};
use crate::school::parent::{self, PlacedParent};

/// Causes that a list gives at most.
const MOST_CAUSES: u64 = 1_000;
/// Rows that one call discards at most.
const MOST_DISCARDED: u64 = 10_000;

/// Serves rows that wait.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl QuarantineService for Rpc {
    async fn list_quarantine_causes(
        &self,
        request: Request<ListQuarantineCausesRequest>,
    ) -> Result<Response<ListQuarantineCausesResponse>, Status> {
        self.causes(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn list_quarantined_rows(
        &self,
        request: Request<ListQuarantinedRowsRequest>,
    ) -> Result<Response<ListQuarantinedRowsResponse>, Status> {
        self.rows(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn discard_quarantined_rows(
        &self,
        request: Request<DiscardQuarantinedRowsRequest>,
    ) -> Result<Response<DiscardQuarantinedRowsResponse>, Status> {
        self.discard(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn causes(
        &self,
        request: Request<ListQuarantineCausesRequest>,
    ) -> Result<ListQuarantineCausesResponse, KernelError> {
        let caller = Caller::of(&request)?;
        let PlacedParent { parent, .. } = self.placed(&caller, &request.get_ref().parent).await?;
        let reader = self.context.store.reader();
        let causes = store::causes(reader, &caller.scope, &parent, MOST_CAUSES).await?;
        let all = Condition::all();
        Ok(ListQuarantineCausesResponse {
            row_count: store::count(reader, &caller.scope, &parent, all).await?,
            causes: causes.into_iter().map(encode_cause).collect(),
        })
    }

    async fn rows(
        &self,
        request: Request<ListQuarantinedRowsRequest>,
    ) -> Result<ListQuarantinedRowsResponse, KernelError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let PlacedParent { parent, place } = self.placed(&caller, &message.parent).await?;
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &[&message.parent, &message.cause],
        )?;
        KernelError::unless_empty(check_text("cause", &message.cause).into_iter().collect())?;
        let database = &self.context.store;
        let only = store::is_cause(&message.cause);
        let (rows, next_page_token) =
            resource::list_only::<Entity>(database.reader(), &caller.scope, &parent, only, &page)
                .await?;
        let about = Entry::about(message.parent, place, parent.school(), DataClass::Personal);
        database.record_read(&caller, about).await?;
        Ok(ListQuarantinedRowsResponse {
            quarantined_rows: rows
                .iter()
                .map(|row| encode_row(&database.keys, row))
                .collect::<Result<_, _>>()?,
            next_page_token,
        })
    }

    async fn discard(
        &self,
        request: Request<DiscardQuarantinedRowsRequest>,
    ) -> Result<DiscardQuarantinedRowsResponse, KernelError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        let PlacedParent { parent, place } = self.placed(&caller, &message.parent).await?;
        let given = [("cause", &message.cause), ("reason", &message.reason)];
        let missing = given.iter().filter(|(_, value)| value.trim().is_empty());
        let mut wrong: Vec<Violation> = missing
            .map(|(field, _)| Violation::required(field))
            .collect();
        wrong.extend(
            given
                .iter()
                .filter_map(|(field, value)| check_text(field, value)),
        );
        KernelError::unless_empty(wrong)?;
        let scope = caller.scope.clone();
        self.context
            .store
            .write(&caller, key, move |tx| async move {
                let cause = message.cause.as_str();
                let ids = store::of_cause(&*tx, &scope, &parent, cause, MOST_DISCARDED).await?;
                let discarded = store::delete(&*tx, &ids).await?;
                let only = store::is_cause(cause);
                let answer = DiscardQuarantinedRowsResponse {
                    discarded_count: i64::try_from(discarded).unwrap_or(i64::MAX),
                    remaining_count: store::count(&*tx, &scope, &parent, only).await?,
                };
                let note = format!("{cause}: {}", message.reason);
                let entry =
                    Entry::about(message.parent, place, parent.school(), DataClass::Personal)
                        .note(&note);
                Ok((answer, entry))
            })
            .await
    }

    async fn placed(&self, caller: &Caller, named: &str) -> Result<PlacedParent, KernelError> {
        let Context { store, regions, .. } = &self.context;
        parent::placed(store.reader(), caller, regions, "parent", named).await
    }
}

fn encode_cause((kind, cause, row_count, first, last): store::Cause) -> QuarantineCause {
    let (message, message_zh) = match Kind::try_from(kind).unwrap_or_default() {
        Kind::School => (
            format!("school {cause} is not registered: {row_count} rows wait"),
            format!("学校{cause}尚未登记,{row_count}行数据等待导入"),
        ),
        Kind::Class => (
            format!("class {cause} is not registered: {row_count} rows wait"),
            format!("班级{cause}尚未登记,{row_count}行数据等待导入"),
        ),
        Kind::Row | Kind::Unspecified => (
            format!(
                "{row_count} rows are wrong otherwise ({cause}): correct and import them, or discard them"
            ),
            format!("{row_count}行数据另有错误({cause}),请更正后重新导入或予以放弃"),
        ),
    };
    QuarantineCause {
        kind,
        cause,
        row_count,
        first_time: Some(timestamp(first)),
        last_time: Some(timestamp(last)),
        message_zh,
        message,
    }
}

/// Whom a row is about is shown to those in scope; the number is masked.
fn encode_row(keys: &Keyring, row: &Model) -> Result<QuarantinedRow, KernelError> {
    let id = row.id.to_string();
    let about: StudentRow = if row.collection == Collection::Students.name() {
        keys.open_message(address(&id), &row.sealed)?
    } else {
        StudentRow::default()
    };
    Ok(QuarantinedRow {
        name: format!("quarantinedRows/{id}"),
        kind: row.kind,
        cause: row.cause.clone(),
        collection: row.collection.clone(),
        parent: row.parent.clone(),
        request_id: row.request_id.clone(),
        row: row.row_number,
        account: row.account.clone(),
        account_display_name: row.account_display_name.clone(),
        post: format!("{}@{}", row.role, row.organisation),
        import_time: Some(timestamp(row.import_micros)),
        school_code: row.school_code.clone(),
        display_name: about.display_name,
        identity_number: mask::identity_number(&about.identity_number),
    })
}
