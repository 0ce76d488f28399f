//! Records that may be the second of their child and are in no case: looked for at the end of a first load, again a moment
//! after every registration, and when key fields have been changed.
//!
//! Every registration looks for older records of its children itself, and on SQLite, where one comes after the other, that is all. On
//! PostgreSQL two writes of the same moment that name a child by two different documents do not see each other. One of the two
//! shows no resident number then, and those who show none are few: they are looked at again when what was written beside them
//! has ended. Every replica looks; that a claim is unique keeps them from opening a case twice.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::Entry;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_proto::journal::v1::Record;
use junheng_proto::options::v1::DataClass;
use sea_orm::DatabaseBackend;
use uuid::Uuid;

use super::first_load::FirstLoad;
use super::person::{self, Person};
use super::rules::Draft;
use super::suspicion::{self, Child};
use super::{document, store};
use crate::duplicate_case::store::names_both;
use crate::duplicate_case::{self, Suspected};
use crate::entity::student::Model;
use crate::school::parent;

/// What the journal names; nobody calls it.
const METHOD: &str = "/junheng.registration.v1.DuplicateCaseService/OpenDuplicateCase";

/// How often it looks.
const EVERY: Duration = Duration::from_secs(5);
/// How far a look goes back behind the one before it: longer than a registration takes. What takes longer is found at a start.
const BACK: Duration = Duration::from_secs(120);
/// How far the first look of a process goes back: another process may have been stopped before it looked.
const BEFORE_START: Duration = Duration::from_secs(24 * 60 * 60);
/// Pairs that are opened at a time.
const SOME: usize = 500;

/// A second record, what was written of its child, and the older one.
struct Pair {
    standing: Model,
    second: Model,
    draft: Draft,
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

/// Looks at those who have been registered since this id was made; whether it did. While a first load is under way there is no
/// index to look by.
async fn look(context: &Context, load: &FirstLoad, since: Uuid) -> Result<bool, KernelError> {
    if load.is_anywhere().await? {
        return Ok(false);
    }
    let found = open_cases(context, Some(since)).await?;
    if found > 0 {
        tracing::info!(
            found,
            "children were registered twice in one moment; their cases are open"
        );
    }
    Ok(true)
}

/// Opens a case for each second record that is in none, and gives how many: where the one of the two without a resident number
/// has been registered since this id was made, or at any time. Can be done again.
pub(super) async fn open_cases(
    context: &Context,
    since: Option<Uuid>,
) -> Result<usize, KernelError> {
    let namesakes = store::namesakes(context.store.reader(), since).await?;
    let namesakes: Vec<(Uuid, Uuid)> = namesakes.into_iter().collect();
    // One case for a second record, however many older ones it has.
    let mut found: BTreeMap<Uuid, Pair> = BTreeMap::new();
    for some in namesakes.chunks(SOME) {
        for pair in same_children(context, some).await? {
            found.entry(pair.second.id).or_insert(pair);
        }
    }
    let suspected = found.len();
    let mut by_place: BTreeMap<i64, Vec<Pair>> = BTreeMap::new();
    for pair in found.into_values() {
        by_place.entry(pair.second.place).or_default().push(pair);
    }
    // What fails at one place does not keep the others waiting; it is looked for again.
    let mut failed = None;
    for (place, pairs) in by_place {
        if let Err(error) = open_those_at(context, place, pairs).await {
            failed = Some(error);
        }
    }
    failed.map_or(Ok(suspected), Err)
}

/// Those of the pairs whose days of birth agree: they are sealed.
async fn same_children(
    context: &Context,
    pairs: &[(Uuid, Uuid)],
) -> Result<Vec<Pair>, KernelError> {
    let ids = pairs.iter().flat_map(|(older, newer)| [*older, *newer]);
    let students = store::with_ids(context.store.reader(), ids).await?;
    let keys = &context.store.keys;
    let mut known: HashMap<Uuid, (Model, Person)> = HashMap::with_capacity(students.len());
    for (id, student) in students {
        match Person::of(keys, &student) {
            Ok(person) => {
                known.insert(id, (student, person));
            }
            // Nobody can say whose it is; the others do not wait for it.
            Err(error) => tracing::warn!(student = %id, %error, "a record cannot be opened"),
        }
    }
    let same = |(older, newer): &(Uuid, Uuid)| {
        let ((standing, one), (second, other)) = (known.get(older)?, known.get(newer)?);
        (one.birth_date == other.birth_date).then(|| Pair {
            standing: standing.clone(),
            second: second.clone(),
            draft: person::draft_of(second, other),
        })
    };
    Ok(pairs.iter().filter_map(same).collect())
}

async fn open_those_at(context: &Context, place: i64, pairs: Vec<Pair>) -> Result<(), KernelError> {
    let caller = context.own_caller(METHOD)?;
    let (own, own_caller) = (context.clone(), caller.clone());
    let key = RequestKey::own(format!("secondRecords/{place}/{}", Uuid::now_v7()));
    let open = move |tx: Tx| async move {
        let cases = suspect(&tx, &own, &own_caller, pairs).await?;
        let entry = Entry::about("students", place, None, DataClass::Sensitive);
        Ok::<_, KernelError>(((), entry.with_all(cases)))
    };
    context.store.write(&caller, key, open).await
}

/// Opens the case of a record that is one child's with another, as its key fields tell since they were changed in this
/// transaction, and gives its records for the journal. Two that have met in a case before have been judged by people.
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
    let found = suspicion::pairs(&**tx, keys, &[child]).await?;
    let Some((_, other)) = found.into_iter().next() else {
        return Ok(Vec::new());
    };
    if names_both(&**tx, [changed.id, other.id]).await? {
        return Ok(Vec::new());
    }
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
    suspect(tx, context, caller, vec![pair]).await
}

async fn suspect(
    tx: &Tx,
    context: &Context,
    caller: &Caller,
    pairs: Vec<Pair>,
) -> Result<Vec<Record>, KernelError> {
    let pairs = held_in_place(tx, pairs).await?;
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

/// The pairs as they stand now, at the places of their schools, which are held. Who went to another school since they were read
/// is looked for again.
async fn held_in_place(tx: &Tx, mut pairs: Vec<Pair>) -> Result<Vec<Pair>, KernelError> {
    let students = pairs
        .iter_mut()
        .flat_map(|pair| [&mut pair.standing, &mut pair.second]);
    let students: Vec<&mut Model> = students.collect();
    let places = parent::hold_places(&**tx, students.iter().map(|one| one.school)).await?;
    let current = store::with_ids(&**tx, students.iter().map(|one| one.id)).await?;
    for student in students {
        let now = current.get(&student.id).cloned();
        let now = now.filter(|now| now.school == student.school);
        *student = now.ok_or(KernelError::WriteConflict)?;
        let place = places.get(&student.school).copied();
        student.place = place.unwrap_or(student.place);
    }
    Ok(pairs)
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
