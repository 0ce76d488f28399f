//! The steps of a report itself: a school confirms, the county gives back.

use crate::entity::school_report;
use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::label;
use junheng_kernel::name::{check_etag, id_of};
use junheng_kernel::resource;
use junheng_kernel::store::RequestKey;
use junheng_kernel::workflow::{Moved, Row, WorkflowError};
use junheng_proto::inspection::v1::{
    ConfirmSchoolReportRequest, ReturnSchoolReportRequest, SchoolReport,
};
use sea_orm::ConnectionTrait;
use tonic::Request;

use super::encode::{about, encode, name, with_measures};
use super::error::ReportError;
use super::store;
use super::workflow::{CONFIRM, GIVE_BACK, Guard, State, WORKFLOW, state_name, state_of};
use crate::Inspection;
use crate::campaign::store as campaigns;
use crate::campaign::workflow::{is_with_county, state_of as campaign_state_of};
use crate::entity::school_report::Model;
use crate::evidence::MeasureSet;
use junheng_kernel::workflow::{check_note, check_reason};

/// More changes than this are counted, not listed.
const MOST_CHANGES: usize = 10;

/// What the guards of a report look at.
struct Facts {
    campaign: junheng_proto::inspection::v1::campaign::State,
    /// What changed since the school looked; `None` when nothing did.
    changes: Option<Vec<String>>,
}

/// Confirms the figures that the school has checked and freezes them.
pub(super) async fn confirm(
    inspection: &Inspection,
    request: Request<ConfirmSchoolReportRequest>,
) -> Result<SchoolReport, ReportError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let key = RequestKey::of(&message.request_id, &message)?;
    let id = id_of("schoolReports", &message.name)?;
    KernelError::unless_empty(check_confirm(&message))?;
    let context = inspection.context.clone();
    let report =
        resource::get::<school_report::Entity>(context.store.reader(), &caller.scope, id).await?;
    // Asked before the transaction, which must not wait for others; a request that comes again needs no answer.
    let gathered = inspection.evidence.of_school(&caller, report.school).await;
    let school = inspection.directory.get(report.school).await;
    let previews = inspection.previews.clone();
    let store = context.store.clone();
    store
        .write(&caller.clone(), key, move |tx| async move {
            let current = resource::get::<school_report::Entity>(&*tx, &caller.scope, id).await?;
            check_etag(&message.name, &message.etag, current.version)?;
            let (row, moved) = next(&current, CONFIRM, &caller)?;
            let campaign = campaigns::get_for_part(&*tx, current.campaign).await?;
            let set = gathered?;
            let digest = set.digest();
            let unchanged = digest == message.measures_digest;
            let seen = previews.find(&message.measures_digest);
            let facts = Facts {
                campaign: campaign_state_of(campaign.state),
                changes: (!unchanged).then(|| seen.map_or(Vec::new(), |seen| seen.changes(&set))),
            };
            pass_guards(&current, row, &facts)?;
            let mut changed = store::moved(&current, moved.to, "");
            if let Some(school) = school? {
                changed.school_display_name = school.display_name;
                changed.kind = school.kind;
                changed.urban_rural = school.urban_rural;
                changed.sponsor = school.sponsor;
            }
            changed.freeze += 1;
            changed.freeze_micros = context.clock.now_micros();
            changed.measures_digest = digest;
            store::update(&*tx, &changed, current.version).await?;
            store::freeze(&*tx, &changed, &set).await?;
            let entry = about(&changed)
                .change(Some(&encode(&current)), &encode(&changed))
                .step(
                    CONFIRM,
                    state_name(state_of::<State>(current.state)),
                    state_name(moved.to),
                )
                .note(&message.note)
                .evidence(&[format!("sm3:{}", changed.measures_digest)]);
            Ok::<_, ReportError>((with_measures(&changed, &set), entry))
        })
        .await
}

/// Gives a confirmed report back to its school, before the county signs.
pub(super) async fn give_back(
    inspection: &Inspection,
    request: Request<ReturnSchoolReportRequest>,
) -> Result<SchoolReport, ReportError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let key = RequestKey::of(&message.request_id, &message)?;
    let id = id_of("schoolReports", &message.name)?;
    KernelError::unless_empty(check_reason("reason", &message.reason))?;
    let store = inspection.context.store.clone();
    store
        .write(&caller.clone(), key, move |tx| async move {
            let current = resource::get::<school_report::Entity>(&*tx, &caller.scope, id).await?;
            check_etag(&message.name, &message.etag, current.version)?;
            let (row, moved) = next(&current, GIVE_BACK, &caller)?;
            let campaign = campaigns::get_for_part(&*tx, current.campaign).await?;
            let facts = Facts {
                campaign: campaign_state_of(campaign.state),
                changes: None,
            };
            pass_guards(&current, row, &facts)?;
            let changed = store::moved(&current, moved.to, &message.reason);
            store::update(&*tx, &changed, current.version).await?;
            let set = frozen(&*tx, &changed).await?;
            let entry = about(&changed)
                .change(Some(&encode(&current)), &encode(&changed))
                .step(
                    GIVE_BACK,
                    state_name(state_of::<State>(current.state)),
                    state_name(moved.to),
                )
                .note(&changed.return_reason);
            Ok::<_, ReportError>((with_measures(&changed, &set), entry))
        })
        .await
}

