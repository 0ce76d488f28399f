//! What officers read: verdicts, figures, traces, the history.

use junheng_inspection::entity::snapshot;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::service::Link;
use junheng_proto::inspection::v1::figure_service_client::FigureServiceClient;
use junheng_proto::inspection::v1::framework_service_client::FrameworkServiceClient;
use junheng_proto::inspection::v1::*;
use junheng_proto::journal::v1::journal_service_client::JournalServiceClient;
use junheng_proto::journal::v1::{Entry, ListEntriesRequest};
use prost::Message as _;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, IntoActiveModel as _, QueryFilter as _,
    QueryOrder as _, Set,
};
use tonic::Status;
use uuid::Uuid;

use super::House;

impl House {
    fn figure_client(&self) -> FigureServiceClient<Link> {
        FigureServiceClient::new(self.link.clone())
    }

    pub async fn verdict(&self, campaign: &str) -> Verdict {
        let message = GetVerdictRequest {
            campaign: campaign.into(),
        };
        let request = self.request("county.clerk", "630103", "clerk", message);
        self.figure_client()
            .get_verdict(request)
            .await
            .unwrap()
            .into_inner()
    }

    /// The public verdict, as an officer of another province's school reads it.
    pub async fn published(&self, campaign: &str) -> Result<Verdict, Status> {
        let message = GetPublishedVerdictRequest {
            campaign: campaign.into(),
        };
        let request = self.request("county.audit", "429004", "elsewhere", message);
        let answer = self.figure_client().get_published_verdict(request).await?;
        Ok(answer.into_inner())
    }

    /// Every figure, read in pages of `page_size`.
    pub async fn figures(&self, campaign: &str, page_size: i32) -> Vec<SchoolFigure> {
        let mut figures = Vec::new();
        let mut page_token = String::new();
        loop {
            let message = ListSchoolFiguresRequest {
                campaign: campaign.into(),
                page_size,
                page_token,
                ..Default::default()
            };
            let request = self.request("city.inspector", "630100", "inspector", message);
            let page = self
                .figure_client()
                .list_school_figures(request)
                .await
                .unwrap();
            let page = page.into_inner();
            figures.extend(page.figures);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return figures;
            }
        }
    }

    pub async fn trace(&self, campaign: &str, figure: &SchoolFigure) -> FigureTrace {
        let message = TraceFigureRequest {
            campaign: campaign.into(),
            school: figure.school.clone(),
            stage: figure.stage,
            indicator: figure.indicator.clone(),
        };
        let request = self.request("city.inspector", "630100", "inspector", message);
        self.figure_client()
            .trace_figure(request)
            .await
            .unwrap()
            .into_inner()
    }

    /// Judges measures that nobody froze.
    pub async fn evaluate(
        &self,
        region: &str,
        schools: Vec<SchoolMeasures>,
    ) -> Result<EvaluateMeasuresResponse, Status> {
        let message = EvaluateMeasuresRequest {
            framework: "frameworks/basic-2012".into(),
            region: region.into(),
            as_of_date: "2018-09-01".into(),
            schools,
        };
        let request = self.request("county.clerk", "630103", "clerk", message);
        let mut client = FrameworkServiceClient::new(self.link.clone());
        Ok(client.evaluate_measures(request).await?.into_inner())
    }

    /// Makes every figure of the last snapshot another than the program computes.
    pub async fn republish(&self, campaign: &str, value: &str) {
        let id = Uuid::parse_str(&campaign["campaigns/".len()..]).unwrap();
        let all = Scope::everything("a test writes what an older program may have computed");
        let newest = snapshot::Entity::visible_to(&all)
            .filter(snapshot::Column::Campaign.eq(id))
            .order_by_desc(snapshot::Column::Id)
            .one(&self.database)
            .await
            .unwrap()
            .unwrap();
        let mut judged = EvaluateMeasuresResponse::decode(newest.judged.as_slice()).unwrap();
        for figure in &mut judged.figures {
            figure.value = value.into();
        }
        let mut newest = newest.into_active_model();
        newest.judged = Set(judged.encode_to_vec());
        newest.update(&self.database).await.unwrap();
    }

    pub async fn history(&self, subject: &str, county: &str) -> Vec<Entry> {
        let message = ListEntriesRequest {
            service: "inspection".into(),
            parent: format!("regions/{county}"),
            subject: subject.into(),
            ..Default::default()
        };
        let request = self.request("county.audit", county, "auditor", message);
        let mut client = JournalServiceClient::new(self.link.clone());
        client
            .list_entries(request)
            .await
            .unwrap()
            .into_inner()
            .entries
    }
}
