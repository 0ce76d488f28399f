//! Creations that come at once, written by one statement on PostgreSQL.
//!
//! Whoever comes while others are being written waits for the next statement, as commits wait for each other in a group: a
//! statement for ten records costs the database a third of ten statements, and one who comes alone waits for nobody. Each is
//! judged for itself within the statement: what it holds stands, nothing speaks against it, its unique value is free.
//!
//! Nobody waits or fails for another's sake: what somebody else holds is passed over, and a statement that has to wait for
//! somebody's unique value, or meets one that is taken, is given up in a moment. Those concerned are written each by itself then.

use std::collections::{HashMap, VecDeque};
use std::iter;
use std::mem;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DatabaseBackend, DatabaseConnection, DbErr, Statement, Value};
use tokio::sync::{Semaphore, oneshot};

use super::Store;
use super::create::{Cells, Creation, Row, unless_taken};
use super::set::Columns;
use crate::error::KernelError;

/// Statements of one form that are under way at a time.
const WRITERS: usize = 2;
/// The most creations of one statement.
const MOST: usize = 64;
/// How many wait before another statement is begun beside the one that is under way.
const CROWD: usize = 16;
/// How many are written by themselves at a time: they may wait for locks, and must leave connections to others.
const ALONE: usize = 8;
/// How long a statement waits for company, when the one before it had some.
const PAUSE: Duration = Duration::from_millis(2);

/// The statement of creations that differ in nothing but their values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Form {
    /// What is to be held; it names the values of a creation `given.g1`, `given.g2`, …
    held: String,
    /// What follows, in the same names.
    rest: String,
    /// Where the unique value stands among the values.
    unique: usize,
    /// The values of which, as of the unique one, two creations of one statement must not have the same: neither would see the other.
    differ: Vec<Range<usize>>,
}

/// What becomes of a creation whose rows to hold somebody else holds.
#[derive(Clone, Copy, Debug)]
enum Lock {
    /// It is not written.
    Skip,
    /// It waits.
    Wait,
}

/// What became of one creation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    /// What it holds stood.
    pub(super) held: bool,
    /// It was written.
    pub(super) created: bool,
}

/// All that wait.
pub(super) struct Waiting {
    /// By their form.
    queues: Mutex<HashMap<Arc<Form>, Queue>>,
    /// Held by who is written by itself.
    alone: Semaphore,
}

#[derive(Default)]
struct Queue {
    ones: VecDeque<One>,
    writers: usize,
    /// Whether the last statement had more than one.
    is_crowded: bool,
}

struct One {
    values: Vec<Value>,
    tell: oneshot::Sender<Result<Told, KernelError>>,
}

/// Writes one creation, perhaps together with others of its form.
pub(super) async fn write(
    store: &Store,
    form: Form,
    values: Vec<Value>,
) -> Result<Told, KernelError> {
    let (tell, told) = oneshot::channel();
    let form = Arc::new(form);
    if store.waiting.put(&form, One { values, tell }) {
        tokio::spawn(write_all(store.clone(), form));
    }
    told.await
        .unwrap_or_else(|_| Err(KernelError::Stored("a creation was not written".into())))
}

/// Writes until nobody waits.
async fn write_all(store: Store, form: Arc<Form>) {
    loop {
        if store.waiting.is_crowded(&form) {
            tokio::time::sleep(PAUSE).await;
        }
        let Some(ones) = store.waiting.take(&form) else {
            return;
        };
        let (store, form) = (store.clone(), Arc::clone(&form));
        // In a task of its own: should it fail, those who come later are written all the same.
        let written = tokio::spawn(async move { write_some(store, form, ones).await });
        if let Err(error) = written.await {
            tracing::error!(%error, "a statement of creations failed");
        }
    }
}

async fn write_some(store: Store, form: Arc<Form>, ones: Vec<One>) {
    let rows = ones.iter().map(|one| one.values.clone()).collect();
    let told = form.write(&store.planned, rows, Lock::Skip).await;
    let told = told.unwrap_or_else(|error| {
        tracing::info!(%error, creations = ones.len(), "each is written by itself");
        Vec::new()
    });
    let told = told.into_iter().chain(iter::repeat(Told::default()));
    for (one, told) in ones.into_iter().zip(told) {
        if told.held {
            one.tell(Ok(told));
        } else {
            tokio::spawn(write_alone(store.clone(), Arc::clone(&form), one));
        }
    }
}

async fn write_alone(store: Store, form: Arc<Form>, mut one: One) {
    // It is never closed.
    let _turn = store.waiting.alone.acquire().await;
    let row = mem::take(&mut one.values);
    let told = form.write(store.writer(), vec![row], Lock::Wait).await;
    let told = told.map_err(KernelError::from).and_then(|told| {
        let nothing = || KernelError::Stored("a creation told nothing".into());
        told.first().copied().ok_or_else(nothing)
    });
    one.tell(told);
}

