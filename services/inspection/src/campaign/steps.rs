//! Takes a step: check, move and write in one transaction. The arithmetic comes before it, and the transaction only sees
//! that what was judged still stands.

use std::sync::Arc;

use crate::entity::campaign;
use chrono::NaiveDate;
use junheng_directory::DirectorySchool;
use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::{Parent, check_etag, id_of};
use junheng_kernel::resource;
use junheng_kernel::store::RequestKey;
use junheng_kernel::workflow::{Asked, Standing};
use junheng_proto::education::v1::Stage;
use junheng_proto::inspection::v1::{Campaign, ReturnedPart};
use junheng_proto::options::v1::DataClass;

use super::error::CampaignError;
use super::moves::{self, Move};
use super::rpc::encode;
use super::rules::{self, Facts};
use super::workflow::{ISSUE, RETURN, State, WORKFLOW, state_of};
use super::{facts, store};
use crate::Inspection;
use crate::entity::campaign::Model;
use crate::figure;
use crate::figure::judgement::Judgement;
use junheng_kernel::workflow::{check_note, check_reason};

/// A step as it is asked for.
pub(super) struct Step {
    /// The step: the name of its method.
    pub(super) step: &'static str,
    /// `campaigns/{id}`.
    pub(super) name: String,
    /// What the caller has read.
    pub(super) etag: String,
    /// The note.
    pub(super) note: String,
    /// What is given back; empty for every other step.
    pub(super) parts: Vec<ReturnedPart>,
    /// The request.
    pub(super) key: RequestKey,
}

/// Takes a step and answers with the campaign after it.
pub(super) async fn take(
    inspection: &Inspection,
    caller: Caller,
    asked: Step,
) -> Result<Campaign, CampaignError> {
    let id = id_of("campaigns", &asked.name)?;
    KernelError::unless_empty(check(&asked))?;
    // Read before the transaction, which must not take a second connection; the answer to a repeated request needs none.
    let schools = match asked.step {
        ISSUE => schools_of(inspection, &caller, id).await,
        _ => Ok(Vec::new()),
    };
    let judged = judged(inspection, &caller, &asked, id).await;
    let (inspection, key) = (inspection.clone(), asked.key.clone());
    let store = inspection.context.store.clone();
    store
        .write(&caller.clone(), key, move |tx| async move {
            let current = store::get_for_step(&*tx, &caller.scope, id).await?;
            let regions = &inspection.context.regions;
            let standing = Standing {
                state: state_of(current.state),
                version: current.version,
                region: &current.region,
            };
            let step = Asked {
                step: asked.step,
                name: asked.name.clone(),
                etag: asked.etag.clone(),
                note: asked.note.clone(),
                evidence: Vec::new(),
            };
            let context = &inspection.context;
            let taken = WORKFLOW
                .take(&tx, context, &caller, &step, standing, |_| true)
                .await?;
            let schools = schools?;
            let today = context.clock.today();
            let facts = facts::load(&*tx, &current, schools.len(), today).await?;
            let judge = |guard| rules::judge(guard, &facts);
            taken.pass(&step, judge).map_err(KernelError::from)?;
            parts_named(&asked, &facts)?;
            let judged = judged?;

            let counts = store::counts(&*tx, &[id]).await?;
            let before = encode(&current, counts.get(&id), regions);
            let mut changed = current.clone();
            changed.state = taken.to as i32;
            changed.version += 1;
            changed.update_micros = inspection.context.clock.now_micros();
            set_dates(&inspection, &mut changed, taken.due_working_days, today);
            let act = Move {
                inspection: &inspection,
                tx: &tx,
                step: asked.step,
                schools: &schools,
                parts: &asked.parts,
                judged: judged.as_deref(),
            };
            let records = act.run(&mut changed).await?;
            store::update(&*tx, &changed, current.version).await?;
            let counts = store::counts(&*tx, &[id]).await?;
            let answer = encode(&changed, counts.get(&id), regions);
            let entry = about(&changed)
                .change(Some(&before), &answer)
                .with_all(records);
            let entry = taken.entry(entry, &step);
            Ok::<_, CampaignError>((answer, entry))
        })
        .await
}

