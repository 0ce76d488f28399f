//! Takes the steps of a case.

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::id_of;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_kernel::workflow::{Asked, Standing};
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::{DropoutCase, OfficialLine, SchoolLine};
use uuid::Uuid;

use super::child::{self, Child};
use super::content::{Content, VisitContent};
use super::encode::{about, encode, is_away};
use super::error::DropoutCaseError;
use super::ground::{self, Aftermath};
use super::history::{self, Event};
use super::opening::{Scene, refresh, relapsed, subject_of};
use super::workflow::{
    CLOSE, CLOSING_DAYS, REFUSE_CLOSING, RELAPSE, REQUEST_CLOSING, State, WORKFLOW, days_rule,
    is_ended, state_of,
};
use super::{facts, phones, record, rules, store};
use crate::entity::dropout_case::{Entity, Model};
use crate::entity::{dropout_visit, school};
use crate::school::parent;

/// The method that the journal names when the service settles a case.
const SETTLE_METHOD: &str = "/junheng.registration.v1.DropoutCaseService/SettleDropoutCase";

/// A step as it is asked for.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) asked: Asked,
    pub(crate) key: RequestKey,
    pub(crate) said: Said,
}

/// What a step says of its own, checked.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and never kept")]
pub(crate) enum Said {
    /// Nothing.
    Nothing,
    /// Why the child dropped out.
    Reason {
        reason: i32,
        last_day: String,
        whereabouts: String,
        groups: i64,
    },
    /// Both lines and the plan.
    Lines {
        official: OfficialLine,
        school: SchoolLine,
        plan: String,
        taken_by: Option<Uuid>,
    },
    /// A visit.
    Visit {
        date: String,
        method: i32,
        outcome: i32,
        content: VisitContent,
    },
    /// The first day back.
    Back { date: String },
    /// The ground of closing.
    Ground { ground: i32 },
}

/// What a step changes.
struct Change {
    case: Model,
    content: Content,
    visit: Option<dropout_visit::Model>,
}

/// Takes a step and answers with the case after it.
pub(crate) async fn take(
    context: &Context,
    caller: Caller,
    step: Step,
) -> Result<DropoutCase, DropoutCaseError> {
    let Step { asked, key, said } = step;
    let id = id_of("dropoutCases", &asked.name)?;
    let (context, taker) = (context.clone(), caller.clone());
    let store = context.store.clone();
    store
        .write(&caller, key, move |tx| async move {
            run(&tx, &context, &taker, id, &asked, said).await
        })
        .await
}

/// Settles a case on the service's own behalf, if attendance shows it; that is looked at before a write begins.
pub(crate) async fn settle_as_service(
    context: &Context,
    case: &Model,
) -> Result<(), DropoutCaseError> {
    let scene = Scene::of(context)?;
    if !facts::is_settled(context.store.reader(), &scene, case).await? {
        return Ok(());
    }
    let caller = context.own_caller(SETTLE_METHOD)?;
    let step = super::asked::settled(case)?;
    take(context, caller, step).await.map(drop)
}

