//! Folds what writes have added to the counts into sums by class and by county, in the background.
//!
//! A batch of rows is deleted and added to the sums in one transaction, so that a reader finds each in one of both.
//! Replicas take turns: the sizes of classes are read before they are changed.

use std::collections::BTreeMap;
use std::time::Duration;

use junheng_kernel::error::KernelError;
use junheng_kernel::service::Context;
use junheng_kernel::store::{Store, Tx, insert_rows};
use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, Statement, Value};

use super::counted::{COUNTED, Counts, PLACED};
use super::read::{self, COUNTY};
use super::size::{self, Bands};
use super::store::{CELL, columns};
use super::{Cell, Change, Flow};

/// How often a service looks for rows to fold.
const INTERVAL: Duration = Duration::from_millis(500);
/// The most rows of a batch.
const BATCH: usize = 2_000;
/// How many rows are folded until what is left of them is cleared away, while more come and when none comes: whoever counts passes
/// over it, and the database's own cleaning comes by once a minute at most.
const CLEARED_BUSY: usize = 10_000;
const CLEARED_IDLE: usize = 100;
/// The number of the lock by which replicas take turns.
const LOCK: i64 = 20_261_122;

/// What a batch adds, by the sums that it adds to.
#[derive(Default)]
struct Batch {
    cells: BTreeMap<Cell, Counts>,
    flows: BTreeMap<Flow, i64>,
}

/// County, stage and grade with what is added there.
type Counties = BTreeMap<(i64, i32, i32), (Counts, Bands)>;

/// Folds in the background until the process is told to stop. What is left then is read where it is, and folded later.
pub fn spawn(context: &Context) {
    let context = context.clone();
    context.tasks.clone().spawn(async move {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut left = 0;
        loop {
            tokio::select! {
                () = context.stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            if let Err(error) = fold_and_clear(&context.store, &mut left).await {
                tracing::warn!(%error, service = context.name, "folding counts failed; it is tried again");
            }
        }
    });
}

/// Folds, and clears away what so many folded rows have left.
async fn fold_and_clear(store: &Store, left: &mut usize) -> Result<(), KernelError> {
    let folded = fold(store).await?;
    *left += folded;
    let most = match folded {
        0 => CLEARED_IDLE,
        _ => CLEARED_BUSY,
    };
    if *left >= most {
        *left = 0;
        if store.backend() == DatabaseBackend::Postgres {
            let clear = "VACUUM tally_changes, tally_counties";
            store.derived().execute_unprepared(clear).await?;
        }
    }
    Ok(())
}

/// Folds everything that waits, and gives the number of rows. Rows that another replica folds are left to it.
pub async fn fold(store: &Store) -> Result<usize, KernelError> {
    let mut folded = 0;
    while any(store.reader()).await? {
        let rows = store
            .upkeep(|tx| async move { Ok(batch(tx).await?) })
            .await?;
        folded += rows;
        if rows < BATCH {
            break;
        }
    }
    Ok(folded)
}

/// A look without a lock, so that an idle service writes nothing.
async fn any(database: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let sql = "SELECT seq FROM tally_changes LIMIT 1".to_owned();
    Ok(!read::all(database, sql, Vec::new()).await?.is_empty())
}

async fn batch(tx: Tx) -> Result<usize, DbErr> {
    if !is_our_turn(&*tx).await? {
        return Ok(0);
    }
    let changes = take(&*tx).await?;
    let mut batch = Batch::default();
    for change in &changes {
        batch.add(change);
    }
    batch.cells.retain(|_, counts| *counts != Counts::default());
    let counties = batch.counties(&*tx).await?;
    batch.write_cells(&*tx).await?;
    write_counties(&*tx, counties).await?;
    batch.write_flows(&*tx).await?;
    Ok(changes.len())
}

/// On SQLite the transaction is the only one that writes.
async fn is_our_turn(tx: &impl ConnectionTrait) -> Result<bool, DbErr> {
    if tx.get_database_backend() != DatabaseBackend::Postgres {
        return Ok(true);
    }
    let sql = format!("SELECT pg_try_advisory_xact_lock({LOCK}) AS ours");
    let told = tx
        .query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql))
        .await?;
    told.map_or(Ok(false), |row| row.try_get("", "ours"))
}

/// Takes the oldest rows out of the table.
async fn take(tx: &impl ConnectionTrait) -> Result<Vec<Change>, DbErr> {
    let columns: Vec<&str> = columns().collect();
    let sql = format!(
        "DELETE FROM tally_changes WHERE seq IN (SELECT seq FROM tally_changes ORDER BY seq LIMIT {BATCH}) RETURNING {}",
        columns.join(", ")
    );
    let mut changes = Vec::new();
    for row in read::all(tx, sql, Vec::new()).await? {
        changes.push(Change {
            cell: read::cell_of(&row)?,
            counts: read::counts_of(&row)?,
            flow: (
                row.try_get("", "school_year")?,
                row.try_get("", "kind")?,
                row.try_get("", "flow")?,
            ),
        });
    }
    Ok(changes)
}