async fn frozen(
    database: &impl ConnectionTrait,
    report: &Model,
) -> Result<MeasureSet, KernelError> {
    Ok(store::frozen_set(database, report).await?)
}

fn next(
    report: &Model,
    step: &str,
    caller: &Caller,
) -> Result<(&'static Row<State, Guard>, Moved<State>), WorkflowError> {
    static TABLE: &junheng_kernel::workflow::Workflow<State, Guard> = &WORKFLOW;
    TABLE.next(
        &name(report),
        state_of(report.state),
        step,
        caller.role,
        |_| true,
    )
}

fn check_confirm(message: &ConfirmSchoolReportRequest) -> Vec<Violation> {
    let mut wrong = check_note("note", &message.note);
    if message.measures_digest.is_empty() {
        wrong.insert(0, Violation::required("measures_digest"));
    }
    wrong
}

fn pass_guards(
    report: &Model,
    row: &Row<State, Guard>,
    facts: &Facts,
) -> Result<(), WorkflowError> {
    let unmet = row.guards.iter().find_map(|guard| unmet(*guard, facts));
    let Some((missing, missing_zh)) = unmet else {
        return Ok(());
    };
    Err(WorkflowError::NotReady {
        name: name(report),
        step: row.label,
        method: row.step.to_owned(),
        missing,
        missing_zh,
    })
}

/// What is missing for a guard, in English and in Chinese.
fn unmet(guard: Guard, facts: &Facts) -> Option<(String, String)> {
    match guard {
        Guard::CampaignOpen if is_with_county(facts.campaign) => None,
        Guard::CampaignOpen => {
            let state = label::of(facts.campaign);
            Some((
                format!("the campaign is not with the county and its schools but in {state}"),
                format!("督导任务处于{state}环节,不在学校填报或县级自评环节"),
            ))
        }
        Guard::FiguresUnchanged => {
            let changes = facts.changes.as_ref()?;
            let listed = changes[..changes.len().min(MOST_CHANGES)].join("; ");
            let more = changes.len().saturating_sub(MOST_CHANGES);
            let (mut en, mut zh) = (
                "the figures changed since the preview".to_owned(),
                "数据在核对之后有变动".to_owned(),
            );
            if !listed.is_empty() {
                en += &format!(": {listed}");
                zh += &format!(":{listed}");
            }
            if more > 0 {
                en += &format!(" and {more} more");
                zh += &format!("等{}项", changes.len());
            }
            Some((en + "; preview them again", zh + ",请重新核对"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use junheng_proto::inspection::v1::campaign::State as Campaign;

    fn facts(campaign: Campaign, changes: Option<&[&str]>) -> Facts {
        let owned = |changes: &[&str]| changes.iter().map(|one| (*one).to_owned()).collect();
        Facts {
            campaign,
            changes: changes.map(owned),
        }
    }

    #[test]
    fn a_report_is_open_only_while_the_campaign_is_with_the_county() {
        for open in [Campaign::SchoolReporting, Campaign::CountySelfAssessment] {
            assert_eq!(unmet(Guard::CampaignOpen, &facts(open, None)), None);
        }
        let (_, zh) = unmet(Guard::CampaignOpen, &facts(Campaign::CityReview, None)).unwrap();
        assert!(zh.contains("市级复核"), "{zh}");
    }

    #[test]
    fn a_refusal_names_what_changed() {
        let state = Campaign::SchoolReporting;
        assert_eq!(unmet(Guard::FiguresUnchanged, &facts(state, None)), None);
        let changes: &[&str] = &["小学在校学生数 30 → 31"];
        let (en, zh) = unmet(Guard::FiguresUnchanged, &facts(state, Some(changes))).unwrap();
        assert!(en.contains("30 → 31"), "{en}");
        assert!(zh.ends_with("30 → 31,请重新核对"), "{zh}");
        let (en, _) = unmet(Guard::FiguresUnchanged, &facts(state, Some(&[]))).unwrap();
        assert_eq!(
            en,
            "the figures changed since the preview; preview them again"
        );
    }
}