async fn run(
    tx: &Tx,
    context: &Context,
    taker: &Caller,
    id: Uuid,
    asked: &Asked,
    said: Said,
) -> Result<(DropoutCase, Entry), DropoutCaseError> {
    let scene = Scene::of(context)?;
    let seen = resource::get::<Entity>(&**tx, &taker.scope, id).await?;
    // Held before the row that is changed is read for good.
    let schools = [seen.school, taken_by(&said)];
    parent::hold_places(&**tx, schools.into_iter().flatten()).await?;
    let current = store::hold(&**tx, &taker.scope, id).await?;
    let standing = Standing {
        state: state_of(current.state),
        version: current.version,
        region: &current.region,
    };
    let taken = WORKFLOW
        .take(tx, context, taker, asked, standing, |_| true)
        .await?;
    let Change {
        mut case,
        mut content,
        visit,
    } = change(tx, &scene, taker, &current, asked, said).await?;
    let facts = facts::load(
        &**tx,
        context,
        &scene,
        taker,
        (&current, &case),
        &content,
        asked,
    )
    .await?;
    taken.pass(asked, |guard| rules::judge(guard, &facts))?;
    let transferred = facts.known.transferred;

    settle(&scene, &current, &mut case, asked.step, taken.to)?;
    if case.ground == 0 {
        content.closing_evidence.clear();
    }
    case.personal = content.seal(scene.keys, case.id)?;
    resource::replace::<Entity>(&**tx, case.clone(), current.version).await?;
    if let (Some(school), true) = (case.school, case.school != current.school) {
        store::carry(&**tx, &[case.id], school, case.place).await?;
    }
    if let Some(event) = history::event_of(asked.step) {
        let date = match event {
            Event::Visited => visit.as_ref().map(|visit| visit.date),
            Event::Returned => case.returned_date,
            _ => None,
        };
        let told = history::happening(&case, event, date.unwrap_or(scene.today));
        history::keep(&**tx, &scene, vec![told]).await?;
    }
    if let Some(visit) = visit {
        store::insert_visit(&**tx, visit).await?;
    }
    let records = follow_up(tx, &scene, &current, &case, transferred).await?;
    let child = child_of(tx, &scene, &case).await?;
    let visits = store::visits_of(&**tx, case.id).await?;
    let before = encode(scene.keys, &current, child.as_ref(), &[], scene.today)?;
    let told = encode(scene.keys, &case, child.as_ref(), &[], scene.today)?;
    let answer = encode(scene.keys, &case, child.as_ref(), &visits, scene.today)?;
    let entry = about(&case).change(Some(&before), &told).with_all(records);
    Ok((answer, taken.entry(entry, asked)))
}

/// The case with what the step says; its state is still the old one.
async fn change(
    tx: &Tx,
    scene: &Scene<'_>,
    taker: &Caller,
    current: &Model,
    asked: &Asked,
    said: Said,
) -> Result<Change, DropoutCaseError> {
    let mut case = current.clone();
    let mut content = Content::of(scene.keys, current.id, &current.personal)?;
    let mut visit = None;
    match said {
        Said::Nothing if asked.step == RELAPSE => {
            let child = child_of(tx, scene, current).await?;
            case = relapsed(scene, current, child.as_ref(), None)?;
        }
        Said::Nothing => {}
        Said::Reason {
            reason,
            last_day,
            whereabouts,
            groups,
        } => {
            let child = child_of(tx, scene, current).await?;
            refresh(&mut case, child.as_ref());
            case.reason = reason;
            case.groups |= groups;
            if !last_day.is_empty() {
                let first = child.unwrap_or_default().first_day();
                case.last_day = Some(day("last_day", &last_day, first, scene)?);
            }
            if !whereabouts.is_empty() {
                content.whereabouts = whereabouts;
            }
        }
        Said::Lines {
            official,
            school,
            plan,
            taken_by,
        } => {
            let (official, school) = phones::restored(official, school, &content)?;
            content.official_line = Some(official);
            content.school_line = Some(school);
            content.plan = plan;
            if current.student.is_some() && taken_by.is_some_and(|one| Some(one) != current.school)
            {
                return Err(KernelError::Fields(vec![Violation::invalid(
                    "school",
                    "must be empty or the school of the child's record: a record moves by a transfer",
                    "该生有学籍,不得另行指定学校;变更学校应办理转学",
                )])
                .into());
            }
            if let (Some(school), None) = (taken_by, current.student) {
                let school = assigned(tx, taker, school).await?;
                case.school = Some(school.id);
                case.place = school.place;
                case.region = school.region;
            }
        }
        Said::Visit {
            date,
            method,
            outcome,
            content: said,
        } => {
            let from = current.confirmed_date.unwrap_or(current.found_date);
            let id = Uuid::now_v7();
            if !said.whereabouts.is_empty() {
                content.whereabouts = said.whereabouts.clone();
            }
            visit = Some(dropout_visit::Model {
                id,
                dropout_case: current.id,
                school: current.school,
                place: current.place,
                date: day("visit.date", &date, from, scene)?,
                method,
                outcome,
                personal: said.seal(scene.keys, id)?,
                create_micros: scene.now_micros,
            });
            case.visits += 1;
        }
        Said::Back { date } => {
            let confirmed = current.confirmed_date.unwrap_or(current.found_date);
            // What proved a return does not prove the next one.
            let last = history::last(&**tx, current.id, Event::Returned).await?;
            let anew = last.and_then(|last| last.succ_opt());
            let from = anew.map_or(confirmed, |anew| anew.max(confirmed));
            case.returned_date = Some(day("returned_date", &date, from, scene)?);
        }
        Said::Ground { ground } => {
            case.ground = ground;
            content.closing_evidence = asked.evidence.clone();
        }
    }
    Ok(Change {
        case,
        content,
        visit,
    })
}

