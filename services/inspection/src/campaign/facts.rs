//! Reads the facts that guards judge by.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_proto::inspection::v1::{evidence_item::State as ItemState, school_report};
use sea_orm::ConnectionTrait;

use super::rules::{Facts, ItemFact, ReportFact};
use crate::entity::campaign::Model;
use crate::{evidence_item, school_report as reports};

/// The facts about a campaign on `today`; `schools` are those of the county that run a compulsory stage.
pub(super) async fn load(
    database: &impl ConnectionTrait,
    campaign: &Model,
    schools: usize,
    today: NaiveDate,
) -> Result<Facts, KernelError> {
    let found = reports::store::of_campaign(database, campaign.id).await?;
    let items = evidence_item::store::of_campaign(database, campaign.id).await?;
    Ok(Facts {
        schools,
        reports: found
            .into_iter()
            .map(|report| ReportFact {
                school: report.school_display_name,
                state: school_report::State::try_from(report.state).unwrap_or_default(),
            })
            .collect(),
        items: items
            .into_iter()
            .map(|item| ItemFact {
                code: item.code,
                state: ItemState::try_from(item.state).unwrap_or_default(),
                veto: item.veto,
                met: item.met,
            })
            .collect(),
        today,
        publicity_end: campaign.publicity_end_date.parse().ok(),
    })
}