/// A journal entry about a campaign.
pub(super) fn about(campaign: &Model) -> Entry {
    let name = format!("campaigns/{}", campaign.id);
    Entry::about(name, campaign.place, None, DataClass::Internal)
}

fn check(asked: &Step) -> Vec<Violation> {
    let mut wrong = check_note("note", &asked.note);
    for (index, part) in asked.parts.iter().enumerate() {
        let known = ["schoolReports/", "evidenceItems/"];
        if !known.iter().any(|prefix| part.name.starts_with(prefix)) {
            wrong.push(Violation::invalid(
                &format!("parts[{index}].name"),
                "must be schoolReports/{id} or evidenceItems/{id}",
                "应为 schoolReports/{id} 或 evidenceItems/{id}",
            ));
        }
        wrong.extend(check_reason(
            &format!("parts[{index}].reason"),
            &part.reason,
        ));
    }
    wrong
}

/// The schools of the county that run a compulsory stage.
async fn schools_of(
    inspection: &Inspection,
    caller: &Caller,
    id: uuid::Uuid,
) -> Result<Vec<DirectorySchool>, KernelError> {
    let context = &inspection.context;
    let campaign =
        resource::get::<campaign::Entity>(context.store.reader(), &caller.scope, id).await?;
    let county = format!("regions/{}", campaign.region);
    let county = Parent::of(caller, &context.regions, "region", &county)?;
    let mut schools = inspection.directory.below(&county, &caller.scope).await?;
    schools.retain(|school| {
        let stages = school.stages();
        stages.contains(&Stage::Primary) || stages.contains(&Stage::Junior)
    });
    Ok(schools)
}

/// What the step will freeze. `None` for a step that freezes nothing, and for a caller who has not read the campaign as it
/// stands: that request is refused, or gets its first answer.
async fn judged(
    inspection: &Inspection,
    caller: &Caller,
    asked: &Step,
    id: uuid::Uuid,
) -> Result<Option<Arc<Judgement>>, CampaignError> {
    if !moves::freezes(asked.step) {
        return Ok(None);
    }
    let database = inspection.context.store.reader();
    let campaign = resource::get::<campaign::Entity>(database, &caller.scope, id).await?;
    if check_etag(&asked.name, &asked.etag, campaign.version).is_err() {
        return Ok(None);
    }
    let frozen = figure::store::frozen(database, campaign).await?;
    Ok(Some(inspection.judgement(database, &frozen).await?))
}

/// A return names what is to be put right, unless it passes on what somebody above gave back.
fn parts_named(asked: &Step, facts: &Facts) -> Result<(), KernelError> {
    if asked.step == RETURN && asked.parts.is_empty() && rules::returned(facts).is_empty() {
        return Err(KernelError::Fields(vec![Violation::required("parts")]));
    }
    Ok(())
}

/// The day the next step is due, by the row of the step taken, and the days of publicity.
fn set_dates(inspection: &Inspection, campaign: &mut Model, due_days: u32, today: NaiveDate) {
    let calendar = &inspection.context.calendar;
    let mut start = today;
    let mut provisional = false;
    match state_of(campaign.state) {
        State::ProvincePublicity => {
            let days = inspection.settings.publicity_working_days;
            let end = calendar.add_working_days(today, days);
            // Without a day of publicity its last day has passed.
            let last = if days == 0 {
                today.pred_opt()
            } else {
                Some(end.date)
            };
            campaign.publicity_end_date = last.unwrap_or(today).to_string();
            (start, provisional) = (end.date, end.provisional);
        }
        State::Published => {}
        _ => campaign.publicity_end_date = String::new(),
    }
    let due = (due_days > 0).then(|| calendar.add_working_days(start, due_days));
    campaign.due_date = due.map_or_else(String::new, |due| due.date.to_string());
    campaign.due_provisional = due.is_some_and(|due| due.provisional || provisional);
}
