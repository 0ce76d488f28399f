//! Enters children into a list.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::{FirstRows, ImportResult, Refusal, Report};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::journal::{Entry, record};
use junheng_kernel::name::id_of;
use junheng_kernel::post::Level;
use junheng_kernel::resource;
use junheng_kernel::scope::Scope;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_proto::education::v1::Stage;
use junheng_proto::error::v1::Reason;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::admission_entry::Outcome;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::{AddAdmissionEntriesRequest, AdmissionRow, AdmittedChild};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::LockType;
use uuid::Uuid;

use super::error::AdmissionError;
use super::rpc::{about_as, encode, name_of};
use super::rules::{self, Conditions};
use super::workflow::State;
use super::{child, counts, steps, store};
use crate::attendance_zone::store as zones;
use crate::entity::{admission_entry as entry, admission_plan as plan, school};
use crate::promotion::store as places;
use crate::rule_book::{RegionPath, RuleBook};
use crate::school::store as schools;
use crate::school_year;
use crate::student::{document, rules as person, store as students};

/// The most rows of a call.
const MOST: usize = 500;

/// A row that has passed the rules.
struct Wanted {
    row: i64,
    model: entry::Model,
    child: AdmittedChild,
}

/// Enters rows, or judges them only.
pub(super) async fn add(
    context: &Context,
    caller: Caller,
    message: AddAdmissionEntriesRequest,
) -> Result<ImportResult, AdmissionError> {
    let id = id_of("admissionPlans", &message.name)?;
    if message.rows.is_empty() || message.rows.len() > MOST {
        return Err(KernelError::Fields(vec![Violation::invalid(
            "rows",
            "must be 1 to 500",
            "应为1至500行",
        )])
        .into());
    }
    let key = RequestKey::of(&message.request_id, &message)?;
    let (context, store) = (context.clone(), context.store.clone());
    if message.validate_only {
        let reader = store.reader();
        let current = open_plan(reader, &caller.scope, id).await?;
        let mut report = Report::new(true);
        report.read(message.rows.len());
        let wanted = judge(&context, reader, &current, message.rows, &mut report).await?;
        standing(reader, &caller, &current, wanted, &mut report).await?;
        return Ok(report.finish());
    }
    store
        .write(&caller.clone(), key, move |tx| async move {
            let found = open_plan(&*tx, &caller.scope, id).await?;
            steps::held_staying(&tx, found.school).await?;
            store::hold_plan(&*tx, id).await?;
            let current = open_plan(&*tx, &caller.scope, id).await?;
            let mut report = Report::new(false);
            report.read(message.rows.len());
            let wanted = judge(&context, &*tx, &current, message.rows, &mut report).await?;
            hold_graduates(&*tx, &current, &wanted).await?;
            let new = standing(&*tx, &caller, &current, wanted, &mut report).await?;
            let models = new.iter().map(|wanted| wanted.model.clone()).collect();
            let added = store::insert_entries(&*tx, models).await?;
            let kinds = new.iter().filter(|wanted| added.contains(&wanted.model.id));
            let kinds = counts::by_kind(kinds.map(|wanted| wanted.model.kind));
            counts::list(&*tx, id, kinds).await?;
            let (mut records, mut late) = (Vec::new(), Vec::new());
            let keys = &context.store.keys;
            for wanted in new {
                if !added.contains(&wanted.model.id) {
                    late.push(wanted);
                    continue;
                }
                report.created();
                let told = child::encode(keys, &wanted.model)?;
                let (place, school) = (wanted.model.place, Some(wanted.model.school));
                records.push(record(&told.name, place, school, None, &told, true));
            }
            // Another list took them after this one looked.
            standing(&*tx, &caller, &current, late, &mut report).await?;
            if records.is_empty() {
                // Nothing was entered: the list is what it was, and so is its etag.
                let entry = about_as(&current, DataClass::Sensitive);
                return Ok((report.finish(), entry));
            }
            let before = encode(&current);
            let mut changed = current.clone();
            changed.listed_count += i32::try_from(records.len()).unwrap_or(i32::MAX);
            changed.version += 1;
            changed.update_micros = context.clock.now_micros();
            resource::replace::<plan::Entity>(&*tx, changed.clone(), current.version).await?;
            let entry = about_as(&changed, DataClass::Sensitive)
                .change(Some(&before), &encode(&changed))
                .with_all(records);
            Ok::<_, AdmissionError>((report.finish(), entry))
        })
        .await
}

pub(super) fn about_entry(row: &entry::Model) -> Entry {
    let name = child::name_of(row.id);
    Entry::about(name, row.place, Some(row.school), DataClass::Sensitive)
}

