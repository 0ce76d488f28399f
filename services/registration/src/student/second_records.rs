//! Records that may be the second of their child and are in no case: looked for at the end of a first load, again a moment
//! after every registration, and when key fields have been changed.
//!
//! Every registration looks for older records of its children itself, and on SQLite, where one comes after the other, that is all. On
//! PostgreSQL two writes of the same moment that name a child by two different documents do not see each other. One of the two
//! shows no resident number then, and those who show none are few: they are looked at again when what was written beside them
//! has ended, and so is who had a change of key fields approved beside another write. Every replica looks; who has met in a case is
//! passed over.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::Entry;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_proto::journal::v1::Record;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::student::State;
use sea_orm::DatabaseBackend;
use uuid::Uuid;

use super::document;
use super::first_load::FirstLoad;
use super::person::{self, Person};
use super::rules::Draft;
use super::store::{self, Namesake};
use super::suspicion::{self, Child};
use crate::duplicate_case::{self, Suspected};
use crate::entity::student::Model;
use crate::school::parent;

/// What the journal names; nobody calls it.
const METHOD: &str = "/junheng.registration.v1.DuplicateCaseService/OpenDuplicateCase";

/// How often it looks.
const EVERY: Duration = Duration::from_secs(5);
/// How far a look goes back behind the one before it: longer than the largest import holds a set, or all that it brings. What takes
/// longer is found at a start.
const BACK: Duration = Duration::from_secs(10 * 60);
/// How far the first look of a process goes back: another process may have been stopped before it looked, and all over a holiday.
const BEFORE_START: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// Records that are opened at a time, and more where so many have one name, sex and month of birth.
const SOME: usize = 500;
/// Claims that one transaction states: each reads the whole case.
const CLAIMS: usize = 100;

/// A second record, what was written of its child, and the older one.
#[derive(Clone)]
struct Pair {
    standing: Model,
    second: Model,
    draft: Draft,
}

/// What a look came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    /// Second records whose cases were opened.
    pub(super) opened: usize,
    /// Those that somebody changed or opened meanwhile, and those that failed: they are to be looked for again.
    pub(super) left: usize,
}

/// The oldest records of one name, sex and day of birth.
#[derive(Default)]
struct Oldest {
    of_all: Option<Uuid>,
    unnumbered: Option<Uuid>,
}

/// Starts to look, until the process drains.
pub(crate) fn watch(context: &Context, load: &FirstLoad) {
    if context.store.backend() != DatabaseBackend::Postgres {
        return;
    }
    let (context, load) = (context.clone(), load.clone());
    context.tasks.clone().spawn(async move {
        // Ids tell when they were made.
        let mut since = before(Uuid::now_v7(), BEFORE_START);
        loop {
            let now = Uuid::now_v7();
            match look(&context, &load, since).await {
                Ok(true) => since = before(now, BACK),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "second records wait for the next look"),
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = context.stop.cancelled() => return,
            }
        }
    });
}

/// Looks at those who have been registered since this id was made; whether it is done with them. While a first load is under way
/// there is no index to look by.
async fn look(context: &Context, load: &FirstLoad, since: Uuid) -> Result<bool, KernelError> {
    if load.is_anywhere().await? {
        return Ok(false);
    }
    let Found { opened, left } = open_cases(context, Some(since)).await?;
    if opened > 0 {
        tracing::info!(
            opened,
            "children were registered twice in one moment; their cases are open"
        );
    }
    Ok(left == 0)
}

/// Opens a case for each second record that is in none: where one of the records without a resident number has been registered
/// since this id was made, or at any time. What fails does not keep the others waiting. Can be done again.
pub(super) async fn open_cases(
    context: &Context,
    since: Option<Uuid>,
) -> Result<Found, KernelError> {
    let reader = context.store.reader();
    let namesakes = store::namesakes(reader, since).await?;
    let mut groups = namesakes.chunk_by(|one, next| one.key == next.key);
    let mut total = Found::default();
    loop {
        let mut some: Vec<&[Namesake]> = Vec::new();
        while some.iter().map(|group| group.len()).sum::<usize>() < SOME
            && let Some(group) = groups.next()
        {
            some.push(group);
        }
        if some.is_empty() {
            return Ok(total);
        }
        let pairs = pairs_of(context, &some).await?;
        let seconds: Vec<Uuid> = pairs.iter().map(|pair| pair.second.id).collect();
        let standing: Vec<Uuid> = pairs.iter().map(|pair| pair.standing.id).collect();
        let met = duplicate_case::store::met(reader, &[seconds, standing].concat()).await?;
        let mut by_school: BTreeMap<Uuid, Vec<Pair>> = BTreeMap::new();
        for pair in pairs.into_iter().filter(|pair| !pair.has_met(&met)) {
            by_school.entry(pair.second.school).or_default().push(pair);
        }
        for pairs in by_school.values().flat_map(|pairs| pairs.chunks(CLAIMS)) {
            let opened = match open_those(context, pairs.to_vec()).await {
                Ok(opened) => opened,
                Err(error) => {
                    tracing::info!(%error, "cases of second records are opened one by one");
                    one_by_one(context, pairs).await
                }
            };
            total.opened += opened;
            total.left += pairs.len() - opened;
        }
    }
}