// === impl One ===

impl One {
    fn tell(self, told: Result<Told, KernelError>) {
        // Who does not wait any more finds the answer by the request id.
        let _ = self.tell.send(told);
    }
}

// === impl Form ===

impl Form {
    /// The form of a creation with its journal row, its values, and its answer. Its unique value is never null.
    pub(super) fn of<T>(
        creation: Creation<T>,
        journal: Row,
    ) -> Result<(Self, Vec<Value>, T), KernelError> {
        let mut cells = Cells::named("given.g");
        let held = creation.hold.select(&mut cells);
        let (target, first) = (creation.record.target(), cells.values.len());
        let unique = creation.record.position(creation.unique).ok_or_else(|| {
            KernelError::Stored(format!("a record has no column {}", creation.unique))
        })?;
        let unique = first + unique;
        let record = creation.record.cells(&mut cells);
        let mut differ = Vec::new();
        // OFFSET 0 keeps each of them a look for each row: joined, the table could be read from end to end.
        let against = creation.against.iter().map(|row| {
            let before = cells.values.len();
            let found = row.select(&mut cells);
            if !row.is_among_others() {
                differ.push(before..cells.values.len());
            }
            format!(" AND NOT EXISTS ({found} OFFSET 0)")
        });
        let against: String = against.collect();
        let (name, conflict) = (creation.unique, unless_taken(creation.unique));
        let made = format!("created.made = given.g{}", unique + 1);
        let mut rest = format!(
            "created AS (INSERT INTO {target} SELECT {record} FROM given JOIN held ON held.n = given.n \
             WHERE true{against}{conflict} RETURNING \"{name}\" AS made)"
        );
        for (number, row) in creation.along.into_iter().chain([journal]).enumerate() {
            let target = row.target();
            let row = row.cells(&mut cells);
            rest.push_str(&format!(
                ", along{number} AS (INSERT INTO {target} SELECT {row} FROM given JOIN created ON {made})"
            ));
        }
        rest.push_str(&format!(
            " SELECT held.n IS NOT NULL AS held, created.made IS NOT NULL AS created FROM given \
             LEFT JOIN held ON held.n = given.n LEFT JOIN created ON {made} ORDER BY given.n"
        ));
        let form = Self {
            held,
            rest,
            unique,
            differ,
        };
        Ok((form, cells.values, creation.answer))
    }

    /// Writes rows of values; what became of each, in their order.
    async fn write(
        &self,
        database: &DatabaseConnection,
        rows: Vec<Vec<Value>>,
        lock: Lock,
    ) -> Result<Vec<Told>, DbErr> {
        let told = database.query_all_raw(self.statement(rows, lock)?).await?;
        told.iter()
            .map(|row| {
                Ok(Told {
                    held: row.try_get("", "held")?,
                    created: row.try_get("", "created")?,
                })
            })
            .collect()
    }

    fn statement(&self, rows: Vec<Vec<Value>>, lock: Lock) -> Result<Statement, DbErr> {
        let (count, width) = (rows.len(), rows.first().map_or(0, Vec::len));
        let mut columns: Vec<Vec<Value>> = vec![Vec::with_capacity(count); width];
        for row in rows {
            for (column, value) in columns.iter_mut().zip(row) {
                column.push(value);
            }
        }
        let columns = (1..)
            .zip(columns)
            .map(|(number, cells)| (format!("g{number}"), cells));
        let columns = Columns::of_cells(columns, count);
        let columns = columns.ok_or_else(|| {
            DbErr::Type("a creation has a value whose type has no place here".into())
        })?;
        let given = columns.select_numbered();
        let Self { held, rest, .. } = self;
        let lock = match lock {
            Lock::Skip => "FOR SHARE SKIP LOCKED",
            Lock::Wait => "FOR SHARE",
        };
        let sql = format!(
            "WITH given AS MATERIALIZED ({given}), held AS MATERIALIZED (\
             SELECT given.n FROM given CROSS JOIN LATERAL ({held} OFFSET 0 {lock}) AS found), {rest}"
        );
        Ok(Statement::from_sql_and_values(
            DatabaseBackend::Postgres,
            sql,
            columns.into_values(),
        ))
    }

    /// Whether both can be in one statement.
    fn differ(&self, one: &One, other: &One) -> bool {
        let mut parts = self.differ.iter().cloned();
        one.values.get(self.unique) != other.values.get(self.unique)
            && parts.all(|part| one.values.get(part.clone()) != other.values.get(part))
    }

    /// Statements write in one order, so that two with the same unique values rarely lock each other up.
    fn order(&self, one: &One) -> Option<Vec<u8>> {
        match one.values.get(self.unique) {
            Some(Value::Bytes(bytes)) => bytes.clone(),
            _ => None,
        }
    }
}

// === impl Waiting ===

