//! Every SQL statement of a first load.

use std::collections::BTreeSet;

use junheng_kernel::error::KernelError;
use junheng_kernel::store::Tx;
use junheng_proto::registration::v1::student::State;
use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, QueryResult, Statement, Value};
use uuid::Uuid;

use super::super::store::UNNUMBERED;

/// The indexes and unique constraints of the students besides the primary key: how each is dropped, and how it is made again.
/// A constraint takes its index over, which was built without keeping readers out.
const INDEXES: &str = "\
    SELECT CASE WHEN k.conname IS NULL THEN format('DROP INDEX %I', c.relname) \
           ELSE format('ALTER TABLE students DROP CONSTRAINT %I', k.conname) END AS down, \
           pg_get_indexdef(i.indexrelid) AS up, \
           format('ALTER TABLE students ADD CONSTRAINT %I UNIQUE USING INDEX %I', c.relname, c.relname) AS constrain, \
           k.conname IS NOT NULL AS is_constraint \
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
    LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype = 'u' \
    WHERE i.indrelid = 'students'::regclass AND NOT i.indisprimary ORDER BY c.relname";

/// The memory to sort by, where the server gives less.
const MEMORY: &str = "\
    SELECT set_config('maintenance_work_mem', '256MB', true) \
    WHERE pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes('256MB')";

/// Between two statements; no definition of an index contains it.
const SEPARATOR: &str = ";\n";

/// What is known of a load.
pub(super) struct Standing {
    /// The process that loads.
    pub(super) holder: Uuid,
    /// Until when it is known to be alive.
    pub(super) until_micros: i64,
}

/// Whether nobody is registered.
pub(super) async fn is_empty(database: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let found = one(database, "SELECT 1 AS one FROM students LIMIT 1", []).await?;
    Ok(found.is_none())
}

/// The load that is under way, if one is.
pub(super) async fn standing(database: &impl ConnectionTrait) -> Result<Option<Standing>, DbErr> {
    let sql = "SELECT holder, until_micros FROM first_loads";
    let found = one(database, sql, []).await?;
    found
        .map(|row| {
            Ok(Standing {
                holder: row.try_get("", "holder")?,
                until_micros: row.try_get("", "until_micros")?,
            })
        })
        .transpose()
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

/// Makes the indexes again; whether there was a load, which stays until [`leave`]. Waits for the sets that are being written.
pub(super) async fn build(tx: &Tx) -> Result<bool, KernelError> {
    let sql = "SELECT statements FROM first_loads WHERE id = 1 FOR UPDATE";
    let Some(row) = one(&**tx, sql, []).await? else {
        return Ok(false);
    };
    let statements: String = row.try_get("", "statements")?;
    if statements.is_empty() {
        return Ok(true);
    }
    run(tx, MEMORY).await?;
    for statement in statements.split(SEPARATOR).filter(|up| !up.is_empty()) {
        run(tx, statement).await?;
    }
    run(tx, "DROP TRIGGER students_first_load ON students").await?;
    run(tx, "UPDATE first_loads SET statements = ''").await?;
    Ok(true)
}

/// Ends the load.
pub(super) async fn leave(tx: &Tx) -> Result<(), KernelError> {
    Ok(run(tx, "DELETE FROM first_loads").await?)
}

/// The pairs of records that may be one child's, the older one first: name, sex and month of birth agree, and one of the two
/// shows no resident number. One pass over the students, before which those without a number are few.
pub(super) async fn namesakes(
    database: &impl ConnectionTrait,
) -> Result<BTreeSet<(Uuid, Uuid)>, DbErr> {
    let sql = format!(
        "WITH few AS MATERIALIZED (\
             SELECT id, name_key, sex, birth_month FROM students WHERE {UNNUMBERED} AND state <> $1) \
         SELECT few.id AS one, other.id AS other FROM few JOIN students other \
         ON (other.name_key, other.sex, other.birth_month) = (few.name_key, few.sex, few.birth_month) \
         WHERE other.id <> few.id AND other.state <> $1"
    );
    let cancelled = [(State::Cancelled as i32).into()];
    let asked = Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, cancelled);
    let rows = database.query_all_raw(asked).await?;
    rows.iter()
        .map(|row| {
            let (one, other): (Uuid, Uuid) = (row.try_get("", "one")?, row.try_get("", "other")?);
            // A record's id tells when it was made.
            Ok((one.min(other), one.max(other)))
        })
        .collect()
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