/// The case as it stands after the step.
fn settle(
    scene: &Scene<'_>,
    current: &Model,
    case: &mut Model,
    step: &str,
    to: State,
) -> Result<(), KernelError> {
    let moves = to as i32 != current.state;
    case.state = to as i32;
    case.version = current.version + 1;
    case.update_micros = scene.now_micros;
    if step == REFUSE_CLOSING || moves && step != CLOSE {
        // Asked for in another state, it would have to be proven anew.
        case.ground = 0;
    }
    let running = std::mem::take(&mut case.held_due_date);
    if moves || step == REQUEST_CLOSING {
        if !moves {
            case.held_due_date = std::mem::take(&mut case.due_date);
        }
        let rule = if moves { days_rule(to) } else { CLOSING_DAYS };
        let due = scene.due_by(rule, &case.region)?;
        case.due_date = due.map_or_else(String::new, |due| due.date.to_string());
        case.due_provisional = due.is_some_and(|due| due.provisional);
    } else if step == REFUSE_CLOSING {
        // Nobody has gained days by asking: the work of the state could go on.
        let day: Option<NaiveDate> = running.parse().ok();
        case.due_provisional =
            day.is_some_and(|day| scene.calendar.is_provisional(scene.today, day));
        case.due_date = running;
    } else {
        case.held_due_date = running;
    }
    match to {
        State::Confirmed if moves => case.confirmed_date = Some(scene.today),
        State::Stable if moves => case.stable_date = Some(scene.today),
        to if is_ended(to) => {
            case.closed_date = Some(scene.today);
            case.open_subject = None;
        }
        _ => {}
    }
    Ok(())
}

/// What the student's record says after the step.
async fn follow_up(
    tx: &Tx,
    scene: &Scene<'_>,
    current: &Model,
    case: &Model,
    transferred: bool,
) -> Result<Vec<Record>, KernelError> {
    let (from, to) = (state_of(current.state), state_of(case.state));
    match to {
        State::Confirmed if from != to => record::drop_out(&**tx, scene, case).await,
        State::Returned if from != to => record::bring_back(&**tx, scene, case).await,
        State::Closed if is_away(from) => {
            let aftermath = ground::rule_of(case.ground).map(|rule| rule.aftermath);
            match aftermath {
                // A transfer has said where the record is, and sheets that the child attends there.
                Some(Aftermath::LetGo) if !transferred => record::let_go(&**tx, scene, case).await,
                Some(Aftermath::BroughtBack) => record::bring_back(&**tx, scene, case).await,
                _ => Ok(Vec::new()),
            }
        }
        _ => Ok(Vec::new()),
    }
}

async fn child_of(tx: &Tx, scene: &Scene<'_>, case: &Model) -> Result<Option<Child>, KernelError> {
    let Some(subject) = subject_of(case) else {
        return Ok(None);
    };
    let mut found = child::children(&**tx, scene.keys, &[subject]).await?;
    Ok(found.remove(&subject))
}

/// The school that is to take a child without a record: open, and the caller's.
async fn assigned(tx: &Tx, taker: &Caller, id: Uuid) -> Result<school::Model, KernelError> {
    let school = parent::covered(&**tx, taker, id).await?;
    parent::check_open(&school)?;
    Ok(school)
}

fn taken_by(said: &Said) -> Option<Uuid> {
    match said {
        Said::Lines { taken_by, .. } => *taken_by,
        _ => None,
    }
}

fn day(
    field: &str,
    text: &str,
    from: NaiveDate,
    scene: &Scene<'_>,
) -> Result<NaiveDate, KernelError> {
    rules::day_between(field, text, from, scene.today)
        .map_err(|wrong| KernelError::Fields(vec![wrong]))
}
