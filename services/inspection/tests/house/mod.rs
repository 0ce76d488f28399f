//! One inspection service with its database, sources that answer what a test sets, and officers who call it.

mod readers;
pub mod sources;

use std::sync::Arc;
use std::sync::Mutex;

use junheng_inspection::{Migrator, Settings, Sources, service};
use junheng_kernel::admission::*;
use junheng_kernel::calendar::Calendar;
use junheng_kernel::clock::Clock;
use junheng_kernel::journal::run_migrations;
use junheng_kernel::privacy::Keyring;
use junheng_kernel::region::RegionTable;
use junheng_kernel::service::{Context, Link};
use junheng_kernel::store::{Store, connect};
use junheng_proto::evidence::v1::measure_service_server::MeasureServiceServer;
use junheng_proto::inspection::v1::campaign_service_client::CampaignServiceClient;
use junheng_proto::inspection::v1::evidence_item_service_client::EvidenceItemServiceClient;
use junheng_proto::inspection::v1::school_report_service_client::SchoolReportServiceClient;
use junheng_proto::inspection::v1::*;
use sea_orm::ConnectionTrait as _;
use sources::FakeSources;
use tonic::{Request, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

pub struct House {
    pub context: Context,
    pub sources: FakeSources,
    link: Link,
    database: sea_orm::DatabaseConnection,
    county: Mutex<String>,
    _folder: tempfile::TempDir,
}

/// The reason of a refusal.
pub fn reason(status: &Status) -> String {
    let info = status.get_details_error_info();
    info.map_or_else(|| format!("{status:?}"), |info| info.reason)
}

/// A value that meets any item of 2012.
pub fn met(item: &EvidenceItem) -> &'static str {
    if ["W3", "satisfaction"].contains(&item.code.as_str()) {
        "90.5"
    } else {
        ""
    }
}

fn request_id_of(preview: &SchoolReport) -> String {
    let seen = format!(
        "{}{}{}",
        preview.name, preview.etag, preview.measures_digest
    );
    let digest = junheng_kernel::digest::sm3(seen.as_bytes());
    Uuid::from_slice(&digest[..16]).unwrap().to_string()
}