async fn one_by_one(context: &Context, pairs: &[Pair]) -> usize {
    let mut opened = 0;
    for pair in pairs {
        match open_those(context, vec![pair.clone()]).await {
            Ok(one) => opened += one,
            Err(error) => {
                tracing::warn!(student = %pair.second.id, %error, "the case of a second record waits for the next look");
            }
        }
    }
    opened
}

/// Each record that no claim names, beside the oldest that may be the same child's: the days of birth, which are sealed, agree.
async fn pairs_of(context: &Context, groups: &[&[Namesake]]) -> Result<Vec<Pair>, KernelError> {
    let ids = groups.iter().flat_map(|group| group.iter());
    let ids = ids.map(|one| one.id);
    let students = store::with_ids(context.store.reader(), ids).await?;
    let keys = &context.store.keys;
    let mut known: HashMap<Uuid, (Model, Person)> = HashMap::with_capacity(students.len());
    let group_of: HashMap<Uuid, (i64, i32, i32)> = groups
        .iter()
        .flat_map(|group| group.iter().map(|one| (one.id, one.key)))
        .collect();
    for (id, student) in students {
        // Who was renamed or cancelled since is no namesake any more.
        let key = (student.name_key, student.sex, student.birth_month);
        if group_of.get(&id) != Some(&key) || student.state == State::Cancelled as i32 {
            continue;
        }
        match Person::of(keys, &student) {
            Ok(person) => {
                known.insert(id, (student, person));
            }
            // Nobody can say whose it is; the others do not wait for it.
            Err(error) => tracing::warn!(student = %id, %error, "a record cannot be opened"),
        }
    }
    let mut pairs = Vec::new();
    for group in groups {
        let mut oldest: HashMap<&str, Oldest> = HashMap::new();
        for one in *group {
            let Some((second, person)) = known.get(&one.id) else {
                continue;
            };
            let first = oldest.entry(&person.birth_date).or_default();
            let is_numbered = suspicion::is_numbered(second.identity_type);
            let standing = match is_numbered {
                // Two numbers are two persons.
                true => first.unnumbered,
                false => first.of_all,
            };
            first.of_all.get_or_insert(one.id);
            if !is_numbered {
                first.unnumbered.get_or_insert(one.id);
            }
            let standing = standing.filter(|_| !one.is_claimed);
            if let Some((standing, _)) = standing.and_then(|standing| known.get(&standing)) {
                pairs.push(Pair {
                    standing: standing.clone(),
                    second: second.clone(),
                    draft: person::draft_of(second, person),
                });
            }
        }
    }
    Ok(pairs)
}

/// Opens the cases of second records of one school; how many. Fails with `WRITE_CONFLICT` where all were changed meanwhile.
async fn open_those(context: &Context, pairs: Vec<Pair>) -> Result<usize, KernelError> {
    let caller = context.own_caller(METHOD)?;
    let (own, own_caller) = (context.clone(), caller.clone());
    let key = RequestKey::own(format!("secondRecords/{}", Uuid::now_v7()));
    let open = move |tx: Tx| async move {
        let pairs = held(&tx, pairs).await?;
        let first = pairs.first().ok_or(KernelError::WriteConflict)?;
        let place = first.second.place;
        let cases = suspect(&tx, &own, &own_caller, &pairs).await?;
        let entry = Entry::about("students", place, None, DataClass::Sensitive);
        Ok::<_, KernelError>((pairs.len() as u64, entry.with_all(cases)))
    };
    let opened = context.store.write(&caller, key, open).await?;
    Ok(usize::try_from(opened).unwrap_or(usize::MAX))
}

