//! The gRPC face of verdicts and figures: decode, call, encode.

use std::fmt;
use std::str::FromStr;

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::name::id_of;
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::scope::Scope;
use junheng_proto::inspection::v1::figure_service_server::FigureService;
use junheng_proto::inspection::v1::{
    EvaluateMeasuresResponse, FigureTrace, GetPublishedVerdictRequest, GetVerdictRequest,
    ListSchoolFiguresRequest, ListSchoolFiguresResponse, SchoolFigure, TraceFigureRequest, Verdict,
};
use tonic::{Request, Response, Status};

use super::error::FigureError;
use super::{store, trace};
use crate::Inspection;
use crate::campaign::store as campaigns;
use crate::campaign::workflow::{is_public, state_of};
use crate::entity::campaign;
use crate::framework::Stage;

/// Serves verdicts and figures.
pub struct Rpc {
    /// The service.
    pub inspection: Inspection,
}

#[tonic::async_trait]
impl FigureService for Rpc {
    async fn get_verdict(
        &self,
        request: Request<GetVerdictRequest>,
    ) -> Result<Response<Verdict>, Status> {
        let answer = self.verdict(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn get_published_verdict(
        &self,
        request: Request<GetPublishedVerdictRequest>,
    ) -> Result<Response<Verdict>, Status> {
        let answer = self.published(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_school_figures(
        &self,
        request: Request<ListSchoolFiguresRequest>,
    ) -> Result<Response<ListSchoolFiguresResponse>, Status> {
        let answer = self.figures(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn trace_figure(
        &self,
        request: Request<TraceFigureRequest>,
    ) -> Result<Response<FigureTrace>, Status> {
        let answer = self.trace(request).await;
        answer.map(Response::new).map_err(into_status)
    }
}

/// The place of a figure in a list: school, stage, position of the indicator in its framework.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct FigureKey(String, i32, usize);

// === impl Rpc ===

impl Rpc {
    async fn campaign(&self, scope: &Scope, name: &str) -> Result<campaign::Model, KernelError> {
        let id = id_of("campaigns", name)?;
        resource::get::<campaign::Entity>(self.inspection.context.store.reader(), scope, id).await
    }

    /// Verdict and figures: from the snapshot once they are public, over what is frozen before.
    async fn answer(
        &self,
        campaign: campaign::Model,
    ) -> Result<EvaluateMeasuresResponse, FigureError> {
        let database = self.inspection.context.store.reader();
        if is_public(state_of(campaign.state)) {
            return Ok(campaigns::last_judged(database, campaign.id).await?);
        }
        let frozen = store::frozen(database, campaign).await?;
        let judgement = self.inspection.judgement(database, &frozen).await?;
        Ok(frozen.answer(judgement.judged()))
    }

    async fn verdict(&self, request: Request<GetVerdictRequest>) -> Result<Verdict, FigureError> {
        let caller = Caller::of(&request)?;
        let name = request.into_inner().campaign;
        let campaign = self.campaign(&caller.scope, &name).await?;
        Ok(self.answer(campaign).await?.verdict.unwrap_or_default())
    }

    async fn published(
        &self,
        request: Request<GetPublishedVerdictRequest>,
    ) -> Result<Verdict, FigureError> {
        Caller::of(&request)?;
        let name = request.into_inner().campaign;
        let everybody = Scope::everything("a published verdict is for everybody");
        let campaign = self.campaign(&everybody, &name).await?;
        if !is_public(state_of(campaign.state)) {
            return Err(KernelError::not_found(name).into());
        }
        Ok(self.answer(campaign).await?.verdict.unwrap_or_default())
    }

    async fn figures(
        &self,
        request: Request<ListSchoolFiguresRequest>,
    ) -> Result<ListSchoolFiguresResponse, FigureError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let fields = [message.campaign.as_str(), &message.school];
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &fields,
        )?;
        let campaign = self.campaign(&caller.scope, &message.campaign).await?;
        let framework = self.inspection.catalog.get(&campaign.framework);
        let framework = framework.map_err(crate::framework::fault::FrameworkFault::from)?;
        let key = |figure: &SchoolFigure| {
            let mut codes = framework.indicators.iter().map(|one| &one.code);
            let position = codes.position(|code| *code == figure.indicator);
            FigureKey(figure.school.clone(), figure.stage, position.unwrap_or(0))
        };
        let after: Option<FigureKey> = page.after()?;
        let mut figures = self.answer(campaign).await?.figures;
        figures.retain(|figure| {
            let wanted = message.school.is_empty() || message.school == figure.school;
            wanted && after.as_ref().is_none_or(|after| key(figure) > *after)
        });
        figures.sort_by_cached_key(key);
        figures.truncate(usize::try_from(page.limit()).unwrap_or(usize::MAX));
        let (figures, next_page_token) = page.cut(figures, |figure| key(figure).to_string());
        Ok(ListSchoolFiguresResponse {
            figures,
            next_page_token,
        })
    }

    async fn trace(
        &self,
        request: Request<TraceFigureRequest>,
    ) -> Result<FigureTrace, FigureError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let stage = Stage::of_contract(message.stage)
            .ok_or_else(|| KernelError::Fields(vec![Violation::required("stage")]))?;
        if message.indicator.is_empty() {
            return Err(KernelError::Fields(vec![Violation::required("indicator")]).into());
        }
        let school = id_of("schools", &message.school)?;
        let campaign = self.campaign(&caller.scope, &message.campaign).await?;
        let database = self.inspection.context.store.reader();
        let published = match is_public(state_of(campaign.state)) {
            true => Some(campaigns::last_judged(database, campaign.id).await?),
            false => None,
        };
        let frozen = store::frozen(database, campaign).await?;
        let name = || format!("{}/figures/{}", message.school, message.indicator);
        let missing = || KernelError::not_found(name());
        let report = frozen.report_of(school).ok_or_else(missing)?;
        let rows = store::measures_of(database, report).await?;
        let judgement = self.inspection.judgement(database, &frozen).await?;
        let found = trace::of(judgement.judged(), report, &rows, stage, &message.indicator);
        let Some(published) = published else {
            return Ok(found.ok_or_else(missing)?);
        };
        let key = format!("schools/{school}");
        let published = published.figures.into_iter().find(|figure| {
            let of_stage = figure.stage == message.stage;
            of_stage && figure.school == key && figure.indicator == message.indicator
        });
        let published = published.ok_or_else(missing)?;
        let trace = trace::as_published(found, published);
        if trace.formula.is_empty() {
            tracing::warn!(figure = name(), "a published figure is no longer computed");
        }
        Ok(trace)
    }
}

// === impl FigureKey ===

impl fmt::Display for FigureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}|{}", self.0, self.1, self.2)
    }
}

impl FromStr for FigureKey {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('|');
        let mut next = || parts.next().unwrap_or_default();
        let school = next().to_owned();
        Ok(Self(school, next().parse()?, next().parse()?))
    }
}
