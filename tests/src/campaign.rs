//! A campaign and the officers who carry it from the notice to the published verdict.

use junheng_proto::inspection::v1::{
    AnswerEvidenceItemRequest, AssessCampaignRequest, Campaign, ConfirmSchoolReportRequest,
    CreateCampaignRequest, EvaluateCampaignRequest, EvidenceItem, Framework, GetCampaignRequest,
    GetFrameworkRequest, IssueCampaignRequest, ListEvidenceItemsRequest, ListSchoolReportsRequest,
    PreviewSchoolReportRequest, PublishCampaignRequest, ReviewCampaignRequest, SchoolReport,
    SubmitCampaignRequest, Verdict, evidence_item, school_report,
};

use crate::county::County;
use crate::officer::Officer;
use crate::refusal::answered;
use crate::request_id;
use crate::world::World;

/// The framework of 2012, 基本均衡.
pub const BASIC: &str = "frameworks/basic-2012";
/// The framework of 2017, 优质均衡.
pub const QUALITY: &str = "frameworks/quality-2017";

/// The officers of one campaign.
#[derive(Clone, Debug)]
pub struct Cast {
    /// Drafts.
    pub province_clerk: Officer,
    /// Issues and evaluates.
    pub province_approver: Officer,
    /// Publishes, for who evaluated may not.
    pub second_province_approver: Officer,
    /// Reviews; nobody in a county without a city.
    pub city_approver: Option<Officer>,
    /// Answers and assesses.
    pub county_clerk: Officer,
    /// Signs.
    pub county_approver: Officer,
}

/// A campaign as it goes along.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// Who acts.
    pub cast: Cast,
    /// As last answered.
    pub campaign: Campaign,
}

// === impl Cast ===

impl Cast {
    /// The officers of a county's campaign.
    pub async fn of(world: &World, county: &County) -> Self {
        let place = &county.place;
        let city_approver = match &place.city {
            Some(city) => Some(world.sign_in("city.approver", city).await),
            None => None,
        };
        Self {
            province_clerk: world.sign_in("province.clerk", &place.province).await,
            province_approver: world.sign_in("province.approver", &place.province).await,
            second_province_approver: world.another("province.approver", &place.province).await,
            city_approver,
            county_clerk: county.clerk.clone(),
            county_approver: world.sign_in("county.approver", &place.county).await,
        }
    }
}

// === impl Inspection ===

impl Inspection {
    /// Drafts a campaign.
    pub async fn draft(world: &World, county: &County, framework: &str) -> Self {
        let cast = Cast::of(world, county).await;
        let request = CreateCampaignRequest {
            parent: county.place.county.clone(),
            campaign: Some(Campaign {
                framework: framework.to_owned(),
                display_name: "2018年督导评估".to_owned(),
                as_of_date: "2018-09-01".to_owned(),
                ..Campaign::default()
            }),
            request_id: request_id(),
        };
        let campaign = answered(
            cast.province_clerk
                .campaigns()
                .create_campaign(request)
                .await,
        );
        Self { cast, campaign }
    }

    /// Drafts and issues.
    pub async fn issued(world: &World, county: &County, framework: &str) -> Self {
        let mut inspection = Self::draft(world, county, framework).await;
        inspection.issue().await;
        inspection
    }

    /// The name, `campaigns/{id}`.
    pub fn name(&self) -> String {
        self.campaign.name.clone()
    }

    /// Reads the campaign again.
    pub async fn reload(&mut self) {
        let request = GetCampaignRequest { name: self.name() };
        self.campaign = answered(
            self.cast
                .province_clerk
                .campaigns()
                .get_campaign(request)
                .await,
        );
    }

    /// 通知.
    pub async fn issue(&mut self) {
        let request = IssueCampaignRequest {
            name: self.name(),
            etag: self.campaign.etag.clone(),
            request_id: request_id(),
            note: "请按时填报".to_owned(),
        };
        self.campaign = answered(
            self.cast
                .province_approver
                .campaigns()
                .issue_campaign(request)
                .await,
        );
    }

    /// The reports of the campaign's schools.
    pub async fn reports(&self) -> Vec<SchoolReport> {
        let request = ListSchoolReportsRequest {
            parent: self.campaign.region.clone(),
            campaign: self.name(),
            page_size: 500,
            page_token: String::new(),
        };
        answered(
            self.cast
                .county_clerk
                .reports()
                .list_school_reports(request)
                .await,
        )
        .school_reports
    }

    /// Every school that has not yet confirms its figures.
    pub async fn confirm_all(&mut self, world: &World) {
        use school_report::State::{Open, Returned};
        for report in self.reports().await {
            if matches!(report.state(), Open | Returned) {
                confirm(world, &report).await;
            }
        }
        self.reload().await;
    }

    /// Closes school reporting.
    pub async fn assess(&mut self) {
        let request = AssessCampaignRequest {
            name: self.name(),
            etag: self.campaign.etag.clone(),
            request_id: request_id(),
            note: String::new(),
        };
        self.campaign = answered(
            self.cast
                .county_clerk
                .campaigns()
                .assess_campaign(request)
                .await,
        );
    }

