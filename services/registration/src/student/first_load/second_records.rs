//! Who got two records in a first load: looked for once, when the indexes stand, as any other import looks while it writes.

use std::collections::{BTreeMap, HashMap};

use junheng_kernel::error::KernelError;
use junheng_kernel::journal::Entry;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_proto::options::v1::DataClass;
use uuid::Uuid;

use super::super::person::{self, Person};
use super::super::rules::Draft;
use super::super::store;
use super::statements;
use crate::duplicate_case::{self, Suspected};
use crate::entity::student::Model;

/// What the journal names; nobody calls it.
const METHOD: &str = "/junheng.registration.v1.StudentService/ImportStudents";

/// Pairs that are opened at a time.
const SOME: usize = 500;

/// A second record, what was written of its child, and the older one.
struct Pair {
    standing: Model,
    second: Model,
    draft: Draft,
}

/// Opens a case for each, and gives how many. Cases that stand are left as they are, so that it can be done again.
pub(super) async fn open_cases(context: &Context) -> Result<usize, KernelError> {
    let namesakes = statements::namesakes(context.store.reader()).await?;
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
    for (place, pairs) in by_place {
        open_those_at(context, place, pairs).await?;
    }
    Ok(suspected)
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
        let person = Person::of(keys, &student)?;
        known.insert(id, (student, person));
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
    let now = context.clock.now_micros();
    context
        .store
        .write(
            &caller,
            RequestKey::own(format!("firstLoads/{place}/{now}")),
            move |tx| async move {
                let suspected: Vec<Suspected<'_>> = pairs
                    .iter()
                    .map(|pair| Suspected {
                        standing: &pair.standing,
                        second: &pair.second,
                        draft: &pair.draft,
                    })
                    .collect();
                let cases = duplicate_case::suspect(&tx, &own, &own_caller, &suspected).await?;
                let entry = Entry::about("students", place, None, DataClass::Sensitive);
                Ok::<_, KernelError>(((), entry.with_all(cases)))
            },
        )
        .await
}
