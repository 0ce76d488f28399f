//! The gRPC face of campaigns: decode, call, encode.

use crate::entity::campaign;
use junheng_kernel::admission::Caller;
use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::name::{Parent, etag, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::post::Level;
use junheng_kernel::region::RegionTable;
use junheng_kernel::resource;
use junheng_kernel::store::RequestKey;
use junheng_proto::inspection::v1::campaign_service_server::CampaignService;
use junheng_proto::inspection::v1::{
    AssessCampaignRequest, Campaign, CreateCampaignRequest, EvaluateCampaignRequest,
    GetCampaignRequest, IssueCampaignRequest, ListCampaignsRequest, ListCampaignsResponse,
    PublishCampaignRequest, ReturnCampaignRequest, ReviewCampaignRequest, SubmitCampaignRequest,
};
use tonic::{Request, Response, Status};

use super::draft;
use super::error::CampaignError;
use super::steps::{self, Step};
use super::store::{self, Counts};
use super::workflow::{skipped_states, state_name};
use crate::Inspection;
use crate::entity::campaign::Model;

/// Serves campaigns.
pub struct Rpc {
    /// The service.
    pub inspection: Inspection,
}

/// Takes the step named after the method: the requests are alike but for the parts that are given back.
macro_rules! step {
    ($self:ident, $request:ident, $step:literal, $parts:expr) => {{
        let taken = async {
            let caller = Caller::of(&$request)?;
            let message = $request.into_inner();
            let key = RequestKey::of(&message.request_id, &message)?;
            let asked = Step {
                step: $step,
                parts: $parts(&message),
                name: message.name,
                etag: message.etag,
                note: message.note,
                key,
            };
            steps::take(&$self.inspection, caller, asked).await
        };
        taken.await.map(Response::new).map_err(into_status)
    }};
    ($self:ident, $request:ident, $step:literal) => {
        step!($self, $request, $step, |_| Vec::new())
    };
}

#[tonic::async_trait]
impl CampaignService for Rpc {
    async fn create_campaign(
        &self,
        request: Request<CreateCampaignRequest>,
    ) -> Result<Response<Campaign>, Status> {
        let answer = draft::create(&self.inspection, request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn get_campaign(
        &self,
        request: Request<GetCampaignRequest>,
    ) -> Result<Response<Campaign>, Status> {
        let answer = self.get(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_campaigns(
        &self,
        request: Request<ListCampaignsRequest>,
    ) -> Result<Response<ListCampaignsResponse>, Status> {
        let answer = self.list(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn issue_campaign(
        &self,
        request: Request<IssueCampaignRequest>,
    ) -> Result<Response<Campaign>, Status> {
        step!(self, request, "IssueCampaign")
    }

    async fn assess_campaign(
        &self,
        request: Request<AssessCampaignRequest>,
    ) -> Result<Response<Campaign>, Status> {
        step!(self, request, "AssessCampaign")
    }

    async fn submit_campaign(
        &self,
        request: Request<SubmitCampaignRequest>,
    ) -> Result<Response<Campaign>, Status> {
        step!(self, request, "SubmitCampaign")
    }

    async fn review_campaign(
        &self,
        request: Request<ReviewCampaignRequest>,
    ) -> Result<Response<Campaign>, Status> {
        step!(self, request, "ReviewCampaign")
    }

    async fn evaluate_campaign(
        &self,
        request: Request<EvaluateCampaignRequest>,
    ) -> Result<Response<Campaign>, Status> {
        step!(self, request, "EvaluateCampaign")
    }

    async fn publish_campaign(
        &self,
        request: Request<PublishCampaignRequest>,
    ) -> Result<Response<Campaign>, Status> {
        step!(self, request, "PublishCampaign")
    }

    async fn return_campaign(
        &self,
        request: Request<ReturnCampaignRequest>,
    ) -> Result<Response<Campaign>, Status> {
        let parts = |message: &ReturnCampaignRequest| message.parts.clone();
        step!(self, request, "ReturnCampaign", parts)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn get(&self, request: Request<GetCampaignRequest>) -> Result<Campaign, CampaignError> {
        let caller = Caller::of(&request)?;
        let id = id_of("campaigns", &request.into_inner().name)?;
        let context = &self.inspection.context;
        let campaign =
            resource::get::<campaign::Entity>(context.store.reader(), &caller.scope, id).await?;
        let counts = store::counts(context.store.reader(), &[id]).await?;
        Ok(encode(&campaign, counts.get(&id), &context.regions))
    }

    async fn list(
        &self,
        request: Request<ListCampaignsRequest>,
    ) -> Result<ListCampaignsResponse, CampaignError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let context = &self.inspection.context;
        let parent = Parent::of(&caller, &context.regions, "parent", &message.parent)?;
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &[&message.parent],
        )?;
        let database = context.store.reader();
        let (rows, next_page_token) =
            resource::list::<campaign::Entity>(database, &caller.scope, &parent, &page).await?;
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let counts = store::counts(database, &ids).await?;
        Ok(ListCampaignsResponse {
            campaigns: rows
                .iter()
                .map(|row| encode(row, counts.get(&row.id), &context.regions))
                .collect(),
            next_page_token,
        })
    }
}

/// The campaign as callers see it.
pub(super) fn encode(campaign: &Model, counts: Option<&Counts>, regions: &RegionTable) -> Campaign {
    let counts = counts.copied().unwrap_or_default();
    let has_level = |level| level != Level::City || regions.city_of(&campaign.region).is_some();
    let skipped = skipped_states(has_level);
    Campaign {
        name: format!("campaigns/{}", campaign.id),
        framework: format!("frameworks/{}", campaign.framework),
        region: format!("regions/{}", campaign.region),
        display_name: campaign.display_name.clone(),
        as_of_date: campaign.as_of_date.clone(),
        state: campaign.state,
        due_date: campaign.due_date.clone(),
        due_date_provisional: campaign.due_provisional,
        publicity_end_date: campaign.publicity_end_date.clone(),
        skipped_states: skipped
            .into_iter()
            .map(|state| state_name(state).to_owned())
            .collect(),
        report_count: counts.reports,
        confirmed_report_count: counts.confirmed,
        item_count: counts.items,
        answered_item_count: counts.answered,
        measures_digest: campaign.measures_digest.clone(),
        update_time: Some(timestamp(campaign.update_micros)),
        etag: etag(campaign.version),
    }
}

/// Missing where a message must hold something.
pub(super) fn required(field: &str) -> KernelError {
    KernelError::Fields(vec![Violation::required(field)])
}