impl House {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("inspection.db").display());
        let (_, database) = connect(&url).await.unwrap();
        run_migrations::<Migrator>(&database).await.unwrap();
        let clock = Clock::default();
        let keys = Arc::new(Keyring::generate().unwrap());
        let signing = SigningKey::generate().unwrap();
        let mut trusted = TrustedKeys::from_config("").unwrap();
        trusted.trust("gateway", signing.public());
        let context = Context {
            name: "inspection",
            store: Store::open(&url, keys, clock.clone()).await.unwrap(),
            regions: Arc::new(RegionTable::builtin()),
            calendar: Arc::new(Calendar::builtin()),
            clock,
            access: Arc::new(AccessTable::of_contract()),
            trusted: Arc::new(trusted),
            signing,
            tasks: Default::default(),
            stop: Default::default(),
        };
        let sources = FakeSources::default();
        let source = |name| {
            let served = MeasureServiceServer::new(sources.serving(name));
            context.guard(tonic::service::Routes::new(served))
        };
        let given = Sources {
            registration: source("registration"),
            staffing: source("staffing"),
            assets: source("assets"),
            settings: Settings {
                publicity_working_days: 5,
            },
        };
        Self {
            link: service(&context, given),
            sources,
            context,
            database,
            county: Mutex::default(),
            _folder: folder,
        }
    }

    /// Puts schools of these kinds into the directory; gives their names.
    pub async fn schools(&self, county: &str, kinds: &[i32]) -> Vec<String> {
        *self.county.lock().unwrap() = county.to_owned();
        let mut names = Vec::new();
        for (index, kind) in kinds.iter().enumerate() {
            let id = Uuid::now_v7();
            let stages = if *kind == 312 { "1,2" } else { "1" };
            let place: i64 = format!("{county}000000").parse().unwrap();
            let row = format!(
                "INSERT INTO directory_schools (id, school_code, display_name, kind, urban_rural, \
                 sponsor, stages, region, place, state, closing) VALUES (x'{}', '21{index:08}', '第{index}学校', \
                 {kind}, 111, 7, '{stages}', '{county}', {place}, 2, 0)",
                id.simple()
            );
            self.database.execute_unprepared(&row).await.unwrap();
            names.push(format!("schools/{id}"));
        }
        names
    }

    fn request<T>(&self, role: &str, organisation: &str, account: &str, message: T) -> Request<T> {
        let now = self.context.clock.now_micros() / 1_000_000;
        let organisation = match organisation.len() {
            2 => format!("regions/{organisation}0000"),
            6 => format!("regions/{organisation}"),
            _ => organisation.to_owned(),
        };
        let claims = Claims {
            iss: "gateway".into(),
            aud: SERVICE_AUDIENCE.into(),
            sub: format!("accounts/{account}"),
            jti: Uuid::now_v7().to_string(),
            iat: now,
            nbf: now,
            exp: now + 300,
            role: role.into(),
            organisation,
            name: account.into(),
            department: 0,
        };
        let identity = sign(&self.context.signing, &claims).unwrap();
        self.context.request(&identity, message)
    }

    fn own_county(&self) -> String {
        self.county.lock().unwrap().clone()
    }

    pub async fn draft(&self, county: &str) -> Result<Campaign, Status> {
        let province = &county["regions/".len()..][..2];
        let message = CreateCampaignRequest {
            parent: county.into(),
            campaign: Some(Campaign {
                framework: "frameworks/basic-2012".into(),
                display_name: "2018年督导评估".into(),
                as_of_date: "2018-09-01".into(),
                ..Default::default()
            }),
            request_id: Uuid::now_v7().to_string(),
        };
        let account = format!("clerk{province}");
        let request = self.request("province.clerk", province, &account, message);
        let mut client = CampaignServiceClient::new(self.link.clone());
        Ok(client.create_campaign(request).await?.into_inner())
    }

    pub async fn step(
        &self,
        role: &str,
        organisation: &str,
        account: &str,
        campaign: &Campaign,
        step: &str,
    ) -> Result<Campaign, Status> {
        macro_rules! take {
            ($method:ident, $message:ident) => {{
                let message = $message {
                    name: campaign.name.clone(),
                    etag: campaign.etag.clone(),
                    request_id: Uuid::now_v7().to_string(),
                    ..Default::default()
                };
                let request = self.request(role, organisation, account, message);
                CampaignServiceClient::new(self.link.clone())
                    .$method(request)
                    .await
            }};
        }
        let answer = match step {
            "issue" => take!(issue_campaign, IssueCampaignRequest),
            "assess" => take!(assess_campaign, AssessCampaignRequest),
            "submit" => take!(submit_campaign, SubmitCampaignRequest),
            "review" => take!(review_campaign, ReviewCampaignRequest),
            "evaluate" => take!(evaluate_campaign, EvaluateCampaignRequest),
            "publish" => take!(publish_campaign, PublishCampaignRequest),
            other => panic!("{other}"),
        };
        answer.map(tonic::Response::into_inner)
    }

    pub async fn province(
        &self,
        campaign: &Campaign,
        step: &str,
        who: &str,
    ) -> Result<Campaign, Status> {
        self.step("province.approver", "63", who, campaign, step)
            .await
    }

    pub async fn city(&self, campaign: &Campaign, step: &str) -> Result<Campaign, Status> {
        self.step("city.approver", "630100", "city", campaign, step)
            .await
    }

    pub async fn county(&self, campaign: &Campaign, step: &str) -> Result<Campaign, Status> {
        self.step("county.approver", "630103", "county", campaign, step)
            .await
    }

    pub async fn county_clerk(&self, campaign: &Campaign, step: &str) -> Result<Campaign, Status> {
        self.step("county.clerk", "630103", "clerk630103", campaign, step)
            .await
    }

    /// The day so many working days from today.
    pub fn working_days_on(&self, days: u32) -> String {
        let today = self.context.clock.today();
        let due = self.context.calendar.add_working_days(today, days);
        due.date.to_string()
    }

    /// Gives parts back as the city.
    pub async fn give_back(&self, campaign: &Campaign, parts: &[&str]) -> Result<Campaign, Status> {
        let city = ("city.approver", "630100");
        self.give_back_as(city, campaign, parts, "请核实").await
    }

    /// Gives parts back as the approver of an organisation.
    pub async fn give_back_as(
        &self,
        (role, organisation): (&str, &str),
        campaign: &Campaign,
        parts: &[&str],
        reason: &str,
    ) -> Result<Campaign, Status> {
        let part = |name: &&str| ReturnedPart {
            name: (*name).to_owned(),
            reason: reason.into(),
        };
        let message = ReturnCampaignRequest {
            name: campaign.name.clone(),
            etag: campaign.etag.clone(),
            request_id: Uuid::now_v7().to_string(),
            note: String::new(),
            parts: parts.iter().map(part).collect(),
        };
        let request = self.request(role, organisation, "returner", message);
        let mut client = CampaignServiceClient::new(self.link.clone());
        Ok(client.return_campaign(request).await?.into_inner())
    }

    fn reports(&self) -> SchoolReportServiceClient<Link> {
        SchoolReportServiceClient::new(self.link.clone())
    }

    /// The newest report of a school, as its head sees it.
    pub async fn report(&self, school: &str) -> SchoolReport {
        let message = ListSchoolReportsRequest {
            parent: school.into(),
            ..Default::default()
        };
        let request = self.request("school.approver", school, "head", message);
        let listed = self.reports().list_school_reports(request).await.unwrap();
        listed.into_inner().school_reports.pop().unwrap()
    }

    pub async fn preview(&self, school: &str) -> Result<SchoolReport, Status> {
        let name = self.report(school).await.name;
        let message = PreviewSchoolReportRequest { name };
        let request = self.request("school.approver", school, "head", message);
        Ok(self
            .reports()
            .preview_school_report(request)
            .await?
            .into_inner())
    }

    pub async fn confirm_seen(&self, preview: &SchoolReport) -> Result<SchoolReport, Status> {
        let message = ConfirmSchoolReportRequest {
            name: preview.name.clone(),
            etag: preview.etag.clone(),
            // One for each preview, so that the same confirmation again is the same request.
            request_id: request_id_of(preview),
            measures_digest: preview.measures_digest.clone(),
            note: String::new(),
        };
        let request = self.request("school.approver", &preview.school, "head", message);
        Ok(self
            .reports()
            .confirm_school_report(request)
            .await?
            .into_inner())
    }

    pub async fn confirm(&self, school: &str) -> Result<SchoolReport, Status> {
        let preview = self.preview(school).await?;
        self.confirm_seen(&preview).await
    }

    /// The county gives a confirmed report back to its school.
    pub async fn return_report(
        &self,
        report: &SchoolReport,
        reason: &str,
    ) -> Result<SchoolReport, Status> {
        let message = ReturnSchoolReportRequest {
            name: report.name.clone(),
            etag: report.etag.clone(),
            request_id: Uuid::now_v7().to_string(),
            reason: reason.into(),
        };
        let request = self.request("county.clerk", &self.own_county(), "clerk", message);
        let mut client = self.reports();
        Ok(client.return_school_report(request).await?.into_inner())
    }

    pub async fn items(&self) -> Vec<EvidenceItem> {
        let county = self.own_county();
        let message = ListEvidenceItemsRequest {
            parent: format!("regions/{county}"),
            page_size: 500,
            ..Default::default()
        };
        let request = self.request("county.clerk", &county, "clerk", message);
        let mut client = EvidenceItemServiceClient::new(self.link.clone());
        let listed = client.list_evidence_items(request).await.unwrap();
        listed.into_inner().evidence_items
    }

    pub async fn answer(&self, item: &EvidenceItem, value: &str) -> Result<EvidenceItem, Status> {
        let message = AnswerEvidenceItemRequest {
            name: item.name.clone(),
            etag: item.etag.clone(),
            request_id: Uuid::now_v7().to_string(),
            met: true,
            value: value.into(),
            statement: "已落实".into(),
            evidence: Vec::new(),
        };
        let request = self.request("county.clerk", &self.own_county(), "clerk", message);
        let mut client = EvidenceItemServiceClient::new(self.link.clone());
        Ok(client.answer_evidence_item(request).await?.into_inner())
    }
}
