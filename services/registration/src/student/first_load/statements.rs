//! Every SQL statement of a first load.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use futures_util::future::try_join_all;
use junheng_kernel::error::KernelError;
use junheng_kernel::store::Tx;
use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, QueryResult, Statement, Value};
use uuid::Uuid;

/// The indexes and unique constraints of the students besides the primary key: how each is dropped, and how it is made again.
/// A constraint takes its index over, which was built without keeping readers out. An index may stand already: hands that have
/// committed leave theirs when the first one fails.
const INDEXES: &str = "\
    SELECT CASE WHEN k.conname IS NULL THEN format('DROP INDEX %I', c.relname) \
           ELSE format('ALTER TABLE students DROP CONSTRAINT %I', k.conname) END AS down, \
           regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX ', ' INDEX IF NOT EXISTS ') AS up, \
           format('ALTER TABLE students ADD CONSTRAINT %I UNIQUE USING INDEX %I', c.relname, c.relname) AS constrain, \
           k.conname IS NOT NULL AS is_constraint \
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
    LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype = 'u' \
    WHERE i.indrelid = 'students'::regclass AND NOT i.indisprimary ORDER BY c.relname";

/// The memory to sort by, where the server gives less. Each hand builds by itself: side by side they take less time than one
/// after the other by many workers each.
const MEMORY: &str = "\
    SELECT set_config('max_parallel_maintenance_workers', '0', true), set_config('maintenance_work_mem', \
    greatest(pg_size_bytes(current_setting('maintenance_work_mem')), pg_size_bytes('256MB')) / 1024 || 'kB', true)";

/// What a statement begins with that makes a constraint of an index: it waits for the hands that build.
const CONSTRAINT: &str = "ALTER TABLE";
/// What the statement of a unique index begins with.
const UNIQUE: &str = "CREATE UNIQUE";

/// Between two statements; no definition of an index contains it.
const SEPARATOR: &str = ";\n";

/// What is known of a load.
pub(super) struct Standing {
    /// The process that loads.
    pub(super) holder: Uuid,
    /// Until when it is known to be alive.
    pub(super) until_micros: i64,
    /// Whether the indexes stand again.
    pub(super) is_built: bool,
}

/// What became of building the indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Built {
    /// There is no load.
    Nothing,
    /// They stood before.
    Before,
    /// They have been made.
    Now,
    /// It was not to go on: what was made must be taken back.
    CalledOff,
}

/// Whether nobody is registered.
pub(super) async fn is_empty(database: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let found = one(database, "SELECT 1 AS one FROM students LIMIT 1", []).await?;
    Ok(found.is_none())
}

/// The load that is under way or left over, if one is.
pub(super) async fn standing(database: &impl ConnectionTrait) -> Result<Option<Standing>, DbErr> {
    let sql = "SELECT holder, until_micros, statements = '' AS is_built FROM first_loads";
    let found = one(database, sql, []).await?;
    found
        .map(|row| {
            Ok(Standing {
                holder: row.try_get("", "holder")?,
                until_micros: row.try_get("", "until_micros")?,
                is_built: row.try_get("", "is_built")?,
            })
        })
        .transpose()
}

/// Whether somebody holds the load at this moment, or it is over: who builds is alive, however long ago it last said so.
pub(super) async fn is_held(tx: &Tx) -> Result<bool, DbErr> {
    let sql = "SELECT 1 AS one FROM first_loads FOR UPDATE SKIP LOCKED";
    Ok(one(&**tx, sql, []).await?.is_none())
}

/// Takes the indexes away, if nobody is registered and no load is under way; whether it did.
pub(super) async fn begin(tx: &Tx, holder: Uuid, until_micros: i64) -> Result<bool, KernelError> {
    // Who reads the table meanwhile reads for a moment; who does not end soon is not waited for.
    run(tx, "SET LOCAL lock_timeout = '2s'").await?;
    run(tx, "LOCK TABLE students IN ACCESS EXCLUSIVE MODE").await?;
    if !is_empty(&**tx).await? || standing(&**tx).await?.is_some() {
        return Ok(false);
    }
    let (mut downs, mut ups, mut constraints) = (Vec::new(), Vec::new(), Vec::new());
    let indexes = Statement::from_string(DatabaseBackend::Postgres, INDEXES);
    for row in tx.query_all_raw(indexes).await? {
        downs.push(row.try_get::<String>("", "down")?);
        ups.push(row.try_get::<String>("", "up")?);
        if row.try_get("", "is_constraint")? {
            constraints.push(row.try_get::<String>("", "constrain")?);
        }
    }
    ups.append(&mut constraints);
    one(
        &**tx,
        "INSERT INTO first_loads (id, holder, until_micros, statements) VALUES (1, $1, $2, $3) RETURNING 1 AS one",
        [holder.into(), until_micros.into(), ups.join(SEPARATOR).into()],
    )
    .await?;
    for down in downs {
        run(tx, &down).await?;
    }
    // Nothing but the load writes: what it would have to be checked against is not there. 40001 says to try again.
    run(
        tx,
        "CREATE OR REPLACE FUNCTION refuse_during_first_load() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'students are loaded for the first time' USING ERRCODE = '40001'; END $$",
    )
    .await?;
    run(
        tx,
        "CREATE TRIGGER students_first_load BEFORE UPDATE OR DELETE ON students \
         FOR EACH STATEMENT EXECUTE FUNCTION refuse_during_first_load()",
    )
    .await?;
    Ok(true)
}

