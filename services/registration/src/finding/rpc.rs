//! The gRPC face of finding: decode, call, encode.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::journal::Entry;
use junheng_kernel::name::{Parent, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::finding_round::Trigger;
use junheng_proto::registration::v1::finding_service_server::FindingService;
use junheng_proto::registration::v1::{
    FindingRound, ListFindingRoundsRequest, ListFindingRoundsResponse, RunFindingRequest,
};
use sea_orm::{EntityTrait as _, IntoActiveModel as _};
use tonic::{Request, Response, Status};

use super::error::FindingError;
use super::{round, store};
use crate::entity::finding_round::Entity;

/// Serves finding.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl FindingService for Rpc {
    async fn run_finding(
        &self,
        request: Request<RunFindingRequest>,
    ) -> Result<Response<FindingRound>, Status> {
        let answer = self.run(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_finding_rounds(
        &self,
        request: Request<ListFindingRoundsRequest>,
    ) -> Result<Response<ListFindingRoundsResponse>, Status> {
        let answer = self.list(request).await;
        answer.map(Response::new).map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn run(&self, request: Request<RunFindingRequest>) -> Result<FindingRound, FindingError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let regions = &self.context.regions;
        let key = RequestKey::of(&message.request_id, &message)?;
        let parent = Parent::of(&caller, regions, "parent", &message.parent)?;
        let code = match &parent {
            Parent::Region { code, .. } => regions.get(code).filter(|one| one.acts_as_county()),
            Parent::School(_) => None,
        };
        let Some(county) = code else {
            return Err(KernelError::Fields(vec![Violation::invalid(
                "parent",
                "must be a county, regions/{code}",
                "应为县级区划 regions/{区划代码}",
            )])
            .into());
        };
        let (context, region) = (self.context.clone(), county.code.clone());
        // The request begins the round, or takes up one that was left; the same request again finds it.
        let begun: FindingRound = self
            .context
            .store
            .write(&caller, key, move |tx| async move {
                let begun = match store::running(&*tx, &region).await? {
                    Some(running) if round::is_driven(&context, &running) => {
                        let name = round::name_of(&running);
                        return Err(FindingError::Runs { name });
                    }
                    Some(left) => left,
                    None => {
                        let begun = round::begin(&context, &region, Trigger::Demand)?;
                        // Of two that begin at once the second is told to try again.
                        Entity::insert(begun.clone().into_active_model())
                            .exec_without_returning(&*tx)
                            .await?;
                        begun
                    }
                };
                let answer = round::encode(&begun);
                let entry = Entry::about(&answer.name, begun.place, None, DataClass::Internal)
                    .change(None, &answer);
                Ok((answer, entry))
            })
            .await?;
        let id = id_of("findingRounds", &begun.name)?;
        let done = round::drive(&self.context, id).await?;
        Ok(round::encode(&done))
    }

    async fn list(
        &self,
        request: Request<ListFindingRoundsRequest>,
    ) -> Result<ListFindingRoundsResponse, FindingError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let parent = Parent::of(&caller, &self.context.regions, "parent", &message.parent)?;
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &[&message.parent],
        )?;
        let (rounds, next_page_token) =
            resource::list::<Entity>(self.context.store.reader(), &caller.scope, &parent, &page)
                .await?;
        Ok(ListFindingRoundsResponse {
            finding_rounds: rounds.iter().map(round::encode).collect(),
            next_page_token,
        })
    }
}