    /// The items of the campaign.
    pub async fn items(&self) -> Vec<EvidenceItem> {
        let request = ListEvidenceItemsRequest {
            parent: self.campaign.region.clone(),
            campaign: self.name(),
            page_size: 500,
            page_token: String::new(),
        };
        answered(
            self.cast
                .county_clerk
                .items()
                .list_evidence_items(request)
                .await,
        )
        .evidence_items
    }

    /// The framework with its items.
    pub async fn framework(&self) -> Framework {
        let request = GetFrameworkRequest {
            name: self.campaign.framework.clone(),
        };
        answered(
            self.cast
                .county_clerk
                .frameworks()
                .get_framework(request)
                .await,
        )
    }

    /// The county answers every open item, all well.
    pub async fn answer_all(&mut self) {
        use evidence_item::State::{Open, Returned};
        let framework = self.framework().await;
        for item in self.items().await {
            if matches!(item.state(), Open | Returned) {
                answered(
                    self.cast
                        .county_clerk
                        .items()
                        .answer_evidence_item(answer_to(&framework, &item))
                        .await,
                );
            }
        }
        self.reload().await;
    }

    /// 县级自评.
    pub async fn submit(&mut self) {
        let request = SubmitCampaignRequest {
            name: self.name(),
            etag: self.campaign.etag.clone(),
            request_id: request_id(),
            note: "自评完成".to_owned(),
        };
        self.campaign = answered(
            self.cast
                .county_approver
                .campaigns()
                .submit_campaign(request)
                .await,
        );
    }

    /// 市级复核.
    ///
    /// # Panics
    /// In a county without a city.
    pub async fn review(&mut self) {
        let request = ReviewCampaignRequest {
            name: self.name(),
            etag: self.campaign.etag.clone(),
            request_id: request_id(),
            note: "复核通过".to_owned(),
        };
        let approver = self
            .cast
            .city_approver
            .as_ref()
            .expect("the county has a city");
        self.campaign = answered(approver.campaigns().review_campaign(request).await);
    }

    /// 省级评估.
    pub async fn evaluate(&mut self) {
        let request = EvaluateCampaignRequest {
            name: self.name(),
            etag: self.campaign.etag.clone(),
            request_id: request_id(),
            note: "评估通过".to_owned(),
        };
        self.campaign = answered(
            self.cast
                .province_approver
                .campaigns()
                .evaluate_campaign(request)
                .await,
        );
    }

    /// 公布.
    pub async fn publish(&mut self) {
        let request = PublishCampaignRequest {
            name: self.name(),
            etag: self.campaign.etag.clone(),
            request_id: request_id(),
            note: "公示期满".to_owned(),
        };
        self.campaign = answered(
            self.cast
                .second_province_approver
                .campaigns()
                .publish_campaign(request)
                .await,
        );
    }

    /// From issued to signed by the county.
    pub async fn up_to_submitted(&mut self, world: &World) {
        self.confirm_all(world).await;
        self.assess().await;
        self.answer_all().await;
        self.submit().await;
    }

    /// The verdict over what is frozen.
    pub async fn verdict(&self) -> Verdict {
        let request = junheng_proto::inspection::v1::GetVerdictRequest {
            campaign: self.name(),
        };
        answered(self.cast.county_clerk.figures().get_verdict(request).await)
    }
}

/// A school's head checks the figures and confirms them.
pub async fn confirm(world: &World, report: &SchoolReport) -> SchoolReport {
    let head = world.sign_in("school.approver", &report.school).await;
    let request = confirmation(&head, report).await;
    answered(head.reports().confirm_school_report(request).await)
}

/// The request by which a school's head confirms, with the digest of the preview.
pub async fn confirmation(head: &Officer, report: &SchoolReport) -> ConfirmSchoolReportRequest {
    let preview = PreviewSchoolReportRequest {
        name: report.name.clone(),
    };
    let preview = answered(head.reports().preview_school_report(preview).await);
    ConfirmSchoolReportRequest {
        name: report.name.clone(),
        etag: report.etag.clone(),
        request_id: request_id(),
        measures_digest: preview.measures_digest,
        note: "数据无误".to_owned(),
    }
}

/// An answer that just meets an item.
///
/// # Panics
/// When the framework does not define it.
pub fn answer_to(framework: &Framework, item: &EvidenceItem) -> AnswerEvidenceItemRequest {
    let definition = framework.items.iter().find(|one| one.code == item.code);
    let definition = definition.expect("the item stands in its framework");
    let figures: Vec<String> = definition
        .figures
        .iter()
        .map(|figure| just_enough(figure))
        .collect();
    AnswerEvidenceItemRequest {
        name: item.name.clone(),
        etag: item.etag.clone(),
        request_id: request_id(),
        met: true,
        value: figures.join(";"),
        statement: "已按要求落实,佐证材料齐全".to_owned(),
        evidence: vec![format!("sm3:{}", "0".repeat(64))],
    }
}

/// The number that a figure asks for, as in 最大班额不超过45人 or 巩固率不低于95%; nothing where it must stay below one.
fn just_enough(figure: &str) -> String {
    let bound = ["不低于", "不超过"]
        .iter()
        .find_map(|word| figure.split_once(word).map(|(_, bound)| bound));
    let digits: String = bound
        .unwrap_or_default()
        .chars()
        .take_while(|character| character.is_ascii_digit() || *character == '.')
        .collect();
    if digits.is_empty() {
        "0".to_owned()
    } else {
        digits
    }
}
