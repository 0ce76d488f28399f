//! The first load of a province: while nobody is registered, a large import takes the indexes of the students away and builds
//! them once, when all rows are in. On PostgreSQL; SQLite takes every import the common way.
//!
//! Uniqueness is kept meanwhile by the one process that loads: it knows the keyed hash of every document and number that it
//! has written. The first set with somebody whom it has met ends the load before it is written, so that its rows are judged
//! as always, against the indexes: a repeat stands, a child of two schools opens its case. A registration of one student
//! ends the load too, silence after the last import, and the start of a process that finds a load whose holder has died:
//! every row that has been committed is unique, and the indexes can always be built. Who may have two records is looked for
//! once, by the indexes, and the load is not over before each of them has a case.
//!
//! The row of `first_loads` says that a load is under way, by whom, and how to build what was there; nothing is left to build
//! once the indexes stand. Each set holds it while it is written. Other writes fail at the database: there is no unique index
//! for them to rely on, and a trigger refuses changes.

mod met;
mod second_records;
mod statements;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use junheng_kernel::error::KernelError;
use junheng_kernel::service::Context;
use junheng_kernel::store::{Store, Tx};
use sea_orm::DatabaseBackend;
use tokio::sync::{RwLock, RwLockReadGuard};
use uuid::Uuid;

use met::Met;

use crate::entity::student::Model;

/// An import of fewer rows goes the common way: taking indexes away and building them has its price too.
const MANY: usize = 5_000;
/// A load with more students than this is ended: who has been met is kept in memory, 16 bytes each.
const MOST: usize = 12_000_000;
/// How long after the last import a load ends.
const IDLE: Duration = Duration::from_secs(2);
/// How often a load is looked at.
const INTERVAL: Duration = Duration::from_millis(500);
/// How long a holder is taken to be alive after it last said so.
const LEASE_MICROS: i64 = 10_000_000;
/// How many looks pass between two for the loads of others.
const SELDOM: u32 = 10;

/// The first load of a process, shared by everything that writes students.
#[derive(Clone)]
pub(crate) struct FirstLoad(Arc<Shared>);

struct Shared {
    context: Context,
    holder: Uuid,
    /// Who has been met while this process loads.
    met: Mutex<Option<Met>>,
    imports: AtomicUsize,
    last_import: Mutex<Instant>,
    ending: tokio::sync::Mutex<()>,
    /// Shared by the sets that are being written, held alone by a load that begins.
    gate: RwLock<()>,
}

/// An import that is under way.
pub(crate) struct Underway(Arc<Shared>);

// === impl FirstLoad ===

impl FirstLoad {
    /// Starts the task that ends loads.
    pub(crate) fn watch(context: &Context) -> Self {
        let load = Self(Arc::new(Shared {
            context: context.clone(),
            holder: Uuid::now_v7(),
            met: Mutex::new(None),
            imports: AtomicUsize::new(0),
            last_import: Mutex::new(Instant::now()),
            ending: tokio::sync::Mutex::new(()),
            gate: RwLock::new(()),
        }));
        if context.store.backend() == DatabaseBackend::Postgres {
            let load = load.clone();
            context
                .tasks
                .clone()
                .spawn(async move { load.keep_watch().await });
        }
        load
    }

    /// Says that an import is under way, and waits for another process's load.
    pub(crate) async fn enter(&self) -> Result<Underway, KernelError> {
        self.0.imports.fetch_add(1, Ordering::AcqRel);
        let underway = Underway(Arc::clone(&self.0));
        if self.is_postgres() {
            while self.others().await? {
                tokio::time::sleep(INTERVAL).await;
            }
        }
        Ok(underway)
    }

    /// Begins a load for an import of so many rows, if it is large and nobody is registered.
    pub(crate) async fn begin(&self, rows: usize) -> Result<(), KernelError> {
        if rows < MANY || !self.is_postgres() || self.is_loading() {
            return Ok(());
        }
        let _one = self.0.ending.lock().await;
        if self.is_loading() || !statements::is_empty(self.store().reader()).await? {
            return Ok(());
        }
        // A set that is being written the common way relies on the indexes: it comes first, and the next one finds the load.
        let _alone = self.0.gate.write().await;
        let (holder, until) = (self.0.holder, self.until());
        *self.met() = Some(Met::default());
        let begun = self
            .store()
            .upkeep(move |tx| async move { statements::begin(&tx, holder, until).await })
            .await;
        match begun {
            Ok(true) => tracing::info!(
                "the province is loaded for the first time; indexes are built at the end"
            ),
            Ok(false) => *self.met() = None,
            Err(error) => {
                *self.met() = None;
                tracing::info!(%error, "the indexes of the students stay; the import goes the common way");
            }
        }
        Ok(())
    }

