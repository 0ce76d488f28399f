//! Drafts a reorganisation and takes its steps: check, move and write in one transaction.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::identity_number::date_of;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::{Parent, id_of};
use junheng_kernel::resource;
use junheng_kernel::scope::Scope;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_kernel::workflow::{Asked, Standing, check_reason};
use junheng_proto::journal::v1::Record;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::reorganisation::Kind;
use junheng_proto::registration::v1::{CreateReorganisationRequest, Reorganisation};
use junheng_proto::workflow::v1::StepRequest;
use prost::Message as _;
use tonic::Request;
use uuid::Uuid;

use super::error::ReorganisationError;
use super::execute::{Execution, changed_entry, record_of};
use super::obstacles::{self, Left, Neighbours};
use super::open::{Leaving, open_processes};
use super::rpc::encode;
use super::rules::{self, Facts};
use super::store;
use super::workflow::{
    CREATE, EXECUTE, PUBLICITY_DAYS, PUBLISH, RETURN, State, WORKFLOW, state_name, state_of,
};
use crate::entity::reorganisation::{Entity, Model};
use crate::entity::school::{self, Model as SchoolRow};
use crate::school::parent;
use crate::school::rpc::draft_of;
use crate::school::rules::{check as check_school, check_stages, stages_of};
use crate::school::store as schools;
use crate::school_class::store as classes;
use crate::school_year;

pub(super) async fn create(
    context: &Context,
    request: Request<CreateReorganisationRequest>,
) -> Result<Reorganisation, ReorganisationError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let key = RequestKey::of(&message.request_id, &message)?;
    let county = Parent::of(&caller, &context.regions, "parent", &message.parent)?;
    let region = crate::school::rpc::county_of(&county, &context.regions)?;
    let required = || KernelError::Fields(vec![Violation::required("reorganisation")]);
    let plan = message.reorganisation.ok_or_else(required)?;
    let mut wrong = rules::check(&plan);
    wrong.extend(rules::check_day(&plan, context.clock.today()));
    KernelError::unless_empty(wrong)?;
    let school = named(context, &caller, "school", &plan.school).await?;
    let receiving = named(context, &caller, "receiving_school", &plan.receiving_school).await?;
    KernelError::unless_empty(check_new_school(&plan, &region, school.as_ref()))?;
    let new = Model {
        id: Uuid::now_v7(),
        place: county.place().unwrap_or_default(),
        region,
        kind: plan.kind,
        school: school.map(|school| school.id),
        receiving_school: receiving.map(|school| school.id),
        effective_date: plan.effective_date.clone(),
        plan: plan.encode_to_vec(),
        state: WORKFLOW.start as i32,
        publicity_end_date: String::new(),
        due_date: String::new(),
        due_provisional: false,
        created_school: None,
        moved_student_count: 0,
        update_micros: context.clock.now_micros(),
        version: 1,
    };
    let today = context.clock.today();
    context
        .store
        .write(&caller, key, move |tx| async move {
            let named: Vec<Uuid> = new.school.into_iter().chain(new.receiving_school).collect();
            // Held, so that two plans for one school wait for each other and the second is told.
            parent::hold_for_change(&*tx, &named).await?;
            if let Some(other) = store::under_way(&*tx, &named).await? {
                let name = format!("reorganisations/{}", other.id);
                return Err(ReorganisationError::UnderWay { name });
            }
            if let Some(split) = new.school.filter(|_| plan.kind == Kind::Split as i32) {
                let classes = classes::of_schools(&*tx, &[split]).await?;
                let new_kind = plan.new_school.as_ref().map_or(0, |new| new.kind);
                let wrong = rules::check_split(&plan.school_classes, &classes, new_kind);
                KernelError::unless_empty(wrong)?;
            }
            if let Some(school) = new
                .school
                .filter(|_| plan.kind == Kind::ChangeOfKind as i32)
            {
                let new_kind = plan.new_school.as_ref().map_or(0, |new| new.kind);
                let used = store::stages_in_use(&*tx, school).await?;
                KernelError::unless_empty(rules::check_kind(&used, new_kind))?;
            }
            require_free_code(&tx, &plan).await?;
            store::insert(&*tx, new.clone()).await?;
            let answer = encode(&new, today)?;
            let entry =
                about(&new)
                    .change(None, &answer)
                    .step(CREATE, "", state_name(WORKFLOW.start));
            Ok((answer, entry))
        })
        .await
}