/// Whether the load still takes rows; held until the transaction ends. A load that is over is not held: a row that is locked
/// and then found changed stays locked, and whoever ends the load would wait for this transaction, which waits for that end.
pub(super) async fn hold(tx: &Tx, holder: Uuid) -> Result<bool, DbErr> {
    let sql = "SELECT 1 AS one FROM first_loads WHERE holder = $1 AND statements <> '' FOR SHARE";
    run(tx, "SAVEPOINT first_load").await?;
    let held = one(&**tx, sql, [holder.into()]).await?.is_some();
    if !held {
        run(tx, "ROLLBACK TO SAVEPOINT first_load").await?;
    }
    Ok(held)
}

/// Says that the holder is alive.
pub(super) async fn renew(tx: &Tx, holder: Uuid, until_micros: i64) -> Result<(), DbErr> {
    // Skipped while a set holds the row: that the holder is alive is plain then.
    let sql = "UPDATE first_loads SET until_micros = $2 WHERE id = \
               (SELECT id FROM first_loads WHERE holder = $1 FOR UPDATE SKIP LOCKED) RETURNING 1 AS one";
    one(&**tx, sql, [holder.into(), until_micros.into()]).await?;
    Ok(())
}

/// Makes the indexes again by many hands, of which the first holds the load; the load itself stays until [`leave`]. Waits for the
/// sets that are being written. Asks between two indexes whether to go on.
pub(super) async fn build(
    hands: &[Tx],
    goes_on: impl Fn() -> bool + Sync,
) -> Result<Built, KernelError> {
    let Some(first) = hands.first() else {
        return Ok(Built::Nothing);
    };
    let statements = match statements_of(first).await? {
        None => return Ok(Built::Nothing),
        Some(statements) if statements.is_empty() => return Ok(Built::Before),
        Some(statements) => statements,
    };
    let indexes = statements.split(SEPARATOR);
    let indexes = indexes.filter(|statement| !statement.starts_with(CONSTRAINT));
    // What keeps rows unique comes with the last commit, all of it or nothing: one without the other would let others write.
    let (unique, others): (VecDeque<&str>, VecDeque<&str>) =
        indexes.partition(|index| index.starts_with(UNIQUE));
    let left = Mutex::new((unique, others));
    let next = |is_first: bool| {
        let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
        let (unique, others) = &mut *left;
        let first = is_first.then(|| unique.pop_front()).flatten();
        first.or_else(|| others.pop_front())
    };
    let hands = hands.iter().enumerate().map(async |(number, hand)| {
        run(hand, MEMORY).await?;
        while goes_on()
            && let Some(statement) = next(number == 0)
        {
            run(hand, statement).await?;
        }
        Ok::<_, DbErr>(())
    });
    try_join_all(hands).await?;
    Ok(match goes_on() {
        true => Built::Now,
        false => Built::CalledOff,
    })
}

/// What is left to do in the first hand when the indexes of all hands stand: constraints, and whoever writes may change rows.
pub(super) async fn open(tx: &Tx) -> Result<(), KernelError> {
    let statements = statements_of(tx).await?.unwrap_or_default();
    let constraints = statements.split(SEPARATOR);
    for constraint in constraints.filter(|statement| statement.starts_with(CONSTRAINT)) {
        run(tx, constraint).await?;
    }
    run(tx, "DROP TRIGGER students_first_load ON students").await?;
    run(tx, "UPDATE first_loads SET statements = ''").await?;
    Ok(())
}

/// The statements that make the indexes, held; `None` when there is no load.
async fn statements_of(tx: &Tx) -> Result<Option<String>, DbErr> {
    let sql = "SELECT statements FROM first_loads WHERE id = 1 FOR UPDATE";
    let row = one(&**tx, sql, []).await?;
    row.map(|row| row.try_get("", "statements")).transpose()
}

/// Ends the load whose indexes stand, and no other that has begun meanwhile.
pub(super) async fn leave(tx: &Tx) -> Result<(), KernelError> {
    Ok(run(tx, "DELETE FROM first_loads WHERE statements = ''").await?)
}

/// Tells the planner of the rows.
pub(super) async fn analyze(tx: &Tx) -> Result<(), KernelError> {
    Ok(run(tx, "ANALYZE students").await?)
}

async fn run(tx: &Tx, sql: &str) -> Result<(), DbErr> {
    tx.execute_unprepared(sql).await.map(|_| ())
}

async fn one(
    database: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Option<QueryResult>, DbErr> {
    let backend = database.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, values);
    database.query_one_raw(statement).await
}
