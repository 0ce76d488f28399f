//! The gRPC face of the journal, the same in every service.

use junheng_proto::journal::v1::journal_service_server::JournalService;
use junheng_proto::journal::v1::{
    ChangeEvent, Entry, GetInclusionProofRequest, InclusionProof, ListEntriesRequest,
    ListEntriesResponse, WatchChangesRequest,
};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::entity::{block, leaf, row};
use super::feed::{self, Cursor, Watch};
use super::merkle;
use crate::admission::Caller;
use crate::clock::timestamp;
use crate::error::KernelError;
use crate::fault::{Violation, into_status};
use crate::name::{Parent, id_of};
use crate::page::Page;
use crate::scope::Scoped as _;
use crate::service::Context;

/// Events ready for a reader that is slower than the journal.
const WAITING_EVENTS: usize = 256;

/// Serves the journal of one service.
pub struct JournalRpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl JournalService for JournalRpc {
    type WatchChangesStream = ReceiverStream<Result<ChangeEvent, Status>>;

    async fn watch_changes(
        &self,
        request: Request<WatchChangesRequest>,
    ) -> Result<Response<Self::WatchChangesStream>, Status> {
        let watch = self.watch(request).await.map_err(into_status)?;
        let (events, stream) = mpsc::channel(WAITING_EVENTS);
        let context = self.context.clone();
        context
            .tasks
            .clone()
            .spawn(feed::run(context, watch, events));
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn list_entries(
        &self,
        request: Request<ListEntriesRequest>,
    ) -> Result<Response<ListEntriesResponse>, Status> {
        self.entries(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<GetInclusionProofRequest>,
    ) -> Result<Response<InclusionProof>, Status> {
        self.proof(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }
}

// === impl JournalRpc ===

impl JournalRpc {
    async fn watch(&self, request: Request<WatchChangesRequest>) -> Result<Watch, KernelError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let regions = &self.context.regions;
        let parent = Parent::of(&caller, regions, "parent", &message.parent)?;
        let cursor = if message.cursor.is_empty() {
            Cursor::start(self.context.name)
        } else {
            let cursor: Option<Cursor> = message.cursor.parse().ok();
            let name = self.context.name;
            let wrong = |why: String, why_zh: String| {
                KernelError::Fields(vec![Violation::invalid("cursor", why, why_zh)])
            };
            let own = cursor.filter(|cursor| cursor.service() == name);
            let cursor = own.ok_or_else(|| {
                wrong(
                    format!("is no cursor of {name}"),
                    format!("不是{name}服务的变更游标"),
                )
            })?;
            if !feed::is_known(&self.context, &cursor).await? {
                return Err(wrong(
                    format!(
                        "is no place in the journal of {name}: it was not given out, or the journal was put back \
                         from a copy made before; read again from the start"
                    ),
                    format!(
                        "不是{name}服务日志中的位置:并非本服务给出,或日志已由更早的备份恢复,请从头读取"
                    ),
                ));
            }
            cursor
        };
        Ok(Watch {
            asks_for_own: message.parent == caller.organisation,
            caller,
            parent,
            collection: message.collection,
            cursor,
        })
    }

    async fn entries(
        &self,
        request: Request<ListEntriesRequest>,
    ) -> Result<ListEntriesResponse, KernelError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let parent = Parent::of(&caller, &self.context.regions, "parent", &message.parent)?;
        if message.subject.contains(char::is_control) {
            let (why, why_zh) = ("is no name of a record", "不是记录名称");
            let wrong = Violation::invalid("subject", why, why_zh);
            return Err(KernelError::Fields(vec![wrong]));
        }
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &[&message.parent, &message.subject],
        )?;
        let after: i64 = page.after()?.unwrap_or(0);
        let database = self.context.store.reader();
        let rows = row::Entity::visible_to(&caller.scope)
            .filter(parent.condition::<row::Entity>())
            .filter(row::Column::Subject.eq(&message.subject))
            .filter(row::Column::Seq.gt(after))
            .order_by_asc(row::Column::Seq)
            .limit(page.limit())
            .all(database)
            .await?;
        let (rows, next_page_token) = page.cut(rows, |row| row.seq.to_string());
        #[expect(
            clippy::disallowed_methods,
            reason = "the rows of these leaves were in scope"
        )]
        let leaves = leaf::Entity::find()
            .filter(leaf::Column::Seq.is_in(rows.iter().map(|row| row.seq)))
            .all(database)
            .await?;
        let encode = |row: row::Model| {
            let place = leaves.iter().find(|leaf| leaf.seq == row.seq);
            encode(row, place)
        };
        Ok(ListEntriesResponse {
            entries: rows.into_iter().map(encode).collect(),
            next_page_token,
        })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the row of these leaves was in scope"
    )]
    async fn proof(
        &self,
        request: Request<GetInclusionProofRequest>,
    ) -> Result<InclusionProof, KernelError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let parent = Parent::of(&caller, &self.context.regions, "parent", &message.parent)?;
        let missing = || KernelError::not_found(&message.name);
        let database = self.context.store.reader();
        let row = row::Entity::visible_to(&caller.scope)
            .filter(parent.condition::<row::Entity>())
            .filter(row::Column::Id.eq(id_of("entries", &message.name)?))
            .one(database)
            .await?
            .ok_or_else(missing)?;
        // A row that is not sealed yet has no proof yet.
        let place = leaf::Entity::find()
            .filter(leaf::Column::Seq.eq(row.seq))
            .one(database)
            .await?
            .ok_or_else(missing)?;
        let block = block::Entity::find_by_id(place.block)
            .one(database)
            .await?
            .ok_or_else(missing)?;
        let leaves = leaf::Entity::find()
            .filter(leaf::Column::Block.eq(place.block))
            .order_by_asc(leaf::Column::Position)
            .all(database)
            .await?;
        let digests: Vec<_> = leaves
            .iter()
            .map(|leaf| merkle::Digest::try_from(leaf.digest.as_slice()).unwrap_or_default())
            .collect();
        let path = merkle::path(&digests, usize::try_from(place.position).unwrap_or(0));
        let sibling = |sibling: merkle::Sibling| {
            let side = if sibling.is_left { "<" } else { "" };
            format!("{side}{}", hex::encode(sibling.digest))
        };
        Ok(InclusionProof {
            leaf: hex::encode(&place.digest),
            entry: Some(encode(row, Some(&place))),
            path: path.into_iter().map(sibling).collect(),
            root: hex::encode(&block.root),
            previous_hash: hex::encode(&block.previous),
            block_hash: hex::encode(&block.hash),
            signature: hex::encode(&block.signature),
            public_key: hex::encode(self.context.signing.public()),
        })
    }
}

fn encode(row: row::Model, place: Option<&leaf::Model>) -> Entry {
    Entry {
        name: format!("entries/{}", row.id),
        subject: row.subject,
        commit_time: Some(timestamp(row.time_micros)),
        account: row.account,
        account_display_name: row.display_name,
        post: row.post,
        method: row.method,
        step: row.step,
        from_state: row.from_state,
        to_state: row.to_state,
        note: row.note,
        evidence: row.evidence.lines().map(str::to_owned).collect(),
        block: place.map_or(0, |place| place.block),
        block_index: place.map_or(0, |place| place.position),
        record_count: row.record_count,
    }
}