pub(super) async fn take(
    context: &Context,
    neighbours: &Neighbours,
    request: Request<StepRequest>,
    step: &'static str,
) -> Result<Reorganisation, ReorganisationError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let key = RequestKey::of(&message.request_id, &message)?;
    let asked = Asked::of(step, &message)?;
    if step == RETURN {
        KernelError::unless_empty(check_reason("note", &asked.note))?;
    }
    let id = id_of("reorganisations", &asked.name)?;
    let left = match step {
        EXECUTE => neighbours.left(context, &caller, id).await?,
        _ => Left::NotAsked,
    };
    let context = context.clone();
    let store = context.store.clone();
    store
        .write(&caller.clone(), key, move |tx| async move {
            let found = resource::get::<Entity>(&*tx, &caller.scope, id).await?;
            // Held against everybody: who registers, moves or promotes a pupil of these schools comes before, or after.
            let named: Vec<Uuid> = found
                .school
                .into_iter()
                .chain(found.receiving_school)
                .collect();
            parent::hold_for_change(&*tx, &named).await?;
            let current = resource::get::<Entity>(&*tx, &caller.scope, id).await?;
            let standing = Standing {
                state: state_of(current.state),
                version: current.version,
                region: &current.region,
            };
            let taken = WORKFLOW
                .take(&tx, &context, &caller, &asked, standing, |_| true)
                .await?;
            let today = context.clock.today();
            let plan = plan_of(&current)?;
            let facts = Facts {
                closes: rules::closes(current.kind),
                has_evidence: !asked.evidence.is_empty(),
                receiver: receiver(&tx, &current).await?,
                open: open(&tx, &current, &plan, school_year::of(today)).await?,
                left: left.missing(),
                today,
                publicity_end: date_of(&current.publicity_end_date),
                effective: date_of(&current.effective_date),
            };
            taken.pass(&asked, |guard| rules::judge(guard, &facts))?;
            if step == EXECUTE && facts.closes {
                left.require_known()?;
            }
            let mut changed = current.clone();
            changed.state = taken.to as i32;
            changed.version += 1;
            changed.update_micros = context.clock.now_micros();
            (changed.due_date, changed.due_provisional) = taken.due_date();
            match step {
                PUBLISH => {
                    let end = WORKFLOW.due(&context, PUBLICITY_DAYS, &current.region)?;
                    changed.publicity_end_date = end.date.to_string();
                }
                RETURN => changed.publicity_end_date = String::new(),
                _ => {}
            }
            let mut records = Vec::new();
            if facts.closes && (taken.to == State::Approved || taken.from == State::Approved) {
                let closing = (taken.to != State::Withdrawn).then_some(id);
                records.extend(mark(&tx, &current, closing).await?);
            }
            if step == EXECUTE {
                let execution = Execution {
                    context: &context,
                    tx: &tx,
                    plan,
                    id,
                    region: current.region.clone(),
                };
                records.extend(execution.run(&mut changed).await?);
            }
            store::replace(&*tx, &changed, current.version).await?;
            let (before, answer) = (encode(&current, today)?, encode(&changed, today)?);
            let entry = about(&changed)
                .change(Some(&before), &answer)
                .with_all(records);
            Ok::<_, ReorganisationError>((answer, taken.entry(entry, &asked)))
        })
        .await
}

/// Refuses a code that a school has or had, or that another plan gives: found now, not when the schools wait for it.
async fn require_free_code(tx: &Tx, plan: &Reorganisation) -> Result<(), ReorganisationError> {
    let code = match &plan.new_school {
        Some(new) if plan.kind != Kind::Renaming as i32 && !new.school_code.is_empty() => {
            new.school_code.as_str()
        }
        _ => return Ok(()),
    };
    let everywhere = Scope::everything("a code is given once in the whole province");
    let standing = schools::with_codes(&**tx, &everywhere, &[code]).await?;
    let former = store::former_codes(&**tx, &[code]).await?;
    let planned = store::planned_codes(&**tx, code).await?;
    if standing.is_empty() && former.is_empty() && planned.is_empty() {
        return Ok(());
    }
    let school_code = code.to_owned();
    Err(ReorganisationError::CodeTaken { school_code })
}

/// The plan as it was drafted.
pub(super) fn plan_of(model: &Model) -> Result<Reorganisation, KernelError> {
    Reorganisation::decode(model.plan.as_slice())
        .map_err(|error| KernelError::Stored(error.to_string()))
}

/// A journal entry about a reorganisation.
fn about(model: &Model) -> Entry {
    let name = format!("reorganisations/{}", model.id);
    Entry::about(name, model.place, model.school, DataClass::Internal)
}

