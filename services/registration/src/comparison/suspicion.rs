//! What follows from a comparison: suspicions of children in no school, marks on the cases of children to be watched, and
//! the hand-over of a case when its child is registered.

use std::collections::HashSet;

use junheng_kernel::error::KernelError;
use junheng_kernel::journal::Entry;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_proto::journal::v1::Record;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::Comparison;
use junheng_proto::registration::v1::resident_list::Kind;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::run::{METHOD, next_phase};
use super::{known, matching, rules, store};
use crate::dropout_case::opening::{self, Finding, Scene, Subject, Suspicion};
use crate::dropout_case::{grouping, handover};
use crate::entity::comparison::Model;
use crate::entity::{comparison_result as result, dropout_case};
use crate::finding::rules::first_awaited;
use crate::school_year;

/// Children of one page, and so of one journal row.
const PAGE: u64 = 500;

/// Opens a suspicion of each child of a page that is of school age, in no school, and was not found so before: what was
/// cleared or closed once stays so until something changes or a new school year asks anew, for papers of a child without a record
/// have no end that anything watches. Who has a record is suspected as the student, but for those who have just finished primary
/// school: of them the searches among records say when they are late.
pub(super) async fn open_page(
    context: &Context,
    tx: &Tx,
    before: &Model,
) -> Result<(Model, Vec<Record>), KernelError> {
    let scene = Scene::of(context)?;
    let year_begin = school_year::first_day(school_year::of(scene.today));
    let page = store::not_enrolled(&**tx, before, year_begin, PAGE).await?;
    let Some(last) = page.last() else {
        return Ok((next_phase(before), Vec::new()));
    };
    let students = page.iter().filter_map(|row| row.student).collect();
    let days = scene.number("finding.arrival_days", &before.region)?;
    let first = first_awaited(scene.today, u32::try_from(days).unwrap_or_default());
    let awaited = store::finished_since(&**tx, students, first).await?;
    let is_late = |row: &&result::Model| row.student.is_none_or(|own| !awaited.contains(&own));
    let suspicion = |row: &result::Model| Suspicion {
        subject: match row.student {
            Some(student) => Subject::Student(student),
            None => Subject::Resident(row.person),
        },
        finding: Finding::Comparison,
        found_date: scene.today,
        last_day: None,
        source: format!("residentLists/{}", before.list),
        reporter: Some(before.account.clone()),
    };
    let suspicions = page.iter().filter(is_late).map(suspicion).collect();
    let opened = opening::suspect(&**tx, &scene, suspicions).await?;
    let after = Model {
        cursor: last.person,
        cursor_place: last.place,
        suspected: before.suspected + i64::try_from(opened.len()).unwrap_or(0),
        version: before.version + 1,
        ..before.clone()
    };
    let records = opened.into_iter().flat_map(|one| one.records);
    Ok((after, records.collect()))
}

/// Marks the cases of a page whose child is on a list of children to be watched.
pub(super) async fn mark_page(
    context: &Context,
    tx: &Tx,
    before: &Model,
) -> Result<(Model, Vec<Record>), KernelError> {
    let kind = Kind::try_from(before.kind).unwrap_or_default();
    let Some(group) = rules::group_of(kind) else {
        return Ok((next_phase(before), Vec::new()));
    };
    let (cases, last) = grouping::hold_page(&**tx, before.cursor, PAGE).await?;
    let Some(last) = last else {
        return Ok((next_phase(before), Vec::new()));
    };
    let after = Model {
        cursor: last,
        version: before.version + 1,
        ..before.clone()
    };
    let listed = listed(context, &**tx, before, &cases).await?;
    let cases = cases.into_iter().filter(|case| listed.contains(&case.id));
    let scene = Scene::of(context)?;
    let records = grouping::mark(&**tx, &scene, cases.collect(), group).await?;
    Ok((after, records))
}

/// The cases whose child is in the list that was compared.
async fn listed(
    context: &Context,
    database: &impl ConnectionTrait,
    run: &Model,
    cases: &[dropout_case::Model],
) -> Result<HashSet<Uuid>, KernelError> {
    let students = cases.iter().filter_map(|case| case.student).collect();
    let students = store::documents_of(database, students).await?;
    let of_students = known::persons_of(database, &context.store.keys, &students).await?;
    let of_students = of_students.into_iter().flat_map(|(student, person)| {
        let own = cases
            .iter()
            .filter(move |case| case.student == Some(student));
        own.map(move |case| (case.id, person))
    });
    let unregistered = cases
        .iter()
        .filter_map(|case| Some((case.id, case.resident?)));
    let persons: Vec<(Uuid, Uuid)> = of_students.chain(unregistered).collect();
    let asked = persons.iter().map(|(_, person)| *person).collect();
    let found = store::found_listed(database, run.id, asked).await?;
    let is_listed = persons
        .into_iter()
        .filter(|(_, person)| found.contains(person));
    Ok(is_listed.map(|(case, _)| case).collect())
}

/// Gives the open cases of children who have been registered since to their students. Looks at few rows: the open cases of
/// residents.
pub(super) async fn hand_over_registered(context: &Context) -> Result<(), KernelError> {
    for (resident, student) in matching::registered(context.store.reader(), PAGE).await? {
        if let Err(error) = hand_over(context, resident, student).await {
            // The cases of the others do not wait for this one.
            tracing::warn!(%resident, %student, %error, "a case is handed over at the next look");
        }
    }
    Ok(())
}

async fn hand_over(context: &Context, resident: Uuid, student: Uuid) -> Result<(), KernelError> {
    let caller = context.own_caller(METHOD)?;
    let (own, now) = (context.clone(), context.clock.now_micros());
    // A case that comes to nothing is looked at again; one that is handed over is no resident's any more.
    let key = RequestKey::own(format!("residents/{resident}/{student}/{now}"));
    let _done: Comparison = context
        .store
        .write(&caller, key, move |tx| async move {
            let scene = Scene::of(&own)?;
            let records = handover::hand_over(&*tx, &scene, resident, student).await?;
            let (place, school) = records.first().map_or((0, None), |record| {
                (record.place, Uuid::try_parse(&record.school).ok())
            });
            let name = format!("residents/{resident}");
            let entry = Entry::about(name, place, school, DataClass::Sensitive);
            Ok::<_, KernelError>((Comparison::default(), entry.with_all(records)))
        })
        .await?;
    Ok(())
}
