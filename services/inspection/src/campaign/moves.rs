//! What steps do to a campaign's reports and items, and what they freeze.

use junheng_directory::DirectorySchool;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::name::id_of;
use junheng_kernel::store::Tx;
use junheng_proto::inspection::v1::ReturnedPart;
use junheng_proto::journal::v1::Record;
use prost::Message as _;
use uuid::Uuid;

use super::error::CampaignError;
use super::store;
use super::workflow::{ISSUE, PUBLISH, RETURN, SUBMIT};
use crate::Inspection;
use crate::entity::campaign::Model;
use crate::entity::snapshot;
use crate::figure::judgement::Judgement;
use crate::{evidence_item, figure, school_report};

/// What a step does besides moving the campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// Opens a report for each school and an item for each of the framework's.
    Open,
    /// Locks what was confirmed and answered.
    Sign,
    /// Gives the parts named back.
    GiveBack,
    /// Freezes verdict and figures.
    Freeze,
    /// Keeps the last snapshot under the step's own name.
    Keep,
}

/// The effects of each step, in their order.
const EFFECTS: &[(&str, &[Effect])] = &[
    (ISSUE, &[Effect::Open]),
    (SUBMIT, &[Effect::Sign, Effect::Freeze]),
    ("ReviewCampaign", &[Effect::Freeze]),
    ("EvaluateCampaign", &[Effect::Freeze]),
    // What is announced is what was open to objections, whatever the program computes by now.
    (PUBLISH, &[Effect::Keep]),
    (RETURN, &[Effect::GiveBack]),
];

/// A step as it is taken.
pub(super) struct Move<'a> {
    /// The service.
    pub(super) inspection: &'a Inspection,
    /// The transaction.
    pub(super) tx: &'a Tx,
    /// The step.
    pub(super) step: &'static str,
    /// The schools of the county that run a compulsory stage, for the notice.
    pub(super) schools: &'a [DirectorySchool],
    /// What is given back.
    pub(super) parts: &'a [ReturnedPart],
    /// The verdict over what is frozen, judged before the transaction; for a step that freezes.
    pub(super) judged: Option<&'a Judgement>,
}

/// Whether the step freezes verdict and figures.
pub(super) fn freezes(step: &str) -> bool {
    let mut of_step = EFFECTS.iter().filter(|(named, _)| *named == step);
    of_step.any(|(_, effects)| effects.contains(&Effect::Freeze))
}

// === impl Move ===

impl Move<'_> {
    /// Does what the step does, and says which records changed along with the campaign.
    pub(super) async fn run(&self, campaign: &mut Model) -> Result<Vec<Record>, CampaignError> {
        let of_step = EFFECTS.iter().find(|(step, _)| *step == self.step);
        let mut records = Vec::new();
        for effect in of_step.map_or(&[][..], |(_, effects)| effects) {
            match effect {
                Effect::Open => records.extend(self.open(campaign).await?),
                Effect::Sign => records.extend(self.sign(campaign).await?),
                Effect::GiveBack => records.extend(self.give_back(campaign).await?),
                Effect::Freeze => self.freeze(campaign).await?,
                Effect::Keep => self.keep(campaign).await?,
            }
        }
        Ok(records)
    }

    async fn open(&self, campaign: &Model) -> Result<Vec<Record>, CampaignError> {
        let framework = self.inspection.catalog.get(&campaign.framework)?;
        let mut records = school_report::store::open(&**self.tx, campaign, self.schools).await?;
        records.extend(evidence_item::store::open(&**self.tx, campaign, &framework.items).await?);
        Ok(records)
    }

    async fn sign(&self, campaign: &Model) -> Result<Vec<Record>, CampaignError> {
        let mut records = school_report::store::sign(&**self.tx, campaign.id).await?;
        records.extend(evidence_item::store::sign(&**self.tx, campaign.id).await?);
        Ok(records)
    }

    /// Gives back what is named; what is not stays signed.
    async fn give_back(&self, campaign: &Model) -> Result<Vec<Record>, CampaignError> {
        let mut records = Vec::new();
        for (index, part) in self.parts.iter().enumerate() {
            let given_back = if part.name.starts_with("schoolReports/") {
                let id = id_of("schoolReports", &part.name)?;
                school_report::store::give_back(&**self.tx, campaign.id, id, &part.reason).await?
            } else {
                let id = id_of("evidenceItems", &part.name)?;
                evidence_item::store::give_back(&**self.tx, campaign.id, id, &part.reason).await?
            };
            records.push(given_back.ok_or_else(|| not_signed(index, &part.name))?);
        }
        Ok(records)
    }

    /// Fails with `WRITE_CONFLICT` when a part changed since the verdict was judged.
    async fn freeze(&self, campaign: &mut Model) -> Result<(), CampaignError> {
        let frozen = figure::store::frozen(&**self.tx, campaign.clone()).await?;
        let judged = self.judged.and_then(|judged| judged.over(&frozen));
        let answer = frozen.answer(judged.ok_or(KernelError::WriteConflict)?);
        campaign.measures_digest = frozen.digest();
        self.keep_snapshot(campaign, answer.encode_to_vec()).await
    }

    async fn keep(&self, campaign: &Model) -> Result<(), CampaignError> {
        let judged = store::last_judged(&**self.tx, campaign.id).await?;
        self.keep_snapshot(campaign, judged.encode_to_vec()).await
    }

    async fn keep_snapshot(&self, campaign: &Model, judged: Vec<u8>) -> Result<(), CampaignError> {
        let snapshot = snapshot::Model {
            id: Uuid::now_v7(),
            campaign: campaign.id,
            place: campaign.place,
            step: self.step.to_owned(),
            measures_digest: campaign.measures_digest.clone(),
            freeze_micros: campaign.update_micros,
            judged,
        };
        Ok(store::insert_snapshot(&**self.tx, snapshot).await?)
    }
}

fn not_signed(index: usize, name: &str) -> KernelError {
    KernelError::Fields(vec![Violation::invalid(
        &format!("parts[{index}].name"),
        format!("{name} is not signed; only what is signed can be given back"),
        format!("{name}不是已签署状态,只能退回已签署的内容"),
    )])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::workflow::WORKFLOW;

    #[test]
    fn every_effect_belongs_to_a_step_of_the_table() {
        for (step, _) in EFFECTS {
            assert!(WORKFLOW.rows.iter().any(|row| row.step == *step), "{step}");
        }
    }
}
