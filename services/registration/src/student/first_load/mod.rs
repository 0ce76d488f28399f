//! The first load of a province: while nobody is registered, a large import takes the indexes of the students away and builds
//! them once, when all rows are in. On PostgreSQL; SQLite takes every import the common way.
//!
//! Uniqueness is kept meanwhile by the one process that loads: it knows the keyed hash of every document and number that it
//! has written. The first set with somebody whom it has met ends the load before it is written, so that its rows are judged
//! as always, against the indexes: a repeat stands, a child of two schools opens its case. A registration of one student
//! ends the load too, silence after the last import, and the start of a process that finds a load whose holder has died: every
//! row that has been committed is unique, and the indexes can always be built. An import that comes while they are built for
//! mere silence puts them off. Who may have two records is looked for then, by the indexes, and the load is not over before each
//! of them has a case; nobody waits for that.
//!
//! The row of `first_loads` says that a load is under way, by whom, and how to build what was there; nothing is left to build
//! once the indexes stand. Each set holds it while it is written. Other writes fail at the database: there is no unique index
//! for them to rely on, and a trigger refuses changes.

mod met;
mod statements;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use junheng_kernel::error::KernelError;
use junheng_kernel::service::Context;
use junheng_kernel::store::{Store, Tx};
use sea_orm::DatabaseBackend;
use tokio::sync::{RwLock, RwLockReadGuard, watch};
use uuid::Uuid;

use met::Met;
use statements::{Built, Standing};

use super::second_records;
use crate::entity::student::Model;

/// An import of fewer rows goes the common way: taking indexes away and building them has its price too.
const MANY: usize = 5_000;
/// A load with more students than this is ended: who has been met is kept in memory, some sixteen bytes each.
const MOST: usize = 12_000_000;
/// Who sends file after file pauses between them: so long after the last import a load is not over. An import that comes while
/// the indexes are built calls that off, and so the time that they take counts as silence too.
const PAUSE: Duration = Duration::from_secs(2);
/// What the indexes of one student take at least.
const INDEXED: Duration = Duration::from_micros(2);
/// The shortest silence that ends a load. After one that was called off the next must be twice as long.
const SILENCE: Duration = Duration::from_millis(200);
/// The longest silence that is waited for; what is built then is built to the end.
const LONGEST_SILENCE: Duration = Duration::from_secs(4);
/// How many indexes are built at a time.
const HANDS: usize = 3;
/// How often a load is looked at.
const INTERVAL: Duration = Duration::from_millis(500);
/// How long a holder is taken to be alive after it last said so.
const LEASE_MICROS: i64 = 10_000_000;
/// How many looks pass between two for the loads of others.
const SELDOM: u32 = 10;
/// How many looks pass between two for loads whose indexes stand and whose cases are left.
const RARELY: u32 = 60;

/// The first load of a process, shared by everything that writes students.
#[derive(Clone)]
pub(crate) struct FirstLoad(Arc<Shared>);

struct Shared {
    context: Context,
    holder: Uuid,
    /// Who has been met while this process loads.
    met: Mutex<Option<Met>>,
    /// How many imports are under way.
    imports: watch::Sender<usize>,
    last_import: Mutex<Instant>,
    ending: tokio::sync::Mutex<()>,
    /// Held by who opens what cases are left.
    finishing: tokio::sync::Mutex<()>,
    /// Shared by the sets that are being written, held alone by a load that begins.
    gate: RwLock<()>,
}

/// An import that is under way.
pub(crate) struct Underway(FirstLoad);

// === impl FirstLoad ===

