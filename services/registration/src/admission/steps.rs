//! Takes a step of an admission: check, move and write in one transaction.

use std::collections::{BTreeMap, HashSet};

use chrono::{Days, NaiveDate};
use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::name::id_of;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_kernel::text::check_text;
use junheng_kernel::workflow::{Asked, Standing, check_reason};
use junheng_proto::journal::v1::Record;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::admission_entry::{Kind, Outcome};
use junheng_proto::registration::v1::{AdmissionPlan, UnregisteredEntry};
use uuid::Uuid;

use super::error::AdmissionError;
use super::rpc::{about_as, encode};
use super::rules::{self, Facts};
use super::workflow::{CLOSE, CONFIRM, DRAW, ENROL, PUBLISH, RETURN, WORKFLOW, state_of};
use super::{child, counts, draw, enrol, store};
use crate::entity::admission_plan::{Entity, Model};
use crate::entity::{admission_entry, school};
use crate::rule_book::{RegionPath, RuleBook};
use crate::school::parent;
use crate::school_year;

/// What a step brings along.
#[derive(Clone, Debug)]
pub(super) enum Given {
    /// Nothing.
    Nothing,
    /// Where a seed will come from.
    Source(String),
    /// The seed.
    Seed(String),
}

/// Takes a step and answers with the plan after it.
pub(super) async fn take(
    context: &Context,
    caller: Caller,
    asked: Asked,
    key: RequestKey,
    given: Given,
) -> Result<AdmissionPlan, AdmissionError> {
    let id = id_of("admissionPlans", &asked.name)?;
    KernelError::unless_empty(check(&asked, &given))?;
    let (context, store) = (context.clone(), context.store.clone());
    store
        .write(&caller.clone(), key, move |tx| async move {
            let found = resource::get::<Entity>(&*tx, &caller.scope, id).await?;
            // Held until the end: a school that closes meanwhile comes before, and takes nobody.
            let school = held_open(&tx, found.school).await?;
            store::hold_plan(&*tx, id).await?;
            let mut current = resource::get::<Entity>(&*tx, &caller.scope, id).await?;
            current.place = school;
            let standing = Standing {
                state: state_of(current.state),
                version: current.version,
                region: &current.region,
            };
            let taken = WORKFLOW
                .take(&tx, &context, &caller, &asked, standing, |_| true)
                .await?;
            let mut changed = current.clone();
            if let Given::Source(source) = &given {
                changed.seed_source.clone_from(source);
            }
            let facts = facts_of(&context, &changed)?;
            taken.pass(&asked, |guard| rules::judge(guard, &facts))?;
            let before = encode(&current);
            let mut unregistered: Vec<UnregisteredEntry> = Vec::new();
            let mut records = Vec::new();
            let listed = store::of_plan(&*tx, id).await?;
            match (asked.step, &given) {
                (CLOSE, _) => close(&tx, &mut changed, &listed).await?,
                (DRAW, Given::Seed(seed)) => drawn(&tx, &mut changed, &listed, seed).await?,
                (PUBLISH, _) => changed.notice_end_date = notice_end(&context, &changed)?,
                (CONFIRM, _) => store::let_go_undrawn(&*tx, &listed).await?,
                (RETURN, _) => reopen(&tx, &mut changed).await?,
                (ENROL, _) => {
                    let done = enrol::register(&context, &tx, &caller, &changed, &listed).await?;
                    changed.enrolled_count += done.registered;
                    (unregistered, records) = (done.unregistered, done.records);
                }
                _ => {}
            }
            records.extend(told(&context, &tx, &listed).await?);
            changed.state = taken.to as i32;
            (changed.due_date, changed.due_provisional) = taken.due_date();
            changed.version += 1;
            changed.update_micros = context.clock.now_micros();
            resource::replace::<Entity>(&*tx, changed.clone(), current.version).await?;
            let answer = AdmissionPlan {
                unregistered,
                ..encode(&changed)
            };
            let data_class = match records.is_empty() {
                true => DataClass::Internal,
                false => DataClass::Sensitive,
            };
            let entry = about_as(&changed, data_class)
                .change(Some(&before), &encode(&changed))
                .with_all(records);
            Ok::<_, AdmissionError>((answer, taken.entry(entry, &asked)))
        })
        .await
}

/// Where the plan's school lies, held until the transaction ends. Fails with `SCHOOL_NOT_OPEN` for one that has closed.
pub(super) async fn held_open(tx: &Tx, school: Uuid) -> Result<i64, AdmissionError> {
    Ok(held(tx, school).await?.place)
}

/// The same for a school that children come new to. Fails with `SCHOOL_CLOSES` too, for one whose closing is approved.
pub(super) async fn held_staying(tx: &Tx, school: Uuid) -> Result<school::Model, AdmissionError> {
    let school = held(tx, school).await?;
    parent::check_stays(&school)?;
    Ok(school)
}

async fn held(tx: &Tx, school: Uuid) -> Result<school::Model, AdmissionError> {
    let row = parent::hold_school(&**tx, school).await?;
    parent::check_open(&row)?;
    Ok(row)
}

