//! The gRPC face of ledgers.

use junheng_kernel::admission::Caller;
use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::Parent;
use junheng_kernel::page::Page;
use junheng_kernel::service::Context;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::ledger_service_server::LedgerService;
use junheng_proto::registration::v1::{
    GetLedgerCountsRequest, LedgerCount, LedgerCounts, LedgerKind, ListLedgerRequest,
    ListLedgerResponse,
};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, QueryFilter as _, QuerySelect as _};
use tonic::{Request, Response, Status};

use super::groups::GROUPS;
use super::rules::Asked;
use super::{cases, encode, people};
use crate::entity::student;
use crate::school::parent;
use crate::school_year;
use crate::tally::counted::{BY_STATE, index_of, live_but_not_counted};
use crate::tally::read;

/// The stages of compulsory education.
const STAGES: [i32; 2] = [1, 2];

/// Serves ledgers.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl LedgerService for Rpc {
    async fn list_ledger(
        &self,
        request: Request<ListLedgerRequest>,
    ) -> Result<Response<ListLedgerResponse>, Status> {
        let answer = self.list(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn get_ledger_counts(
        &self,
        request: Request<GetLedgerCountsRequest>,
    ) -> Result<Response<LedgerCounts>, Status> {
        let answer = self.counts(request).await;
        answer.map(Response::new).map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn list(
        &self,
        request: Request<ListLedgerRequest>,
    ) -> Result<ListLedgerResponse, KernelError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (store, regions) = (&self.context.store, &self.context.regions);
        let reader = store.reader();
        let placed = parent::placed(reader, &caller, regions, "parent", &message.parent).await?;
        let asked = Asked::of(&message, self.context.clock.today())?;
        let [parent_name, filter] = &asked.fields(&message.parent);
        let (size, token) = (message.page_size, &message.page_token);
        let page = Page::of(&caller.method, size, token, &[parent_name, filter])?;
        let as_of_time = timestamp(self.context.clock.now_micros());
        let (children, next_page_token) =
            people::page(reader, &caller.scope, &placed.parent, &asked, &page).await?;
        let today = self.context.clock.today();
        let ledger_entries =
            encode::entries(reader, &store.keys, &caller.scope, &children, today).await?;
        let school = placed.parent.school();
        let entry = Entry::about(&message.parent, placed.place, school, DataClass::Sensitive);
        store.record_read(&caller, entry).await?;
        Ok(ListLedgerResponse {
            ledger_entries,
            next_page_token,
            as_of_time: Some(as_of_time),
        })
    }

    async fn counts(
        &self,
        request: Request<GetLedgerCountsRequest>,
    ) -> Result<LedgerCounts, KernelError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (reader, regions) = (self.context.store.reader(), &self.context.regions);
        let placed = parent::placed(reader, &caller, regions, "parent", &message.parent).await?;
        let today = self.context.clock.today();
        let year = school_year::seen("school_year", message.school_year, today)?;
        let context = self.context.clone();
        // In a task of its own: a caller who goes away must not leave the snapshot open.
        let read = tokio::spawn(async move {
            let snapshot = context.store.snapshot().await?;
            let as_of_time = timestamp(context.clock.now_micros());
            let told = told(&snapshot, &message.parent, &placed.parent, year).await?;
            Ok::<_, KernelError>((told, as_of_time))
        });
        let (ledger_counts, as_of_time) = read
            .await
            .map_err(|error| KernelError::Stored(format!("the task failed: {error}")))??;
        Ok(LedgerCounts {
            ledger_counts,
            as_of_time: Some(as_of_time),
        })
    }
}

/// Every count: of the ledger of school age by stage, of those of cases by stage and group.
async fn told(
    snapshot: &impl ConnectionTrait,
    name: &str,
    parent: &Parent,
    year: i32,
) -> Result<Vec<LedgerCount>, DbErr> {
    let of_school_age = Asked::all(LedgerKind::SchoolAge, year);
    let unregistered = cases::counts(snapshot, parent, &of_school_age).await?;
    let with_record = with_record(snapshot, parent).await?;
    let mut told = Vec::new();
    let mut tell = |asked: Asked, count: i64| {
        told.push(LedgerCount {
            kind: asked.kind.into(),
            stage: asked.stage,
            group: asked.group,
            count,
            rows: Some(asked.request(name)),
        });
    };
    for stage in [0].into_iter().chain(STAGES) {
        let of_stage = |(one, _): &&(i32, i64)| stage == 0 || *one == stage;
        let students: i64 = with_record.iter().filter(of_stage).map(|(_, n)| n).sum();
        let asked = Asked {
            stage,
            ..of_school_age.clone()
        };
        tell(asked, students + cases::sum(&unregistered, stage, 0));
    }
    for kind in [LedgerKind::Suspected, LedgerKind::Dropout] {
        let asked = Asked::all(kind, year);
        let counts = cases::counts(snapshot, parent, &asked).await?;
        let groups = GROUPS.iter().map(|(group, _)| (0, *group as i32));
        let stages = [0].into_iter().chain(STAGES).map(|stage| (stage, 0));
        for (stage, group) in stages.chain(groups) {
            let asked = Asked {
                stage,
                group,
                ..asked.clone()
            };
            tell(asked, cases::sum(&counts, stage, group));
        }
    }
    Ok(told)
}

/// Children of the compulsory years with an open record, by stage: what the counts keep, and those in the few other states.
async fn with_record(
    snapshot: &impl ConnectionTrait,
    parent: &Parent,
) -> Result<Vec<(i32, i64)>, DbErr> {
    let reading = read::reading(snapshot, parent).await?;
    let kept = BY_STATE.iter().filter_map(|(_, column)| index_of(column));
    let kept: Vec<usize> = kept.collect();
    let mut counts: Vec<(i32, i64)> = STAGES
        .into_iter()
        .map(|stage| {
            let total = reading.total(|one, _| one == stage).counts;
            (stage, kept.iter().map(|at| total[*at]).sum())
        })
        .collect();
    use junheng_kernel::scope::{Scope, Scoped as _};
    let judged = Scope::everything("the parent was judged against the scope before");
    let rest: Vec<(i32, i64)> = student::Entity::visible_to(&judged)
        .filter(parent.condition::<student::Entity>())
        .filter(Expr::cust(live_but_not_counted()))
        .filter(Expr::cust("stage <= 2"))
        .select_only()
        .column(student::Column::Stage)
        .column_as(student::Column::Id.count(), "student_count")
        .group_by(student::Column::Stage)
        .into_tuple()
        .all(snapshot)
        .await?;
    counts.extend(rest);
    Ok(counts)
}
