//! The gRPC face of aid: decode, call, encode.

use std::collections::BTreeMap;

use junheng_kernel::admission::Caller;
use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::id_of;
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::aid_service_server::AidService;
use junheng_proto::registration::v1::{
    AidEntitlement, AidGrant, AidSum, AidTerm, BatchRecordAidGrantsRequest,
    BatchRecordAidGrantsResponse, GetStudentAidRequest, ListAidGrantsRequest,
    ListAidGrantsResponse, ListUnaidedStudentsRequest, ListUnaidedStudentsResponse,
    RevokeAidGrantRequest, StudentAid, SumAidRequest, SumAidResponse, UnaidedStudent,
};
use tonic::{Request, Response, Status};

use super::rules::{self, Pupil, Term};
use super::{record, revoke, store, totals};
use crate::approval;
use crate::entity::{aid_grant, student};
use crate::rule_book::{self, RegionPath};
use crate::school::parent::{self, PlacedParent};
use crate::special_group;
use crate::student::person;

/// Serves aid.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl AidService for Rpc {
    async fn get_student_aid(
        &self,
        request: Request<GetStudentAidRequest>,
    ) -> Result<Response<StudentAid>, Status> {
        let answer = self.get(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn batch_record_aid_grants(
        &self,
        request: Request<BatchRecordAidGrantsRequest>,
    ) -> Result<Response<BatchRecordAidGrantsResponse>, Status> {
        let caller = Caller::of(&request).map_err(into_status)?;
        let answer = record::run(&self.context, caller, request.into_inner()).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn revoke_aid_grant(
        &self,
        request: Request<RevokeAidGrantRequest>,
    ) -> Result<Response<AidGrant>, Status> {
        let caller = Caller::of(&request).map_err(into_status)?;
        let answer = revoke::run(&self.context, caller, request.into_inner()).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_aid_grants(
        &self,
        request: Request<ListAidGrantsRequest>,
    ) -> Result<Response<ListAidGrantsResponse>, Status> {
        let answer = self.list(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_unaided_students(
        &self,
        request: Request<ListUnaidedStudentsRequest>,
    ) -> Result<Response<ListUnaidedStudentsResponse>, Status> {
        let answer = self.unaided(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn sum_aid(
        &self,
        request: Request<SumAidRequest>,
    ) -> Result<Response<SumAidResponse>, Status> {
        let answer = self.sum(request).await;
        answer.map(Response::new).map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn get(&self, request: Request<GetStudentAidRequest>) -> Result<StudentAid, KernelError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let store = &self.context.store;
        let id = id_of("students", &message.name)?;
        let student = resource::get::<student::Entity>(store.reader(), &caller.scope, id).await?;
        let term = self.term(message.term)?;
        let granted = store::of_students(store.reader(), term, [id]).await?;
        let (name, school) = (person::name_of(&student), Some(student.school));
        let entry = Entry::about(&name, student.place, school, DataClass::Sensitive);
        store.record_read(&caller, entry).await?;
        let proven = special_group::in_hardship(store.reader(), [id]).await?;
        let pupil = Pupil::of(&student, proven.contains(&id));
        let path = self.path(student.place);
        let dues = rules::dues(rule_book::rules()?, pupil, &path, term);
        let entitlements = dues.into_iter().map(|due| {
            // Of the allowances a student gets one a term, by whichever name it was granted.
            let is_of = |grant: &&aid_grant::Model| match due.amount_fen {
                0 => grant.item == due.item as i32,
                _ => grant.amount_fen > 0,
            };
            let of_it = || granted.iter().filter(is_of);
            AidEntitlement {
                item: due.item as i32,
                amount_fen: due.amount_fen,
                granted_fen: of_it().map(|grant| grant.amount_fen).sum(),
                grant_count: i32::try_from(of_it().count()).unwrap_or(i32::MAX),
                source: due.source,
            }
        });
        Ok(StudentAid {
            student: name,
            term: Some(term.encode()),
            entitlements: entitlements.collect(),
        })
    }

    async fn list(
        &self,
        request: Request<ListAidGrantsRequest>,
    ) -> Result<ListAidGrantsResponse, KernelError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let store = &self.context.store;
        let PlacedParent { parent, place } = self.placed(&caller, &message.parent).await?;
        let term = self.term(message.term)?;
        let fields = [message.parent.as_str(), &term.label()];
        let (size, token) = (message.page_size, &message.page_token);
        let page = Page::of(&caller.method, size, token, &fields)?;
        let (rows, next_page_token) = resource::list_only::<aid_grant::Entity>(
            store.reader(),
            &caller.scope,
            &parent,
            store::of_term(term),
            &page,
        )
        .await?;
        let school = parent.school();
        let entry = Entry::about(&message.parent, place, school, DataClass::Sensitive);
        store.record_read(&caller, entry).await?;
        Ok(ListAidGrantsResponse {
            aid_grants: rows.iter().map(record::encode).collect(),
            next_page_token,
        })
    }

    async fn unaided(
        &self,
        request: Request<ListUnaidedStudentsRequest>,
    ) -> Result<ListUnaidedStudentsResponse, KernelError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let store = &self.context.store;
        let PlacedParent { parent, place } = self.placed(&caller, &message.parent).await?;
        let term = self.term(message.term)?;
        let fields = [message.parent.as_str(), &term.label()];
        let (size, token) = (message.page_size, &message.page_token);
        let page = Page::of(&caller.method, size, token, &fields)?;
        let (rows, next_page_token) = resource::list_only::<student::Entity>(
            store.reader(),
            &caller.scope,
            &parent,
            store::unaided(term),
            &page,
        )
        .await?;
        let school = parent.school();
        let entry = Entry::about(&message.parent, place, school, DataClass::Sensitive);
        store.record_read(&caller, entry).await?;
        let book = rule_book::rules()?;
        let told = |row: &student::Model| {
            // Where the table entitles nobody to it, who is in hardship is entitled to nothing.
            let pupil = Pupil::of(row, true);
            let due = rules::allowance(book, pupil, &self.path(row.place), term)?;
            let student = person::encode(&store.keys, row);
            Some(student.map(|student| UnaidedStudent {
                student: Some(student),
                item: due.item as i32,
                amount_fen: due.amount_fen,
            }))
        };
        Ok(ListUnaidedStudentsResponse {
            unaided_students: rows
                .iter()
                .filter_map(told)
                .collect::<Result<_, KernelError>>()?,
            next_page_token,
        })
    }

    async fn sum(&self, request: Request<SumAidRequest>) -> Result<SumAidResponse, KernelError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let PlacedParent { parent, .. } = self.placed(&caller, &message.parent).await?;
        let term = self.term(message.term)?;
        let (context, scope) = (self.context.clone(), caller.scope);
        // In a task of its own: a caller who goes away must not leave the snapshot open.
        let read = tokio::spawn(async move {
            // One moment for all: a student who is aided between two statements would count as entitled only.
            let moment = context.store.snapshot().await?;
            let counts = totals::in_hardship(&moment, &parent).await?;
            let aided = totals::aided(&moment, &scope, &parent, term).await?;
            let grants = totals::sums(&moment, &scope, &parent, term).await?;
            let unproven = store::count_unproven(&moment, &scope, &parent, term).await?;
            Ok::<_, KernelError>((counts, aided, grants, unproven))
        });
        let (counts, aided, grants, unproven) = read
            .await
            .map_err(|error| KernelError::Stored(format!("the task failed: {error}")))??;
        let book = rule_book::rules()?;
        let mut sums: BTreeMap<(i32, i32), AidSum> = BTreeMap::new();
        let sum = |item: i32, stage: i32| AidSum {
            item,
            stage,
            ..AidSum::default()
        };
        for ((county, stage, boarder), count) in counts {
            let pupil = Pupil {
                stage,
                boarder,
                hardship: true,
                enrolled: true,
            };
            let path = RegionPath::of(&self.context.regions, &format!("{county:06}"));
            let Some(due) = rules::allowance(book, pupil, &path, term) else {
                continue;
            };
            let seat = (county, stage, boarder);
            // What a school only states gives no money.
            let unproven = unproven.get(&seat).copied().unwrap_or_default();
            let count = count - unproven.all;
            let aided = aided.get(&seat).copied().unwrap_or(0) - unproven.aided;
            let item = due.item as i32;
            let sum = sums
                .entry((item, stage))
                .or_insert_with(|| sum(item, stage));
            sum.entitled_count += count;
            sum.entitled_fen += count * due.amount_fen;
            sum.unaided_count += count - aided;
        }
        for ((item, stage), (count, fen)) in grants {
            let sum = sums
                .entry((item, stage))
                .or_insert_with(|| sum(item, stage));
            sum.granted_count += count;
            sum.granted_fen += fen;
        }
        Ok(SumAidResponse {
            sums: sums.into_values().collect(),
            as_of_time: Some(timestamp(self.context.clock.now_micros())),
        })
    }

    fn term(&self, given: Option<AidTerm>) -> Result<Term, KernelError> {
        Term::of(given, self.context.clock.today()).map_err(KernelError::Fields)
    }

    fn path(&self, place: i64) -> RegionPath {
        RegionPath::of(&self.context.regions, &approval::region_of(place))
    }

    async fn placed(&self, caller: &Caller, value: &str) -> Result<PlacedParent, KernelError> {
        let reader = self.context.store.reader();
        parent::placed(reader, caller, &self.context.regions, "parent", value).await
    }
}