// === impl Batch ===

impl Batch {
    fn add(&mut self, change: &Change) {
        let own = self.cells.entry(change.cell).or_default();
        for (own, more) in own.iter_mut().zip(change.counts) {
            *own += more;
        }
        if let Some((flow, count)) = change.flow() {
            *self.flows.entry(flow).or_default() += count;
        }
    }

    /// The same by county, with the classes that come to another size.
    async fn counties(&self, tx: &impl ConnectionTrait) -> Result<Counties, DbErr> {
        let sizes = read::placed(tx, self.cells.keys()).await?;
        let mut counties = Counties::new();
        for (cell, more) in &self.cells {
            let county = cell.place.div_euclid(COUNTY);
            let (counts, bands) = counties
                .entry((county, cell.stage, cell.grade))
                .or_default();
            for (own, more) in counts.iter_mut().zip(more) {
                *own += more;
            }
            if !cell.school_class.is_nil() {
                let before = sizes.get(cell).copied().unwrap_or(0);
                size::shift(bands, before, before + more[PLACED]);
            }
        }
        Ok(counties)
    }

    async fn write_cells(self: &Batch, tx: &impl ConnectionTrait) -> Result<(), DbErr> {
        let rows = self.cells.iter().map(|(cell, counts)| {
            let key: [Value; 5] = [
                cell.school.into(),
                cell.school_class.into(),
                cell.place.into(),
                cell.stage.into(),
                cell.grade.into(),
            ];
            (key.to_vec(), counts.to_vec())
        });
        let counted: Vec<&str> = COUNTED.iter().map(|counted| counted.column).collect();
        add_to(tx, "tally_cells", &CELL, &counted, rows.collect()).await
    }

    async fn write_flows(&self, tx: &impl ConnectionTrait) -> Result<(), DbErr> {
        let mut counties: BTreeMap<(i64, i32, i32, i32), i64> = BTreeMap::new();
        let mut rows = Vec::new();
        for (flow, count) in &self.flows {
            let county = flow.place.div_euclid(COUNTY);
            let key = (county, flow.stage, flow.school_year, flow.kind);
            *counties.entry(key).or_default() += count;
            let key: [Value; 5] = [
                flow.school.into(),
                flow.place.into(),
                flow.stage.into(),
                flow.school_year.into(),
                flow.kind.into(),
            ];
            rows.push((key.to_vec(), vec![*count]));
        }
        let key = ["school", "place", "stage", "school_year", "kind"];
        add_to(tx, "flow_cells", &key, &["flow"], rows).await?;
        let rows = counties
            .into_iter()
            .map(|((county, stage, school_year, kind), count)| {
                let key = [county.into(), stage.into(), school_year.into(), kind.into()];
                (key.to_vec(), vec![count])
            });
        let key = ["county", "stage", "school_year", "kind"];
        add_to(tx, "flow_counties", &key, &["flow"], rows.collect()).await
    }
}

async fn write_counties(tx: &impl ConnectionTrait, counties: Counties) -> Result<(), DbErr> {
    let rows = counties
        .into_iter()
        .map(|((county, stage, grade), (counts, bands))| {
            let key = [county.into(), stage.into(), grade.into()];
            (key.to_vec(), counts.into_iter().chain(bands).collect())
        });
    let counted = COUNTED.iter().map(|counted| counted.column);
    let counted: Vec<&str> = counted.chain(size::COLUMNS).collect();
    let key = ["county", "stage", "grade"];
    add_to(tx, "tally_counties", &key, &counted, rows.collect()).await
}

/// Adds to the sums under each key; a key that is not there yet counts as zero.
async fn add_to(
    tx: &impl ConnectionTrait,
    table: &'static str,
    key: &[&'static str],
    sums: &[&'static str],
    rows: Vec<(Vec<Value>, Vec<i64>)>,
) -> Result<(), DbErr> {
    let row = |(key, counts): (Vec<Value>, Vec<i64>)| {
        let counts = counts.into_iter().map(Value::from);
        key.into_iter().chain(counts).collect()
    };
    let add = |column: &&str| format!("{column} = {table}.{column} + excluded.{column}");
    let adds: Vec<String> = sums.iter().map(add).collect();
    let after = format!(
        "ON CONFLICT ({}) DO UPDATE SET {}",
        key.join(", "),
        adds.join(", ")
    );
    let columns = [key, sums].concat();
    let rows = rows.into_iter().map(row).collect();
    insert_rows(tx, table, &columns, rows, &after).await
}