pub(super) async fn open_plan(
    database: &impl ConnectionTrait,
    scope: &Scope,
    id: Uuid,
) -> Result<plan::Model, AdmissionError> {
    let current = resource::get::<plan::Entity>(database, scope, id).await?;
    if current.state != State::Draft as i32 {
        let name = name_of(&current);
        return Err(AdmissionError::Closed { name });
    }
    Ok(current)
}

/// What children of a plan are judged by.
async fn conditions(
    context: &Context,
    database: &impl ConnectionTrait,
    plan: &plan::Model,
) -> Result<Conditions, AdmissionError> {
    let age_date = school_year::age_day(plan.school_year);
    let (book, path) = (
        RuleBook::builtin()?,
        RegionPath::of(&context.regions, &plan.region),
    );
    let name = format!("schools/{}", plan.school);
    let public = Scope::everything("the directory is public");
    let school = resource::get::<school::Entity>(database, &public, plan.school).await?;
    let (region, year) = (&plan.region, plan.school_year);
    let published = zones::published(database, region, year, plan.stage).await?;
    let published = published.map(|plan| zones::zones_of(&plan)).transpose()?;
    Ok(Conditions {
        stage: plan.stage,
        age_date,
        entry_age: book.number("entry.age", &path, age_date)?,
        latest_age: book.number("entry.latest_age", &path, age_date)?,
        documents: allowed_documents(context, &plan.region, age_date)?,
        county: context
            .regions
            .ranges(&plan.region)
            .map_err(|_| KernelError::RegionUnknown {
                code: plan.region.clone(),
            })?,
        takes_zones: rules::takes_zones(plan.basis, school.sponsor),
        zones: rules::feeding(published.unwrap_or_default(), &name),
        school: (name, school.display_name),
    })
}

/// The documents that migrant families may be asked for on a day.
pub(super) fn allowed_documents(
    context: &Context,
    region: &str,
    date: NaiveDate,
) -> Result<BTreeSet<i32>, KernelError> {
    let (book, path) = (
        RuleBook::builtin()?,
        RegionPath::of(&context.regions, region),
    );
    let mut allowed = BTreeSet::new();
    for (document, rule) in rules::DOCUMENTS {
        if book.allows(rule, &path, date)? {
            allowed.insert(document as i32);
        }
    }
    Ok(allowed)
}

async fn judge(
    context: &Context,
    database: &impl ConnectionTrait,
    plan: &plan::Model,
    rows: Vec<AdmissionRow>,
    report: &mut Report,
) -> Result<Vec<Wanted>, AdmissionError> {
    let conditions = conditions(context, database, plan).await?;
    let keys = &context.store.keys;
    let index = document::index_of(keys)?;
    let today = context.clock.today();
    let mut first_rows = FirstRows::by("child.identity_number");
    let mut wanted = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(mut given) = row.child else {
            report.reject(row.row, &[Violation::required("child")]);
            continue;
        };
        given.identity_number = document::normalize(&given.identity_number);
        let draft = child::draft_of(&given);
        let mut wrong: Vec<Violation> = person::check(&draft, today)
            .into_iter()
            .map(|wrong| Violation {
                field: format!("child.{}", wrong.field),
                ..wrong
            })
            .collect();
        wrong.extend(rules::check_child(row.kind, &given, &conditions));
        if !wrong.is_empty() {
            report.reject(row.row, &wrong);
            continue;
        }
        let hash = document::hash(index, &draft, plan.school);
        if let Err(again) = first_rows.claim(&hash, row.row) {
            report.refuse(row.row, &Refusal::from(again));
            continue;
        }
        let id = Uuid::now_v7();
        wanted.push(Wanted {
            row: row.row,
            model: entry::Model {
                id,
                plan: plan.id,
                school: plan.school,
                place: plan.place,
                school_year: plan.school_year,
                kind: row.kind,
                outcome: Outcome::Listed as i32,
                identity_hash: hash.clone(),
                claim: hash,
                personal: child::seal(keys, id, &given)?,
                arrived: false,
                student: None,
                version: 1,
            },
            child: given,
        });
    }
    Ok(wanted)
}

/// Where the county has given primary graduates a place for the year of a junior plan, by the hash of the document.
async fn placed(
    database: &impl ConnectionTrait,
    plan: &plan::Model,
    hashes: &[&[u8]],
) -> Result<HashMap<Vec<u8>, Uuid>, AdmissionError> {
    if plan.stage != Stage::Junior as i32 {
        return Ok(HashMap::new());
    }
    let graduates = students::with_hashes(database, hashes).await?;
    let ids: Vec<Uuid> = graduates.iter().map(|student| student.id).collect();
    let places = places::places_of(database, &ids, plan.school_year).await?;
    let placed = graduates.into_iter().filter_map(|student| {
        let place = places.get(&student.id)?;
        Some((student.identity_hash, place.school))
    });
    Ok(placed.collect())
}