fn check(asked: &Asked, given: &Given) -> Vec<Violation> {
    let line = |field: &str, text: &str, least: usize| {
        let length = text.trim().chars().count();
        let wrong = !(least..=200).contains(&length);
        let wrong = wrong.then(|| {
            Violation::invalid(
                field,
                format!("must have {least} to 200 characters"),
                format!("应为{least}至200字"),
            )
        });
        wrong.into_iter().chain(check_text(field, text)).collect()
    };
    match given {
        Given::Source(source) if source.is_empty() => Vec::new(),
        Given::Source(source) => line("seed_source", source, 4),
        Given::Seed(seed) => line("seed", seed, 16),
        Given::Nothing if asked.step == RETURN => check_reason("note", &asked.note),
        Given::Nothing => Vec::new(),
    }
}

/// The first day on which children who enter in the plan's school year arrive.
pub(super) fn first_arrival(context: &Context, plan: &Model) -> Result<NaiveDate, KernelError> {
    let first_day = school_year::first_day(plan.school_year);
    let path = RegionPath::of(&context.regions, &plan.region);
    let book = RuleBook::builtin()?;
    let ahead = book.rule("admission.most_days_ahead", &path, context.clock.today())?;
    Ok(first_day - Days::new(ahead.count()?.into()))
}

fn facts_of(context: &Context, plan: &Model) -> Result<Facts, KernelError> {
    Ok(Facts {
        listed: plan.listed_count,
        places: plan.place_count,
        seed_source: plan.seed_source.clone(),
        seed: plan.seed.clone(),
        notice_end: plan.notice_end_date.parse().ok(),
        first_arrival: first_arrival(context, plan)?,
        waiting: plan.arrived_count - plan.enrolled_count,
        today: context.clock.today(),
    })
}

/// Fixes the digest of the list; where there are places for all, all are admitted.
async fn close(
    tx: &Tx,
    plan: &mut Model,
    listed: &[admission_entry::Model],
) -> Result<(), AdmissionError> {
    let ids: Vec<Uuid> = listed.iter().map(|entry| entry.id).collect();
    plan.list_digest = draw::list_digest(&ids);
    plan.listed_count = i32::try_from(ids.len()).unwrap_or(i32::MAX);
    if plan.listed_count <= plan.place_count {
        store::decide_all(&**tx, plan.id, Outcome::Admitted).await?;
        counts::admit_all(&**tx, plan.id).await?;
        plan.admitted_count = plan.listed_count;
    }
    Ok(())
}

async fn drawn(
    tx: &Tx,
    plan: &mut Model,
    listed: &[admission_entry::Model],
    seed: &str,
) -> Result<(), AdmissionError> {
    let by_law = |kind: i32| kind == Kind::Policy as i32;
    let ids = |policy: bool| -> Vec<Uuid> {
        let entries = listed.iter().filter(|entry| by_law(entry.kind) == policy);
        entries.map(|entry| entry.id).collect()
    };
    let places = usize::try_from(plan.place_count).unwrap_or(0);
    let (policy, others) = (ids(true), ids(false));
    let admitted = draw::admitted(seed, &plan.list_digest, &policy, &others, places);
    store::decide_all(&**tx, plan.id, Outcome::NotDrawn).await?;
    store::decide(&**tx, &admitted, Outcome::Admitted).await?;
    let chosen: HashSet<&Uuid> = admitted.iter().collect();
    let chosen = listed.iter().filter(|entry| chosen.contains(&entry.id));
    let kinds = counts::by_kind(chosen.map(|entry| entry.kind));
    counts::admit(&**tx, plan.id, kinds).await?;
    plan.seed = seed.to_owned();
    plan.admitted_count = i32::try_from(admitted.len()).unwrap_or(i32::MAX);
    Ok(())
}

async fn reopen(tx: &Tx, plan: &mut Model) -> Result<(), AdmissionError> {
    store::decide_all(&**tx, plan.id, Outcome::Listed).await?;
    counts::admit(&**tx, plan.id, BTreeMap::new()).await?;
    plan.admitted_count = 0;
    for text in [
        &mut plan.notice_end_date,
        &mut plan.list_digest,
        &mut plan.seed_source,
        &mut plan.seed,
    ] {
        text.clear();
    }
    Ok(())
}

/// What a step made of the children of a list, for the journal. The plan is held: nobody comes onto the list or leaves it.
async fn told(
    context: &Context,
    tx: &Tx,
    listed: &[admission_entry::Model],
) -> Result<Vec<Record>, AdmissionError> {
    let Some(first) = listed.first() else {
        return Ok(Vec::new());
    };
    let now = store::of_plan(&**tx, first.plan).await?;
    let changed = listed.iter().zip(&now);
    let changed = changed.filter(|(before, after)| before.version != after.version);
    let keys = &context.store.keys;
    let records = changed.map(|(before, after)| child::record_of(keys, before, after, false));
    Ok(records.collect::<Result<_, KernelError>>()?)
}

/// The last day of a notice that begins today.
fn notice_end(context: &Context, plan: &Model) -> Result<String, KernelError> {
    let (today, path) = (
        context.clock.today(),
        RegionPath::of(&context.regions, &plan.region),
    );
    let days = RuleBook::builtin()?.number("admission.notice_days", &path, today)?;
    Ok((today + Days::new(days.unsigned_abs())).to_string())
}