/// Opens the case of a record that is one child's with another, as its key fields tell since they were changed in this
/// transaction, and gives its records for the journal: with the oldest other that it has met in no case. Two that have met are
/// before people, or were. The schools of both come behind the record here, as a case's always do: two writes that wait for each
/// other's are told to try again.
pub(crate) async fn open_after_change(
    tx: &Tx,
    context: &Context,
    caller: &Caller,
    changed: &Model,
) -> Result<Vec<Record>, KernelError> {
    let keys = &context.store.keys;
    let draft_of = |record: &Model| {
        let person = Person::of(keys, record)?;
        Ok::<_, KernelError>(person::draft_of(record, &person))
    };
    let child = Child::of(document::index_of(keys)?, changed.id, &draft_of(changed)?);
    let others = suspicion::others_of(&**tx, keys, &child).await?;
    let ids: Vec<Uuid> = others.iter().map(|one| one.id).collect();
    let met = duplicate_case::store::met(&**tx, &[ids, vec![changed.id]].concat()).await?;
    for other in others {
        // The older one stands.
        let (standing, second) = match other.id < changed.id {
            true => (other, changed.clone()),
            false => (changed.clone(), other),
        };
        let draft = draft_of(&second)?;
        let pair = Pair {
            standing,
            second,
            draft,
        };
        if pair.has_met(&met) {
            continue;
        }
        let pairs = held(tx, vec![pair]).await?;
        if pairs.is_empty() {
            return Err(KernelError::WriteConflict);
        }
        return suspect(tx, context, caller, &pairs).await;
    }
    Ok(Vec::new())
}

async fn suspect(
    tx: &Tx,
    context: &Context,
    caller: &Caller,
    pairs: &[Pair],
) -> Result<Vec<Record>, KernelError> {
    let suspected: Vec<Suspected<'_>> = pairs
        .iter()
        .map(|pair| Suspected {
            standing: &pair.standing,
            second: &pair.second,
            draft: &pair.draft,
        })
        .collect();
    duplicate_case::suspect(tx, context, caller, &suspected).await
}

/// Those of the pairs that stand as they were read and have not met meanwhile, at the places where their schools lie and are held.
async fn held(tx: &Tx, pairs: Vec<Pair>) -> Result<Vec<Pair>, KernelError> {
    let both = |pair: &Pair| [pair.standing.id, pair.second.id];
    let ids: Vec<Uuid> = pairs.iter().flat_map(both).collect();
    let schools = pairs
        .iter()
        .flat_map(|pair| [pair.standing.school, pair.second.school]);
    let places = parent::hold_places(&**tx, schools).await?;
    let current = store::with_ids(&**tx, ids.iter().copied()).await?;
    let met = duplicate_case::store::met(&**tx, &ids).await?;
    let is_current = |read: &Model| {
        let now = current.get(&read.id);
        now.is_some_and(|now| now.version == read.version)
    };
    let mut kept = pairs;
    kept.retain(|pair| is_current(&pair.standing) && is_current(&pair.second));
    kept.retain(|pair| !pair.has_met(&met));
    for pair in &mut kept {
        for student in [&mut pair.standing, &mut pair.second] {
            let place = places.get(&student.school).copied();
            student.place = place.unwrap_or(student.place);
        }
    }
    Ok(kept)
}

// === impl Pair ===

impl Pair {
    /// Whether a case on one names the other.
    fn has_met(&self, met: &HashSet<(Uuid, Uuid)>) -> bool {
        let (standing, second) = (self.standing.id, self.second.id);
        met.contains(&(standing, second)) || met.contains(&(second, standing))
    }
}

/// The first id that could have been made so long before another.
fn before(id: Uuid, span: Duration) -> Uuid {
    let (seconds, _) = id.get_timestamp().map_or((0, 0), |at| at.to_unix());
    let millis = seconds.saturating_sub(span.as_secs()).saturating_mul(1000);
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_were_made_within_a_span_come_behind_its_first_one() {
        let now = Uuid::now_v7();
        let earlier = before(now, Duration::from_secs(60));
        assert!(earlier < now);
        assert!(before(now, Duration::from_secs(61)) < earlier);
        let seconds = |id: Uuid| id.get_timestamp().map(|at| at.to_unix().0);
        assert_eq!(seconds(earlier), seconds(now).map(|now| now - 60));
    }
}
