//! The gRPC face of items: decode, call, encode.

use crate::entity::evidence_item;
use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use junheng_kernel::label;
use junheng_kernel::name::{Parent, check_etag, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::store::RequestKey;
use junheng_kernel::workflow::{Row, WorkflowError};
use junheng_proto::inspection::v1::campaign::State as CampaignState;
use junheng_proto::inspection::v1::evidence_item_service_server::EvidenceItemService;
use junheng_proto::inspection::v1::{
    AnswerEvidenceItemRequest, EvidenceItem, GetEvidenceItemRequest, ListEvidenceItemsRequest,
    ListEvidenceItemsResponse,
};
use tonic::{Request, Response, Status};

use super::encode::{about, encode};
use super::error::ItemError;
use super::rules::{self, Answer};
use super::store;
use super::workflow::{ANSWER, Guard, State, WORKFLOW, state_name, state_of};
use crate::Inspection;
use crate::campaign::store as campaigns;
use crate::campaign::workflow::{is_with_county, state_of as campaign_state_of};
use crate::entity::{campaign, evidence_item::Model};
use crate::framework::request::date;

/// Serves items.
pub struct Rpc {
    /// The service.
    pub inspection: Inspection,
}

#[tonic::async_trait]
impl EvidenceItemService for Rpc {
    async fn get_evidence_item(
        &self,
        request: Request<GetEvidenceItemRequest>,
    ) -> Result<Response<EvidenceItem>, Status> {
        let answer = self.get(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_evidence_items(
        &self,
        request: Request<ListEvidenceItemsRequest>,
    ) -> Result<Response<ListEvidenceItemsResponse>, Status> {
        let answer = self.list(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn answer_evidence_item(
        &self,
        request: Request<AnswerEvidenceItemRequest>,
    ) -> Result<Response<EvidenceItem>, Status> {
        let answer = self.answer(request).await;
        answer.map(Response::new).map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn get(
        &self,
        request: Request<GetEvidenceItemRequest>,
    ) -> Result<EvidenceItem, ItemError> {
        let caller = Caller::of(&request)?;
        let id = id_of("evidenceItems", &request.into_inner().name)?;
        let database = self.inspection.context.store.reader();
        Ok(encode(
            &resource::get::<evidence_item::Entity>(database, &caller.scope, id).await?,
        ))
    }

    async fn list(
        &self,
        request: Request<ListEvidenceItemsRequest>,
    ) -> Result<ListEvidenceItemsResponse, ItemError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let context = &self.inspection.context;
        let parent = Parent::of(&caller, &context.regions, "parent", &message.parent)?;
        let campaign = match message.campaign.as_str() {
            "" => None,
            name => Some(id_of("campaigns", name)?),
        };
        let fields = [message.parent.as_str(), &message.campaign];
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &fields,
        )?;
        let database = context.store.reader();
        let (rows, next_page_token) = resource::list_only::<evidence_item::Entity>(
            database,
            &caller.scope,
            &parent,
            store::in_campaign(campaign),
            &page,
        )
        .await?;
        Ok(ListEvidenceItemsResponse {
            evidence_items: rows.iter().map(encode).collect(),
            next_page_token,
        })
    }

    async fn answer(
        &self,
        request: Request<AnswerEvidenceItemRequest>,
    ) -> Result<EvidenceItem, ItemError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        let id = id_of("evidenceItems", &message.name)?;
        let answer = Answer {
            met: message.met,
            value: message.value,
            statement: message.statement.trim().to_owned(),
            evidence: message.evidence,
        };
        let (name, etag) = (message.name, message.etag);
        let inspection = self.inspection.clone();
        let store = inspection.context.store.clone();
        store
            .write(&caller.clone(), key, move |tx| async move {
                let current =
                    resource::get::<evidence_item::Entity>(&*tx, &caller.scope, id).await?;
                check_etag(&name, &etag, current.version)?;
                let from = state_of(current.state);
                if from == State::Signed {
                    return Err(ItemError::Locked { name });
                }
                let (row, moved) = WORKFLOW.next(&name, from, ANSWER, caller.role, |_| true)?;
                let campaign = campaigns::get_for_part(&*tx, current.campaign).await?;
                pass_guards(&name, row, campaign_state_of(campaign.state))?;
                check(&inspection, &campaign, &current, &answer)?;
                let changed = Model {
                    met: answer.met,
                    value: answer.value.trim().to_owned(),
                    statement: answer.statement,
                    evidence: answer.evidence.join("\n"),
                    ..store::moved(&current, moved.to, "")
                };
                store::update(&*tx, &changed, current.version).await?;
                let reply = encode(&changed);
                let entry = about(&changed)
                    .change(Some(&encode(&current)), &reply)
                    .step(ANSWER, state_name(from), state_name(moved.to))
                    .evidence(&reply.evidence);
                Ok((reply, entry))
            })
            .await
    }
}

fn check(
    inspection: &Inspection,
    campaign: &campaign::Model,
    item: &Model,
    answer: &Answer,
) -> Result<(), ItemError> {
    let framework = inspection.catalog.get(&campaign.framework)?;
    let path = inspection.path_of(&campaign.region);
    let profile = framework.profile(&path, date("as_of_date", &campaign.as_of_date)?)?;
    let definition = framework.items.iter().find(|one| one.code == item.code);
    // An item that a later version of the framework no longer has keeps its answer free.
    let wrong = definition.map_or(Vec::new(), |one| rules::check(one, profile, answer));
    Ok(KernelError::unless_empty(wrong)?)
}

fn pass_guards(
    name: &str,
    row: &Row<State, Guard>,
    campaign: CampaignState,
) -> Result<(), WorkflowError> {
    let unmet = row.guards.iter().find(|guard| match guard {
        Guard::CampaignWithCounty => !is_with_county(campaign),
    });
    if unmet.is_none() {
        return Ok(());
    }
    let state = label::of(campaign);
    Err(WorkflowError::NotReady {
        name: name.to_owned(),
        step: row.label,
        method: row.step.to_owned(),
        missing: format!("the campaign is not with the county but in {state}"),
        missing_zh: format!("督导任务处于{state}环节,不在县级办理"),
    })
}
