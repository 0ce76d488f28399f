//! One campaign as its officers handle it: every step as the person whose turn it is.

use chrono::NaiveDate;
use junheng_kernel::label;
use junheng_proto::inspection::v1::campaign_service_client::CampaignServiceClient;
use junheng_proto::inspection::v1::{
    AssessCampaignRequest, Campaign, CreateCampaignRequest, EvaluateCampaignRequest,
    GetCampaignRequest, IssueCampaignRequest, PublishCampaignRequest, ReturnCampaignRequest,
    ReturnedPart, ReviewCampaignRequest, SubmitCampaignRequest,
};

use super::cast::COUNTY;
use super::story::{Story, new_id};
use super::tell;
use crate::client::{Authorized, Refusal};

/// A campaign of the story.
#[derive(Clone)]
pub struct Inspection<'s> {
    /// The story.
    pub story: &'s Story,
    /// `campaigns/{id}`.
    pub name: String,
    /// `frameworks/{framework}`.
    pub framework: &'static str,
}

/// A method for each step: reads the campaign, takes the step with its etag.
macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident: $call:ident($request:ident);)*) => {
        impl Inspection<'_> {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// The gateway's refusal.
                pub async fn $name(&self, who: &str, note: &str) -> anyhow::Result<Campaign> {
                    let etag = self.get(who).await?.etag;
                    let request = $request {
                        name: self.name.clone(),
                        etag,
                        request_id: new_id(),
                        note: note.to_owned(),
                        ..Default::default()
                    };
                    let answer = self.client(who).await?.$call(request).await;
                    Ok(answer.map_err(Refusal::from)?.into_inner())
                }
            )*
        }
    };
}

#[allow(
    clippy::needless_update,
    reason = "one of the requests has a further field"
)]
mod taken {
    use super::*;

    steps! {
        /// 下发评估通知书.
        issue: issue_campaign(IssueCampaignRequest);
        /// 结束学校填报.
        assess: assess_campaign(AssessCampaignRequest);
        /// 县级自评上报.
        submit: submit_campaign(SubmitCampaignRequest);
        /// 市级复核通过.
        review: review_campaign(ReviewCampaignRequest);
        /// 省级评估通过.
        evaluate: evaluate_campaign(EvaluateCampaignRequest);
        /// 公布.
        publish: publish_campaign(PublishCampaignRequest);
    }
}

// === impl Inspection ===

impl<'s> Inspection<'s> {
    /// Drafts a campaign for the county.
    ///
    /// # Errors
    /// The gateway's refusal.
    pub async fn create(
        story: &'s Story,
        who: &str,
        framework: &'static str,
        title: &str,
    ) -> anyhow::Result<Self> {
        let request = draft(story, framework, title);
        let mut client = CampaignServiceClient::new(story.session(who).await?.channel());
        let campaign = client
            .create_campaign(request)
            .await
            .map_err(Refusal::from)?
            .into_inner();
        Ok(Self {
            story,
            name: campaign.name,
            framework,
        })
    }

    /// The campaign as `who` reads it.
    ///
    /// # Errors
    /// The gateway's refusal.
    pub async fn get(&self, who: &str) -> anyhow::Result<Campaign> {
        let request = GetCampaignRequest {
            name: self.name.clone(),
        };
        let answer = self.client(who).await?.get_campaign(request).await;
        Ok(answer.map_err(Refusal::from)?.into_inner())
    }

    /// Gives single parts back with a reason each.
    ///
    /// # Errors
    /// The gateway's refusal.
    pub async fn give_back(&self, who: &str, parts: Vec<ReturnedPart>) -> anyhow::Result<Campaign> {
        let request = ReturnCampaignRequest {
            name: self.name.clone(),
            etag: self.get(who).await?.etag,
            request_id: new_id(),
            note: "请就所列各项整改后重新上报".to_owned(),
            parts,
        };
        let answer = self.client(who).await?.return_campaign(request).await;
        Ok(answer.map_err(Refusal::from)?.into_inner())
    }

    async fn client(&self, who: &str) -> anyhow::Result<CampaignServiceClient<Authorized>> {
        Ok(CampaignServiceClient::new(
            self.story.session(who).await?.channel(),
        ))
    }
}

/// The request that drafts a campaign for the county, judged by the thresholds of today.
pub fn draft(story: &Story, framework: &str, title: &str) -> CreateCampaignRequest {
    CreateCampaignRequest {
        parent: COUNTY.to_owned(),
        campaign: Some(Campaign {
            framework: framework.to_owned(),
            display_name: title.to_owned(),
            as_of_date: story.clock().today().to_string(),
            ..Campaign::default()
        }),
        request_id: new_id(),
    }
}

/// Says where a campaign has come to.
pub fn tell_state(what: &str, campaign: &Campaign) {
    let state = label::by_number("junheng.inspection.v1.Campaign.State", campaign.state);
    let due = match campaign.due_date.as_str() {
        "" => String::new(),
        date => format!(", 办理时限 due {date}"),
    };
    tell::done(&format!("{what} → {state}{due}"));
}

/// A day as messages write it; the epoch for one that is none.
pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_default()
}