impl FirstLoad {
    /// Starts the task that ends loads.
    pub(crate) fn watch(context: &Context) -> Self {
        let load = Self(Arc::new(Shared {
            context: context.clone(),
            holder: Uuid::now_v7(),
            met: Mutex::new(None),
            imports: watch::Sender::new(0),
            last_import: Mutex::new(Instant::now()),
            ending: tokio::sync::Mutex::new(()),
            finishing: tokio::sync::Mutex::new(()),
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
        self.0.imports.send_modify(|count| *count += 1);
        let underway = Underway(self.clone());
        if self.is_postgres() {
            while self.others().await? {
                tokio::time::sleep(INTERVAL).await;
            }
        }
        Ok(underway)
    }

    /// Begins a load for an import of so many rows, if it is large and nobody is registered.
    pub(crate) async fn begin(&self, rows: usize) -> Result<(), KernelError> {
        if rows < MANY || !self.is_postgres() || self.is_loading() || !self.is_empty().await? {
            return Ok(());
        }
        // A set that is being written the common way relies on the indexes: it comes first, and the next one finds the load. It may
        // wait for the end of one, and so the gate comes before that.
        let _alone = self.0.gate.write().await;
        let _one = self.0.ending.lock().await;
        if self.is_loading() || !self.is_empty().await? {
            return Ok(());
        }
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
        if !self.is_loading() {
            return Ok(());
        }
        // In a task of its own: a caller who goes away must not let the next one begin the same beside it.
        let load = self.clone();
        let built = tokio::spawn(async move { load.build(|_| true).await });
        match built.await {
            Ok(built) => built.map(|_| ()),
            Err(error) => Err(KernelError::Stored(format!("the task failed: {error}"))),
        }
    }

    /// Builds the indexes, while `goes_on` by the number of imports under way; whether it did to the end. The load is over for all but
    /// the cases of second records then.
    async fn build(&self, goes_on: fn(usize) -> bool) -> Result<bool, KernelError> {
        let _one = self.0.ending.lock().await;
        let begun = Instant::now();
        let imports = self.0.imports.subscribe();
        let build = move |hands: Vec<Tx>| async move {
            let built = statements::build(&hands, || goes_on(*imports.borrow())).await?;
            Ok((built, built == Built::Now))
        };
        let open = |tx: Tx| async move { statements::open(&tx).await };
        let built = self.store().upkeep_side_by_side(HANDS, build, open).await?;
        if built == Built::CalledOff {
            return Ok(false);
        }
        *self.met() = None;
        if built != Built::Now {
            return Ok(true);
        }
        let analyze = |tx: Tx| async move { statements::analyze(&tx).await };
        if let Err(error) = self.store().upkeep(analyze).await {
            tracing::warn!(%error, "the planner learns of the students later");
        }
        tracing::info!(
            seconds = begun.elapsed().as_secs_f64(),
            "the indexes of the students are built"
        );
        self.spawn_finish();
        Ok(true)
    }

    fn spawn_finish(&self) {
        let load = self.clone();
        self.0.context.tasks.spawn(async move {
            if let Err(error) = load.finish().await {
                tracing::warn!(%error, "a first load is not over yet; what is left is tried again");
            }
        });
    }

    /// Opens the cases of second records, when the indexes stand: the load is over when each has its own. One at a time here;
    /// another process that takes this one for dead does the same beside it, to the same end.
    async fn finish(&self) -> Result<(), KernelError> {
        let Ok(_one) = self.0.finishing.try_lock() else {
            return Ok(());
        };
        self.renew().await?;
        let found = second_records::open_cases(&self.0.context, None).await?;
        if found.left > 0 {
            tracing::info!(left = found.left, "second records are looked for again");
            return Ok(());
        }
        self.store()
            .upkeep(|tx| async move { statements::leave(&tx).await })
            .await?;
        tracing::info!(suspected = found.opened, "the first load is over");
        Ok(())
    }

    async fn renew(&self) -> Result<(), KernelError> {
        let (holder, until) = (self.0.holder, self.until());
        let renewed = self.store().upkeep(move |tx| async move {
            statements::renew(&tx, holder, until).await?;
            Ok(())
        });
        renewed.await
    }

    async fn keep_watch(&self) {
        let stop = self.0.context.stop.clone();
        let mut imports = self.0.imports.subscribe();
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut tick, mut silence) = (0_u32, SILENCE);
        loop {
            let is_silent = *imports.borrow_and_update() == 0 && self.is_loading();
            let wanted = silence.max(self.pause());
            let left = wanted.saturating_sub(self.last_import().elapsed());
            let done = tokio::select! {
                () = stop.cancelled() => return,
                _ = imports.changed() => Ok(()),
                _ = ticks.tick() => {
                    tick = tick.wrapping_add(1);
                    self.look(tick).await
                }
                () = tokio::time::sleep(left), if is_silent => {
                    // Imports that never pause long do not keep the indexes away for ever.
                    let yields = silence < LONGEST_SILENCE;
                    let goes_on: fn(usize) -> bool = if yields { |imports| imports == 0 } else { |_| true };
                    let ended = self.build(goes_on).await;
                    silence = match ended {
                        Ok(true) => SILENCE,
                        _ => LONGEST_SILENCE.min(2 * silence),
                    };
                    *self.last_import() = Instant::now();
                    ended.map(|_| ())
                }
            };
            if let Err(error) = done {
                tracing::warn!(%error, "a first load could not be looked at; it is tried again");
            }
        }
    }

    async fn look(&self, tick: u32) -> Result<(), KernelError> {
        if !self.is_loading() {
            if tick.is_multiple_of(SELDOM) {
                self.others().await?;
            }
            if tick.is_multiple_of(RARELY) && self.is_left().await? {
                self.spawn_finish();
            }
        }
        if tick.is_multiple_of(SELDOM / 2) && (self.is_loading() || self.is_finishing()) {
            self.renew().await?;
        }
        Ok(())
    }

    /// Whether another process loads. Where that one has died, its load is ended, and so is one of this process that failed
    /// to end. A load whose indexes stand keeps nobody waiting.
    async fn others(&self) -> Result<bool, KernelError> {
        let standing = statements::standing(self.store().reader()).await?;
        let standing = standing.filter(|standing| !standing.is_built);
        let Some(standing) = standing.filter(|_| !self.is_loading()) else {
            return Ok(false);
        };
        let is_own = standing.holder == self.0.holder;
        if !is_own && (self.is_renewed(&standing) || self.is_held().await?) {
            return Ok(true);
        }
        self.build(|_| true).await?;
        Ok(false)
    }

    /// Whether the cases of a load are left whose indexes stand: by this process, or one that is not known to be alive.
    async fn is_left(&self) -> Result<bool, KernelError> {
        let standing = statements::standing(self.store().reader()).await?;
        let is_left = |standing: Standing| {
            let is_own = standing.holder == self.0.holder;
            standing.is_built && (is_own || !self.is_renewed(&standing))
        };
        Ok(standing.is_some_and(is_left))
    }

    fn is_renewed(&self, standing: &Standing) -> bool {
        standing.until_micros > self.0.context.clock.now_micros()
    }

    async fn is_held(&self) -> Result<bool, KernelError> {
        let held = |tx: Tx| async move { Ok(statements::is_held(&tx).await?) };
        self.store().upkeep(held).await
    }

    /// Whether the indexes are away for a load, of this process or another.
    pub(crate) async fn is_anywhere(&self) -> Result<bool, KernelError> {
        if !self.is_postgres() {
            return Ok(false);
        }
        let standing = statements::standing(self.store().reader()).await?;
        Ok(standing.is_some_and(|standing| !standing.is_built))
    }

    /// What of a pause between two imports the indexes would not cover.
    fn pause(&self) -> Duration {
        let students = self.met().as_ref().map_or(0, Met::count);
        let students = u32::try_from(students).unwrap_or(u32::MAX);
        PAUSE.saturating_sub(INDEXED.saturating_mul(students))
    }

    async fn is_empty(&self) -> Result<bool, KernelError> {
        Ok(statements::is_empty(self.store().reader()).await?)
    }

    fn is_loading(&self) -> bool {
        self.met().is_some()
    }

    fn is_finishing(&self) -> bool {
        self.0.finishing.try_lock().is_err()
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

    fn last_import(&self) -> MutexGuard<'_, Instant> {
        let last = self.0.last_import.lock();
        last.unwrap_or_else(PoisonError::into_inner)
    }

    fn met(&self) -> MutexGuard<'_, Option<Met>> {
        self.0.met.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Underway ===

impl Drop for Underway {
    fn drop(&mut self) {
        *self.0.last_import() = Instant::now();
        self.0.0.imports.send_modify(|count| *count -= 1);
    }
}
