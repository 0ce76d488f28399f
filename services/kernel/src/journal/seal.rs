//! The sealer: takes committed rows into signed, chained blocks.

use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait as _, DatabaseBackend, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Statement,
};
use uuid::Uuid;

use super::entity::{block, leaf, row};
use super::insert::digest_of;
use super::merkle;
use crate::digest::PartsDigest;
use crate::error::KernelError;
use crate::scope::{Scope, Scoped as _};
use crate::service::Context;
use crate::store::Tx;

/// How often a service looks for rows to seal.
const INTERVAL: Duration = Duration::from_millis(200);
/// How long a sealer that died keeps others waiting.
const LEASE_MICROS: i64 = 3_000_000;
/// The most rows of a block.
const MOST_LEAVES: usize = 2_000;
/// The first transaction that had not begun when the statement did.
const SNAPSHOT_END: &str = "pg_snapshot_xmax(pg_current_snapshot())::text::bigint";
/// Transactions are numbered across a cluster: a long one in another database of it must not hold up this journal. So of
/// those that were in flight when the statement began, the oldest counts that a session of this database is still in
/// while it runs; who is not among them has committed before, or is no writer of this journal. Where a session of this
/// database belongs to a role whose transactions this one may not see, the oldest of the cluster counts.
const HORIZON: &str = "\
    WITH sessions AS (SELECT backend_xid, \
        usesysid IS NOT NULL AND NOT pg_has_role(usesysid, 'USAGE') \
        AND NOT pg_has_role('pg_read_all_stats', 'USAGE') AS is_hidden \
        FROM pg_stat_activity WHERE datname = current_database()) \
    SELECT COALESCE(min(flying::text::bigint), pg_snapshot_xmax(pg_current_snapshot())::text::bigint) AS horizon \
    FROM pg_snapshot_xip(pg_current_snapshot()) AS flying \
    WHERE flying::xid IN (SELECT backend_xid FROM sessions) \
        OR EXISTS (SELECT 1 FROM sessions WHERE is_hidden)";

/// Seals in the background until the process has drained: it was told to stop, and its task tracker is closed because the
/// last call has ended. Then once more, so that nothing is left unsealed.
pub fn spawn_sealer(context: &Context) {
    let (context, holder) = (context.clone(), Uuid::now_v7().to_string());
    context.tasks.clone().spawn(async move {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let last = context.stop.is_cancelled() && context.tasks.is_closed();
            if let Err(error) = seal_all(&context, &holder).await {
                tracing::warn!(%error, service = context.name, "sealing failed; it is tried again");
            }
            if last {
                if let Err(error) = give_up_lease(&context, &holder).await {
                    tracing::debug!(%error, service = context.name, "the next sealer waits for the lease");
                }
                return;
            }
        }
    });
}

/// Lets the next sealer begin at once.
async fn give_up_lease(context: &Context, holder: &str) -> Result<(), KernelError> {
    let tx = context.store.begin().await?;
    let statement = Statement::from_sql_and_values(
        context.store.backend(),
        "UPDATE journal_lease SET until_micros = 0 WHERE id = 1 AND holder = $1",
        [holder.into()],
    );
    tx.execute_raw(statement).await?;
    crate::store::commit(tx).await
}

/// Seals everything that is committed, for tests and tools that run beside no service.
pub async fn seal_now(context: &Context) -> Result<(), KernelError> {
    let holder = Uuid::now_v7().to_string();
    seal_all(context, &holder).await?;
    give_up_lease(context, &holder).await
}

async fn seal_all(context: &Context, holder: &str) -> Result<(), KernelError> {
    while let Some((number, leaves)) = seal_block(context, holder).await? {
        context.store.sealed.send_replace(number);
        tracing::debug!(
            service = context.name,
            block = number,
            leaves,
            "block sealed"
        );
        if leaves < MOST_LEAVES {
            break;
        }
    }
    Ok(())
}

/// Seals one block. `None` when there is nothing to seal or another process holds the lease. The lease is renewed in the
/// block's own transaction, so that a sealer that lost it cannot commit.
async fn seal_block(context: &Context, holder: &str) -> Result<Option<(i64, usize)>, KernelError> {
    let horizon = horizon(context).await?;
    if !has_unsealed(context, horizon).await? {
        return Ok(None);
    }
    let tx = context.store.begin().await?;
    if !renew_lease(&tx, context, holder).await? {
        return Ok(None);
    }
    let last = last_block(&*tx).await?;
    let (rows, upto_transaction) = sealable(&tx, context, last.as_ref(), horizon).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let number = last.as_ref().map_or(1, |last| last.number + 1);
    let digests: Vec<_> = rows.iter().map(digest_of).collect();
    let sealed = block::Model {
        number,
        previous: last.as_ref().map_or(vec![0; 32], |last| last.hash.clone()),
        root: merkle::root(&digests).to_vec(),
        leaf_count: i32::try_from(rows.len()).unwrap_or(i32::MAX),
        sealed_micros: context.clock.now_micros(),
        upto_seq: rows.iter().map(|row| row.seq).max().unwrap_or(0),
        upto_transaction,
        hash: Vec::new(),
        signature: Vec::new(),
    };
    let hash = hash_of(&sealed);
    let signature = context.signing.sign(&hash);
    let leaves = rows.iter().zip(&digests).enumerate();
    for chunk in leaves.collect::<Vec<_>>().chunks(400) {
        let models = chunk
            .iter()
            .map(|(position, (row, digest))| leaf::ActiveModel {
                block: Set(number),
                position: Set(i32::try_from(*position).unwrap_or(i32::MAX)),
                seq: Set(row.seq),
                digest: Set(digest.to_vec()),
            });
        leaf::Entity::insert_many(models)
            .exec_without_returning(&*tx)
            .await?;
    }
    let active = block::ActiveModel {
        number: Set(number),
        previous: Set(sealed.previous),
        root: Set(sealed.root),
        leaf_count: Set(sealed.leaf_count),
        sealed_micros: Set(sealed.sealed_micros),
        upto_seq: Set(sealed.upto_seq),
        upto_transaction: Set(sealed.upto_transaction),
        hash: Set(hash.to_vec()),
        signature: Set(signature),
    };
    block::Entity::insert(active)
        .exec_without_returning(&*tx)
        .await?;
    crate::store::commit(tx).await?;
    Ok(Some((number, rows.len())))
}

