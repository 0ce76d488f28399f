//! Whose absences reach the thresholds of their place, and the suspicions that follow: for many pupils in a few statements.

use std::collections::{BTreeMap, HashMap};

use chrono::{Days, NaiveDate};
use junheng_kernel::bulk::IMPORT_SET;
use junheng_kernel::error::KernelError;
use junheng_kernel::service::Context;
use junheng_proto::journal::v1::Record;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::called::{Kind, is_without_leave, kind_of};
use super::rules::{Absence, Thresholds, add_up};
use super::{days, store, terms};
use crate::dropout_case::opening::{self, Finding, Scene, Subject, Suspicion};
use crate::rule_book::RuleBook;

/// How far back absences are looked at. The sum is a term's; a run may have begun before the holidays.
const WINDOW: Days = Days::new(365);
/// How far before the first absence of a run the last day at school is looked for: the longest holiday within a term.
const BEFORE: Days = Days::new(14);

/// What came of looking.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Cases that were opened or reopened.
    pub(crate) opened: usize,
    /// What the journal keeps of them.
    pub(crate) records: Vec<Record>,
}

/// Opens a suspicion for each of some pupils, with their places, whose absences reach a threshold today.
pub(crate) async fn open(
    tx: &impl ConnectionTrait,
    context: &Context,
    pupils: Vec<(Uuid, i64)>,
) -> Result<Found, KernelError> {
    let today = context.clock.today();
    let reached = reached(tx, context, &pupils, today).await?;
    let suspicions = reached.iter().map(|(student, absence)| Suspicion {
        subject: Subject::Student(*student),
        finding: Finding::Attendance,
        found_date: today,
        last_day: absence.last_present,
        source: format!("students/{student}"),
        reporter: None,
    });
    suspect(tx, context, suspicions.collect()).await
}

/// Hands suspicions to the cases, a set at a time.
pub(crate) async fn suspect(
    tx: &impl ConnectionTrait,
    context: &Context,
    suspicions: Vec<Suspicion>,
) -> Result<Found, KernelError> {
    let mut found = Found::default();
    if suspicions.is_empty() {
        return Ok(found);
    }
    let scene = Scene::of(context)?;
    for some in suspicions.chunks(IMPORT_SET) {
        let opened = opening::suspect(tx, &scene, some.to_vec()).await?;
        found.opened += opened.len();
        found
            .records
            .extend(opened.into_iter().flat_map(|one| one.records));
    }
    Ok(found)
}

/// Those of some pupils, with their places, whose absences up to a day reach a threshold of the place on it.
pub(crate) async fn reached(
    database: &impl ConnectionTrait,
    context: &Context,
    pupils: &[(Uuid, i64)],
    until: NaiveDate,
) -> Result<Vec<(Uuid, Absence)>, KernelError> {
    if pupils.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = pupils.iter().map(|(id, _)| *id).collect();
    let since = until.checked_sub_days(WINDOW).unwrap_or(until);
    let settled = store::settled(database, &ids).await?;
    let mut histories: HashMap<Uuid, BTreeMap<NaiveDate, Kind>> = HashMap::new();
    for row in store::absences_of(database, &ids, since).await? {
        let date: Option<NaiveDate> = row.date.parse().ok();
        let Some(date) = date.filter(|date| *date <= until) else {
            continue;
        };
        let days = histories.entry(row.student).or_default();
        days.insert(date, kind_of(row.kind));
    }
    let mut thresholds: HashMap<i64, Thresholds> = HashMap::new();
    // Those with absences enough, with their places and the day from which they may have been there in between.
    let mut candidates: BTreeMap<Uuid, (i64, NaiveDate)> = BTreeMap::new();
    for (student, place) in pupils {
        let limit = match thresholds.get(place) {
            Some(limit) => *limit,
            None => thresholds_at(context, *place, until)?,
        };
        thresholds.insert(*place, limit);
        let Some(days) = histories.get(student) else {
            continue;
        };
        if let Some(since) = looked_from(days, &limit, settled.get(student).copied()) {
            candidates.insert(*student, (*place, since));
        }
    }
    let wanted: Vec<Uuid> = candidates.keys().copied().collect();
    let mut places: HashMap<Uuid, NaiveDate> = HashMap::new();
    for (student, classes) in store::classes_of(database, &wanted).await? {
        let Some((_, since)) = candidates.get(&student) else {
            continue;
        };
        for class in classes {
            let earliest = places.entry(class).or_insert(*since);
            *earliest = Ord::min(*since, *earliest);
        }
    }
    let wanted = wanted.into_iter().collect();
    let mut called = store::called_days(database, places, &wanted).await?;
    let judged = candidates.into_iter().filter_map(|(student, (place, _))| {
        let mut days = histories.remove(&student)?;
        days.extend(called.remove(&student).unwrap_or_default());
        let days = days.into_iter().filter(|(date, _)| *date <= until);
        let begin = |date| terms::begin_of(place, date);
        let absence = add_up(days, begin, settled.get(&student).copied());
        let limit = thresholds.get(&place)?;
        limit.are_reached(&absence).then_some((student, absence))
    });
    Ok(judged.collect())
}

/// The thresholds of a place on a day.
pub(crate) fn thresholds_at(
    context: &Context,
    place: i64,
    date: NaiveDate,
) -> Result<Thresholds, KernelError> {
    let path = days::path_at(context, place);
    let book = RuleBook::builtin()?;
    let whole = |days: i64| u32::try_from(days).unwrap_or_default();
    Ok(Thresholds {
        consecutive: whole(book.number("absence.suspect_consecutive_days", &path, date)?),
        total: whole(book.number("absence.suspect_total_days", &path, date)?),
    })
}

/// The day from which it is asked whether a pupil was there in between, when its absences, day by day, are enough for any threshold.
fn looked_from(
    days: &BTreeMap<NaiveDate, Kind>,
    limit: &Thresholds,
    settled: Option<NaiveDate>,
) -> Option<NaiveDate> {
    let without_leave: Vec<NaiveDate> = days
        .iter()
        .rev()
        .filter(|(date, kind)| {
            is_without_leave(**kind) && settled.is_none_or(|settled| **date > settled)
        })
        .map(|(date, _)| *date)
        .collect();
    let count = u32::try_from(without_leave.len()).unwrap_or(u32::MAX);
    if count < limit.least() {
        return None;
    }
    let run = usize::try_from(limit.consecutive.max(1)).unwrap_or(usize::MAX);
    let first = without_leave.get(..run).unwrap_or(&without_leave).last()?;
    first.checked_sub_days(BEFORE)
}