/// Holds the primary records of a junior list's children, so that the county gives none of them a place meanwhile.
async fn hold_graduates(
    database: &impl ConnectionTrait,
    plan: &plan::Model,
    rows: &[Wanted],
) -> Result<(), AdmissionError> {
    if plan.stage != Stage::Junior as i32 || rows.is_empty() {
        return Ok(());
    }
    let hashes: Vec<&[u8]> = rows.iter().map(|row| row.model.claim.as_slice()).collect();
    let graduates = students::with_hashes(database, &hashes).await?;
    let ids: Vec<Uuid> = graduates.iter().map(|student| student.id).collect();
    Ok(students::hold_all(database, &ids, LockType::Update).await?)
}

/// Refuses who stands on a list of the year, has a record of the stage already or a place given by the county; gives the
/// others.
async fn standing(
    database: &impl ConnectionTrait,
    caller: &Caller,
    plan: &plan::Model,
    rows: Vec<Wanted>,
    report: &mut Report,
) -> Result<Vec<Wanted>, AdmissionError> {
    if rows.is_empty() {
        return Ok(rows);
    }
    let hashes: Vec<Vec<u8>> = rows.iter().map(|row| row.model.claim.clone()).collect();
    let listed: HashMap<Vec<u8>, entry::Model> =
        store::with_claims(database, plan.school_year, hashes.clone())
            .await?
            .into_iter()
            .map(|entry| (entry.claim.clone(), entry))
            .collect();
    let hashes: Vec<&[u8]> = hashes.iter().map(Vec::as_slice).collect();
    let mut registered = HashMap::new();
    for student in students::with_hashes(database, &hashes).await? {
        let gone = student.state == StudentState::Cancelled as i32;
        if !gone && student.stage >= plan.stage {
            registered.insert(student.identity_hash.clone(), student.school);
        }
    }
    for (hash, student) in students::former_holders(database, &hashes).await? {
        if student.state != StudentState::Cancelled as i32 && student.stage >= plan.stage {
            registered.insert(hash, student.school);
        }
    }
    let placed = placed(database, plan, &hashes).await?;
    let ids = listed.values().map(|entry| entry.school);
    let ids = ids.chain(placed.values().copied());
    let ids: BTreeSet<Uuid> = ids.chain(registered.values().copied()).collect();
    let names: HashMap<Uuid, String> = schools::with_ids(database, &caller.scope, ids)
        .await?
        .into_iter()
        .map(|school| (school.id, school.display_name))
        .collect();
    let whereabouts = |school: &Uuid| match names.get(school) {
        Some(name) => (name.clone(), name.clone()),
        None if caller.role.level == Level::School => ("another school".into(), "其他学校".into()),
        None => ("another county".into(), "其他县(区)".to_owned()),
    };
    let mut new = Vec::with_capacity(rows.len());
    for wanted in rows {
        let (reason, school) = match listed.get(&wanted.model.claim) {
            Some(entry) if entry.plan == plan.id && entry.kind == wanted.model.kind => {
                report.unchanged();
                continue;
            }
            Some(entry) => (Reason::ListedAlready, entry.school),
            None => match registered.get(&wanted.model.claim) {
                Some(school) => (Reason::PersonRegistered, *school),
                None => match placed.get(&wanted.model.claim) {
                    Some(school) => (Reason::JuniorPlaceGiven, *school),
                    None => {
                        new.push(wanted);
                        continue;
                    }
                },
            },
        };
        let (place, place_zh) = whereabouts(&school);
        let (verb, verb_zh) = match reason {
            Reason::ListedAlready => ("stands on this year's list of", "本学年已列入招生名单:"),
            Reason::JuniorPlaceGiven => ("was given a junior place in", "县级已安排初中学位:"),
            _ => ("is that of somebody registered in", "该证件已登记学籍:"),
        };
        let sealed = document::normalize(&wanted.child.identity_number).is_empty();
        let field = if sealed {
            "child.display_name"
        } else {
            "child.identity_number"
        };
        report.reject(
            wanted.row,
            &[Violation {
                field: field.into(),
                reason,
                why: format!("{verb} {place}"),
                why_zh: format!("{verb_zh}{place_zh}"),
            }],
        );
    }
    Ok(new)
}