/// A school that the plan names: one that runs and that the caller's post covers.
async fn named(
    context: &Context,
    caller: &Caller,
    field: &str,
    name: &str,
) -> Result<Option<SchoolRow>, KernelError> {
    if name.is_empty() {
        return Ok(None);
    }
    let field = format!("reorganisation.{field}");
    let reader = context.store.reader();
    let school = parent::school_of(reader, caller, &context.regions, &field, name).await?;
    Ok(Some(school))
}

/// Everything that is wrong with the new entry of a plan.
fn check_new_school(
    plan: &Reorganisation,
    region: &str,
    school: Option<&SchoolRow>,
) -> Vec<Violation> {
    let Some(entry) = &plan.new_school else {
        return Vec::new();
    };
    let entry = match school {
        // A renaming and a change of kind say only what changes.
        Some(school) if plan.kind != Kind::Split as i32 => changed_entry(school, plan),
        _ => entry.clone(),
    };
    let mut wrong = check_school(&draft_of(&entry, region.to_owned()));
    wrong.extend(check_stages(entry.kind, &entry.stages));
    if let Some(school) = school
        && plan.kind == Kind::ChangeOfKind as i32
        && (entry.kind == school.kind || entry.school_code == school.school_code)
    {
        wrong.push(Violation::invalid(
            "school_code",
            "and kind must both be new: a school of another kind takes another code",
            "变更办学类型须同时使用新的学校标识码",
        ));
    }
    for violation in &mut wrong {
        violation.field = format!("reorganisation.new_school.{}", violation.field);
    }
    wrong
}

/// Why the receiving school cannot receive the students of the one that closes; `None` when it can or none is needed.
async fn receiver(tx: &Tx, model: &Model) -> Result<Option<(String, String)>, KernelError> {
    let (Some(from), Some(to)) = (model.school, model.receiving_school) else {
        return Ok(None);
    };
    let judged = Scope::everything("the plan's schools were judged when it was drafted");
    let from = resource::get::<school::Entity>(&**tx, &judged, from).await?;
    let to = resource::get::<school::Entity>(&**tx, &judged, to).await?;
    let name = &to.display_name;
    if let Some(closed) = parent::not_open(&to) {
        return Ok(Some((
            format!("a receiving school that stands: {closed}"),
            format!("接收学校{name}未开办或已撤销(先建后撤)"),
        )));
    }
    let missing: Vec<&str> = stages_of(from.kind)
        .iter()
        .filter(|stage| !stages_of(to.kind).contains(stage))
        .map(|stage| junheng_kernel::label::of(*stage))
        .collect();
    Ok((!missing.is_empty()).then(|| {
        let stages = missing.join("、");
        (
            format!("a receiving school that runs {stages}; {name} does not"),
            format!("接收学校{name}未设{stages}"),
        )
    }))
}

/// What has begun for students of the school that closes, or of the classes that a split takes along, and has not ended.
async fn open(
    tx: &Tx,
    model: &Model,
    plan: &Reorganisation,
    school_year: i32,
) -> Result<Option<(String, String)>, KernelError> {
    let Some(school) = model.school else {
        return Ok(None);
    };
    let named = plan.school_classes.iter();
    let going: Vec<Uuid> = named
        .filter_map(|name| id_of("classes", name).ok())
        .collect();
    let leaving = match rules::closes(model.kind) {
        true => Leaving::Everybody,
        false if going.is_empty() => return Ok(None),
        false => Leaving::Classes(&going),
    };
    let open = open_processes(&**tx, school, leaving, school_year).await?;
    Ok(obstacles::told(&open, "an end of", "办结"))
}

/// Marks the school that closes as closing from the approval on, and as not closing when that is withdrawn: the directory
/// tells the other services.
async fn mark(
    tx: &Tx,
    model: &Model,
    closing: Option<Uuid>,
) -> Result<Option<Record>, KernelError> {
    let judged = Scope::everything("the plan's schools were judged when it was drafted");
    let school = model.school.unwrap_or_default();
    let school = resource::get::<school::Entity>(&**tx, &judged, school).await?;
    if school.closing == closing {
        return Ok(None);
    }
    let changed = SchoolRow {
        closing,
        version: school.version + 1,
        ..school.clone()
    };
    resource::replace::<school::Entity>(&**tx, changed.clone(), school.version).await?;
    Ok(Some(record_of(Some(&school), &changed)))
}
