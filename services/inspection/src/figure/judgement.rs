//! The verdict over what is frozen, judged once for all who read it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::ConnectionTrait;

use super::county::Judged;
use super::frozen::{Basis, Frozen};
use super::store;
use crate::Inspection;
use crate::framework::fault::FrameworkFault;

/// How many are remembered: the pages of the counties that are read at the moment.
const KEPT: usize = 8;

/// A verdict with what it rests on.
#[derive(Clone, Debug)]
pub struct Judgement {
    basis: Basis,
    judged: Judged,
}

/// The judgements of one process. What a verdict rests on never changes, so that none of them grows stale.
#[derive(Clone, Default)]
pub struct Judgements(Arc<Mutex<VecDeque<Arc<Judgement>>>>);

// === impl Judgement ===

impl Judgement {
    /// The verdict, if it is the one over what is frozen here; `None` when something was frozen or given back since.
    pub fn over(&self, frozen: &Frozen) -> Option<&Judged> {
        (self.basis == frozen.basis()).then_some(&self.judged)
    }

    /// The verdict.
    pub fn judged(&self) -> &Judged {
        &self.judged
    }
}

// === impl Judgements ===

impl Judgements {
    fn find(&self, basis: &Basis) -> Option<Arc<Judgement>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|one| one.basis == *basis).cloned()
    }

    fn keep(&self, judgement: &Arc<Judgement>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Of a campaign only the newest is read.
        kept.retain(|one| one.basis.campaign != judgement.basis.campaign);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(judgement.clone());
    }
}

// === impl Inspection ===

impl Inspection {
    /// The verdict over what is frozen, judged unless it was judged lately.
    pub async fn judgement(
        &self,
        database: &impl ConnectionTrait,
        frozen: &Frozen,
    ) -> Result<Arc<Judgement>, FrameworkFault> {
        let basis = frozen.basis();
        if let Some(found) = self.judgements.find(&basis) {
            return Ok(found);
        }
        let measures = store::measures(database, frozen).await?;
        let mut judged = self
            .judge(frozen.county()?, frozen.schools(&measures))
            .await?;
        (judged.names, judged.unconfirmed) = frozen.names();
        let judgement = Arc::new(Judgement { basis, judged });
        self.judgements.keep(&judgement);
        Ok(judgement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity;
    use crate::figure::county::County;
    use crate::framework::{Catalog, assess};
    use chrono::NaiveDate;
    use junheng_kernel::rule_book::RegionPath;
    use junheng_proto::inspection::v1::school_report::State;
    use std::collections::HashMap;
    use uuid::Uuid;

    fn judgement(campaign: u128, set: i32) -> Arc<Judgement> {
        let catalog = Catalog::embedded().unwrap();
        let framework = catalog.get("basic-2012").unwrap().clone();
        let date = NaiveDate::from_ymd_opt(2018, 9, 1).unwrap();
        let profile = framework
            .profile(&RegionPath::of_codes(&["630103"]), date)
            .unwrap();
        let verdict = assess(&framework, profile, &[]).unwrap();
        Arc::new(Judgement {
            basis: Basis {
                campaign: Uuid::from_u128(campaign),
                reports: vec![(Uuid::from_u128(1), set, true)],
            },
            judged: Judged {
                county: County {
                    campaign: String::new(),
                    framework: "basic-2012".into(),
                    region: "630103".into(),
                    date,
                },
                framework,
                verdict,
                names: HashMap::new(),
                unconfirmed: Vec::new(),
            },
        })
    }

    #[test]
    fn a_verdict_is_found_by_what_it_rests_on_and_a_newer_set_replaces_it() {
        let judgements = Judgements::default();
        let (first, second) = (judgement(1, 1), judgement(1, 2));
        judgements.keep(&first);
        assert!(judgements.find(&first.basis).is_some());
        assert!(judgements.find(&second.basis).is_none());
        judgements.keep(&second);
        assert!(judgements.find(&first.basis).is_none());
        assert!(judgements.find(&second.basis).is_some());
    }

    fn frozen(campaign: u128, set: i32, state: State) -> Frozen {
        let campaign = entity::campaign::Model {
            id: Uuid::from_u128(campaign),
            framework: "basic-2012".into(),
            region: "630103".into(),
            place: 0,
            display_name: String::new(),
            as_of_date: "2018-09-01".into(),
            state: 0,
            due_date: String::new(),
            due_provisional: false,
            publicity_end_date: String::new(),
            measures_digest: String::new(),
            update_micros: 0,
            version: 1,
        };
        let report = entity::school_report::Model {
            id: Uuid::from_u128(1),
            campaign: campaign.id,
            campaign_display_name: String::new(),
            school: Uuid::from_u128(2),
            place: 0,
            school_display_name: "第一小学".into(),
            kind: 211,
            urban_rural: 111,
            sponsor: 7,
            state: state as i32,
            return_reason: String::new(),
            freeze: set,
            freeze_micros: 0,
            measures_digest: String::new(),
            version: 1,
        };
        Frozen::of(campaign, vec![report], Vec::new())
    }

    #[test]
    fn a_signature_changes_nothing_about_a_verdict_and_a_new_set_or_a_return_ends_it() {
        let judgement = judgement(1, 2);
        let stands = |set, state| judgement.over(&frozen(1, set, state)).is_some();
        assert!(stands(2, State::Confirmed) && stands(2, State::Signed));
        assert!(!stands(3, State::Confirmed));
        assert!(!stands(2, State::Returned));
        assert!(judgement.over(&frozen(3, 2, State::Signed)).is_none());
    }

    #[test]
    fn the_oldest_verdict_is_forgotten_first() {
        let judgements = Judgements::default();
        let all: Vec<_> = (0..=KEPT as u128).map(|one| judgement(one, 1)).collect();
        all.iter().for_each(|one| judgements.keep(one));
        assert!(judgements.find(&all[0].basis).is_none());
        assert!(judgements.find(&all[1].basis).is_some());
        assert!(judgements.find(&all[KEPT].basis).is_some());
    }
}