impl Default for Waiting {
    fn default() -> Self {
        Self {
            queues: Mutex::default(),
            alone: Semaphore::new(ALONE),
        }
    }
}

impl Waiting {
    /// Lets one wait; whether a writer is wanted for it.
    fn put(&self, form: &Arc<Form>, one: One) -> bool {
        let mut queues = self.queues();
        let queue = queues.entry(Arc::clone(form)).or_default();
        queue.ones.push_back(one);
        let wanted = queue.writers < WRITERS && queue.ones.len() > CROWD * queue.writers;
        queue.writers += usize::from(wanted);
        wanted
    }

    /// Those to be written next, the first comers among those that can be in one statement; `None` sends the writer away.
    fn take(&self, form: &Arc<Form>) -> Option<Vec<One>> {
        let mut queues = self.queues();
        let queue = queues.get_mut(form)?;
        let mut taken: Vec<One> = Vec::new();
        let mut left = VecDeque::new();
        for one in mem::take(&mut queue.ones) {
            let fits = taken.len() < MOST && taken.iter().all(|other| form.differ(&one, other));
            match fits {
                true => taken.push(one),
                false => left.push_back(one),
            }
        }
        queue.ones = left;
        queue.is_crowded = taken.len() > 1;
        if taken.is_empty() {
            queue.writers -= 1;
            return None;
        }
        taken.sort_by_cached_key(|one| form.order(one));
        Some(taken)
    }

    fn is_crowded(&self, form: &Arc<Form>) -> bool {
        self.queues()
            .get(form)
            .is_some_and(|queue| queue.is_crowded)
    }

    fn queues(&self) -> MutexGuard<'_, HashMap<Arc<Form>, Queue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn creation(hash: &str) -> (Form, Vec<Value>) {
        let (creation, journal) = Creation::sample(hash);
        let (form, values, ()) = Form::of(creation, journal).expect("a form");
        (form, values)
    }

    fn one(hash: &str) -> One {
        let (tell, _) = oneshot::channel();
        let (_, values) = creation(hash);
        One { values, tell }
    }

    #[test]
    fn creations_are_one_statement_in_which_each_part_waits_for_the_one_before() {
        let (form, values) = creation("a");
        let statement = form.statement(vec![values.clone(), values], Lock::Skip);
        let statement = statement.expect("a place for each type");
        let (_, behind) = statement.sql.split_once("), held").expect("the values");
        assert_eq!(
            behind,
            " AS MATERIALIZED (SELECT given.n FROM given CROSS JOIN LATERAL (\
             SELECT 1 AS standing FROM \"schools\" AS held, \"classes\" AS beside \
             WHERE held.\"id\" = given.g1 AND held.\"place\" = given.g2 \
             AND beside.\"id\" = given.g3 AND beside.\"version\" = given.g4 OFFSET 0 FOR SHARE SKIP LOCKED) AS found), \
             created AS (INSERT INTO \"students\" (\"id\", \"hash\") SELECT given.g5, given.g6 \
             FROM given JOIN held ON held.n = given.n WHERE true \
             AND NOT EXISTS (SELECT 1 FROM \"former\" WHERE \"hash\" = given.g7 AND \"sex\" = given.g8 AND kind <> 3 OFFSET 0) \
             ON CONFLICT (\"hash\") DO NOTHING RETURNING \"hash\" AS made), \
             along0 AS (INSERT INTO \"counts\" (\"n\") SELECT given.g9 FROM given JOIN created ON created.made = given.g6), \
             along1 AS (INSERT INTO \"journal\" (\"id\") SELECT given.g10 FROM given JOIN created ON created.made = given.g6) \
             SELECT held.n IS NOT NULL AS held, created.made IS NOT NULL AS created FROM given \
             LEFT JOIN held ON held.n = given.n LEFT JOIN created ON created.made = given.g6 ORDER BY given.n"
        );
        let values = statement.values.map(|values| values.0.len());
        assert_eq!(
            values,
            Some(13),
            "ten, of which two are texts and have their beginnings, and how many records"
        );
    }

    #[test]
    fn who_speaks_against_another_waits_for_the_next_statement() {
        let (form, _) = creation("a");
        let (form, waiting) = (Arc::new(form), Waiting::default());
        let wanted = ["a", "b", "a"].map(|hash| waiting.put(&form, one(hash)));
        assert_eq!(wanted, [true, false, false], "one writes for a few");
        let taken = || waiting.take(&form).map(|ones| ones.len());
        assert_eq!([taken(), taken(), taken()], [Some(2), Some(1), None]);
        assert!(waiting.put(&form, one("c")), "a writer is wanted again");
        let more = (0..2 * CROWD).map(|number| one(&number.to_string()));
        let wanted = more.filter_map(|one| waiting.put(&form, one).then_some(()));
        assert_eq!(wanted.count(), 1, "another for a crowd, and no third");
    }
}
