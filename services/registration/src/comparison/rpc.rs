//! The gRPC face of comparisons: decode, call, encode.

use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::ImportResult;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::{Parent, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::scope::Scope;
use junheng_kernel::service::Context;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::comparison_service_server::ComparisonService;
use junheng_proto::registration::v1::{
    Comparison, DecideResidentCandidateRequest, GetComparisonRequest, GetResidentListRequest,
    GetResidentRequest, ImportResidentsRequest, ListComparisonResultsRequest,
    ListComparisonResultsResponse, ListComparisonsRequest, ListComparisonsResponse,
    ListResidentCandidatesRequest, ListResidentCandidatesResponse, ListResidentListsRequest,
    ListResidentListsResponse, Resident, ResidentCandidate, ResidentList, RunComparisonRequest,
};
use sea_orm::{ColumnTrait as _, Condition};
use tonic::{Request, Response, Status, Streaming};

use super::error::ComparisonError;
use super::list::{is_own, is_partner};
use super::{Comparisons, candidate, encode, import, list, person, result, start, store};
use crate::entity::{comparison, resident_list};

/// Serves lists, comparisons and candidates.
pub struct Rpc {
    /// The service.
    pub context: Context,
    /// What runs the comparisons.
    pub comparisons: Comparisons,
}

#[tonic::async_trait]
impl ComparisonService for Rpc {
    async fn import_residents(
        &self,
        request: Request<Streaming<ImportResidentsRequest>>,
    ) -> Result<Response<ImportResult>, Status> {
        let answer = import::run(&self.context, request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn get_resident_list(
        &self,
        request: Request<GetResidentListRequest>,
    ) -> Result<Response<ResidentList>, Status> {
        let answer = self.list(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_resident_lists(
        &self,
        request: Request<ListResidentListsRequest>,
    ) -> Result<Response<ListResidentListsResponse>, Status> {
        let answer = self.lists(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn get_resident(
        &self,
        request: Request<GetResidentRequest>,
    ) -> Result<Response<Resident>, Status> {
        let answer = self.resident(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn run_comparison(
        &self,
        request: Request<RunComparisonRequest>,
    ) -> Result<Response<Comparison>, Status> {
        let answer = start::run(&self.context, request).await;
        self.comparisons.look();
        answer.map(Response::new).map_err(into_status)
    }

    async fn get_comparison(
        &self,
        request: Request<GetComparisonRequest>,
    ) -> Result<Response<Comparison>, Status> {
        let answer = self.comparison(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_comparisons(
        &self,
        request: Request<ListComparisonsRequest>,
    ) -> Result<Response<ListComparisonsResponse>, Status> {
        let answer = self.comparisons(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_comparison_results(
        &self,
        request: Request<ListComparisonResultsRequest>,
    ) -> Result<Response<ListComparisonResultsResponse>, Status> {
        let answer = result::list(&self.context, request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_resident_candidates(
        &self,
        request: Request<ListResidentCandidatesRequest>,
    ) -> Result<Response<ListResidentCandidatesResponse>, Status> {
        let answer = candidate::list(&self.context, request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn decide_resident_candidate(
        &self,
        request: Request<DecideResidentCandidateRequest>,
    ) -> Result<Response<ResidentCandidate>, Status> {
        let answer = candidate::decide(&self.context, request).await;
        answer.map(Response::new).map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn list(
        &self,
        request: Request<GetResidentListRequest>,
    ) -> Result<ResidentList, ComparisonError> {
        let caller = Caller::of(&request)?;
        let name = request.into_inner().name;
        let row = list::get(self.context.store.reader(), &caller, &name).await?;
        Ok(encode::list(&row))
    }

    async fn lists(
        &self,
        request: Request<ListResidentListsRequest>,
    ) -> Result<ListResidentListsResponse, ComparisonError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let parent = Parent::of(&caller, &self.context.regions, "parent", &message.parent)?;
        let (size, token) = (message.page_size, &message.page_token);
        let page = Page::of(&caller.method, size, token, &[&message.parent])?;
        let own = resident_list::Column::Account.eq(&caller.account);
        let only = Condition::all().add_option(is_partner(&caller).then_some(own));
        let database = self.context.store.reader();
        let (rows, next_page_token) = resource::list_only::<resident_list::Entity>(
            database,
            &caller.scope,
            &parent,
            only,
            &page,
        )
        .await?;
        Ok(ListResidentListsResponse {
            resident_lists: rows.iter().map(encode::list).collect(),
            next_page_token,
        })
    }

    async fn resident(
        &self,
        request: Request<GetResidentRequest>,
    ) -> Result<Resident, ComparisonError> {
        let caller = Caller::of(&request)?;
        let name = request.into_inner().name;
        let store = &self.context.store;
        let id = id_of("residents", &name)?;
        let row = store::last_resident(store.reader(), &caller.scope, id).await?;
        let row = row.ok_or_else(|| KernelError::not_found(&name))?;
        let entry = Entry::about(&name, row.place, None, DataClass::Sensitive);
        store.record_read(&caller, entry).await?;
        Ok(person::encode(&store.keys, &row)?)
    }

    async fn comparison(
        &self,
        request: Request<GetComparisonRequest>,
    ) -> Result<Comparison, ComparisonError> {
        let caller = Caller::of(&request)?;
        let name = request.into_inner().name;
        let id = id_of("comparisons", &name)?;
        let database = self.context.store.reader();
        let row = store::comparison(database, id).await?;
        let covers = caller.scope.covers(row.place, None) && is_own(&caller, &row.account);
        if !covers && !self.is_of_above(&caller, &row) {
            return Err(KernelError::not_found(&name).into());
        }
        Ok(shown(&caller, &row)?)
    }

    /// Whether an officer's own region has its part in a comparison of a region above.
    fn is_of_above(&self, caller: &Caller, row: &comparison::Model) -> bool {
        let own = caller.organisation.strip_prefix("regions/");
        let within = |own| self.context.regions.is_within(own, &row.region);
        !is_partner(caller) && own.is_some_and(within)
    }

    async fn comparisons(
        &self,
        request: Request<ListComparisonsRequest>,
    ) -> Result<ListComparisonsResponse, ComparisonError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let regions = &self.context.regions;
        let parent = Parent::of(&caller, regions, "parent", &message.parent)?;
        let (size, token) = (message.page_size, &message.page_token);
        let page = Page::of(&caller.method, size, token, &[&message.parent])?;
        let only = if is_partner(&caller) {
            let own = comparison::Column::Account.eq(&caller.account);
            let below = parent.condition::<comparison::Entity>();
            Condition::all().add(own).add(below)
        } else {
            let above = message.parent.strip_prefix("regions/").unwrap_or_default();
            let above = regions.ancestors(above);
            let above = above.into_iter().map(|region| region.code.clone());
            parent
                .condition::<comparison::Entity>()
                .add(comparison::Column::Region.is_in(above))
        };
        let whole = Scope::everything("a county reads its part of a comparison of its province");
        let database = self.context.store.reader();
        let (rows, next_page_token) =
            resource::list_by_id::<comparison::Entity>(database, &whole, only, &page).await?;
        let comparisons = rows.iter().map(|row| shown(&caller, row));
        Ok(ListComparisonsResponse {
            comparisons: comparisons.collect::<Result<_, _>>()?,
            next_page_token,
        })
    }
}

/// A comparison as far as the caller's post reaches.
fn shown(caller: &Caller, row: &comparison::Model) -> Result<Comparison, KernelError> {
    if is_partner(caller) {
        encode::comparison_for_partner(row)
    } else if caller.scope.covers(row.place, None) {
        encode::comparison(row)
    } else {
        encode::comparison_from_below(row)
    }
}