    /// To be held by who writes a set, from before it asks whether a load is under way until its last statement: no load begins
    /// meanwhile.
    pub(crate) async fn pass(&self) -> RwLockReadGuard<'_, ()> {
        self.0.gate.read().await
    }

    /// Whether these students can be added without looking, for nobody among them has been met, nor anybody of whose document
    /// (`made_of`) another's number is made; the load is held for the transaction then. Ends the load otherwise. Ask before anything else is read or written.
    pub(crate) async fn claim(
        &self,
        tx: &Tx,
        students: impl Iterator<Item = &Model>,
        made_of: &[Vec<u8>],
    ) -> Result<bool, KernelError> {
        let claimed = match &mut *self.met() {
            None => return Ok(false),
            Some(met) => met.claim(students) && !met.knows_any(made_of) && met.count() <= MOST,
        };
        if claimed && self.hold(tx).await? {
            return Ok(true);
        }
        self.end().await?;
        Ok(false)
    }

    /// Holds the load for the transaction; `false` when there is none. A load that is about to begin is waited for.
    async fn hold(&self, tx: &Tx) -> Result<bool, KernelError> {
        let holder = self.0.holder;
        if statements::hold(tx, holder).await? {
            return Ok(true);
        }
        let _one = self.0.ending.lock().await;
        Ok(self.is_loading() && statements::hold(tx, holder).await?)
    }

    /// Ends this process's load, if there is one: whoever asks needs the indexes.
    pub(crate) async fn end(&self) -> Result<(), KernelError> {
        if self.is_loading() {
            self.build().await?;
        }
        Ok(())
    }

    async fn build(&self) -> Result<(), KernelError> {
        let _one = self.0.ending.lock().await;
        let begun = Instant::now();
        let was_loading = self
            .store()
            .upkeep(|tx| async move { statements::build(&tx).await })
            .await?;
        *self.met() = None;
        if !was_loading {
            return Ok(());
        }
        let built = begun.elapsed();
        self.store()
            .upkeep(|tx| async move { statements::analyze(&tx).await })
            .await?;
        let suspected = second_records::open_cases(&self.0.context).await?;
        self.store()
            .upkeep(|tx| async move { statements::leave(&tx).await })
            .await?;
        tracing::info!(
            seconds = begun.elapsed().as_secs_f64(),
            indexes_seconds = built.as_secs_f64(),
            suspected,
            "the first load has ended; the indexes are built"
        );
        Ok(())
    }

    async fn keep_watch(&self) {
        let stop = self.0.context.stop.clone();
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for tick in 0_u32.. {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            if let Err(error) = self.look(tick).await {
                tracing::warn!(%error, "a first load could not be looked at; it is tried again");
            }
        }
    }

    async fn look(&self, tick: u32) -> Result<(), KernelError> {
        if !self.is_loading() {
            if tick.is_multiple_of(SELDOM) {
                self.others().await?;
            }
            return Ok(());
        }
        let last = *self
            .0
            .last_import
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if self.0.imports.load(Ordering::Acquire) == 0 && last.elapsed() >= IDLE {
            return self.end().await;
        }
        if tick.is_multiple_of(SELDOM / 2) {
            let (holder, until) = (self.0.holder, self.until());
            let renewed = self.store().upkeep(move |tx| async move {
                statements::renew(&tx, holder, until).await?;
                Ok(())
            });
            renewed.await?;
        }
        Ok(())
    }

    /// Whether another process loads. Where that one has died, its load is ended, and so is one of this process that failed
    /// to end.
    async fn others(&self) -> Result<bool, KernelError> {
        let standing = statements::standing(self.store().reader()).await?;
        let Some(standing) = standing.filter(|_| !self.is_loading()) else {
            return Ok(false);
        };
        let is_own = standing.holder == self.0.holder;
        if !is_own && standing.until_micros > self.0.context.clock.now_micros() {
            return Ok(true);
        }
        self.build().await?;
        Ok(false)
    }

    fn is_loading(&self) -> bool {
        self.met().is_some()
    }

    fn is_postgres(&self) -> bool {
        self.store().backend() == DatabaseBackend::Postgres
    }

    fn until(&self) -> i64 {
        self.0.context.clock.now_micros() + LEASE_MICROS
    }

    fn store(&self) -> &Store {
        &self.0.context.store
    }

    fn met(&self) -> MutexGuard<'_, Option<Met>> {
        self.0.met.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Underway ===

impl Drop for Underway {
    fn drop(&mut self) {
        let mut last = self
            .0
            .last_import
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *last = Instant::now();
        self.0.imports.fetch_sub(1, Ordering::AcqRel);
    }
}