/// The hash of a block: its number, time, size, bounds, root and the hash of the block before.
pub(super) fn hash_of(block: &block::Model) -> [u8; 32] {
    let mut digest = PartsDigest::default();
    digest
        .add_number(block.number)
        .add_number(block.sealed_micros)
        .add_number(block.leaf_count.into())
        .add_number(block.upto_seq)
        .add_number(block.upto_transaction)
        .add(&block.root)
        .add(&block.previous);
    digest.finish()
}

/// The newest block.
#[expect(clippy::disallowed_methods, reason = "blocks belong to no region")]
pub(super) async fn last_block(
    database: &impl sea_orm::ConnectionTrait,
) -> Result<Option<block::Model>, KernelError> {
    Ok(block::Entity::find()
        .order_by_desc(block::Column::Number)
        .one(database)
        .await?)
}

/// The rows that may be sealed now, as a condition on `journal`.
///
/// On SQLite there is one writer: the order of the numbers is the order of the commits. On PostgreSQL a row of an older
/// transaction can become visible after one of a younger, so only rows below the oldest transaction in flight are taken.
/// A visible row at or above the snapshot's end was written in another cluster and brought by a dump; it is finished too.
/// After such a restore the last block may name a transaction that is still to come here: then every row is looked at.
/// The horizon is the parameter, so that the statement is prepared once; on SQLite it is 0, where no block has been sealed yet.
fn unsealed(backend: DatabaseBackend) -> String {
    match backend {
        DatabaseBackend::Postgres => format!(
            "written_by >= COALESCE((SELECT CASE WHEN upto_transaction > {SNAPSHOT_END} THEN 0 \
             ELSE upto_transaction END FROM journal_block ORDER BY number DESC LIMIT 1), 0) \
             AND (written_by < $1 OR written_by >= {SNAPSHOT_END}) \
             AND NOT EXISTS (SELECT 1 FROM journal_leaf WHERE journal_leaf.seq = journal.seq)"
        ),
        _ => "seq > COALESCE((SELECT upto_seq FROM journal_block ORDER BY number DESC LIMIT 1), ?)"
            .to_owned(),
    }
}

/// A look without a lock, so that an idle service writes nothing.
async fn has_unsealed(context: &Context, horizon: i64) -> Result<bool, KernelError> {
    let backend = context.store.backend();
    let sql = format!(
        "SELECT 1 AS found FROM journal WHERE {} LIMIT 1",
        unsealed(backend)
    );
    let statement = Statement::from_sql_and_values(backend, sql, [horizon.into()]);
    Ok(context
        .store
        .reader()
        .query_one_raw(statement)
        .await?
        .is_some())
}

async fn renew_lease(tx: &Tx, context: &Context, holder: &str) -> Result<bool, KernelError> {
    let now = context.clock.now_micros();
    let statement = Statement::from_sql_and_values(
        context.store.backend(),
        "UPDATE journal_lease SET holder = $1, until_micros = $2 \
         WHERE id = 1 AND (holder = $3 OR until_micros < $4)",
        [
            holder.into(),
            (now + LEASE_MICROS).into(),
            holder.into(),
            now.into(),
        ],
    );
    Ok(tx.execute_raw(statement).await?.rows_affected() == 1)
}

/// The rows that may be sealed now, in the order in which they were written, and the transaction below which none can
/// appear any more. Two rows about one record keep their order: the second waits for the first one's commit before it
/// draws its number.
async fn sealable(
    tx: &Tx,
    context: &Context,
    last: Option<&block::Model>,
    horizon: i64,
) -> Result<(Vec<row::Model>, i64), KernelError> {
    let all = Scope::everything("the sealer takes every row");
    let rows = row::Entity::visible_to(&all)
        .filter(Expr::cust_with_values(
            unsealed(context.store.backend()),
            [horizon],
        ))
        .order_by_asc(row::Column::Seq)
        .limit(MOST_LEAVES as u64)
        .all(&**tx)
        .await?;
    // What did not fit stays where the next block looks for it.
    let complete = rows.len() < MOST_LEAVES;
    let from = last.map_or(0, |last| last.upto_transaction).min(horizon);
    Ok((rows, if complete { horizon } else { from }))
}

/// The transaction below which nothing of this database is in flight any more; 0 where there is only one writer. It stays
/// true, so it is asked before the rows are looked for.
async fn horizon(context: &Context) -> Result<i64, KernelError> {
    let backend = context.store.backend();
    if backend != DatabaseBackend::Postgres {
        return Ok(0);
    }
    let statement = Statement::from_string(backend, HORIZON);
    match context.store.reader().query_one_raw(statement).await? {
        Some(found) => Ok(found.try_get("", "horizon")?),
        None => Ok(0),
    }
}
