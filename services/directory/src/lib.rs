//! The school directory as the other services keep it 学校名录副本.
//!
//! Registration owns the schools. Staffing, assets and inspection each keep this small copy (code, name, place, kind),
//! fed by registration's change feed, so that scope and references never cost a call. Nobody writes the copy but the
//! feed. A school that the copy does not know yet is waited for briefly: it may have been registered a moment ago.

mod entity;
mod follower;
mod migration;
mod reference;
#[cfg(feature = "testing")]
pub mod testing;

use std::collections::BTreeSet;
use std::time::Duration;

use junheng_kernel::error::KernelError;
use junheng_kernel::name::Parent;
use junheng_kernel::scope::{Scope, Scoped};
use junheng_kernel::service::{Context, Link};
use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::school::State;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use tokio::sync::watch;
use uuid::Uuid;

pub use entity::Model as DirectorySchool;
use entity::{Column, Entity};
pub use migration::DirectoryMigration;
pub use reference::{Held, ReferenceError, Roster};

/// How long a reference to an unknown school waits for the feed.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often to look while waiting: the copy may be moved by another replica of this service.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The copy of the school directory in one service.
#[derive(Clone)]
pub struct Directory {
    context: Context,
    applied: watch::Receiver<u64>,
}

// === impl DirectorySchool ===

impl DirectorySchool {
    /// The stages that the school runs, lowest first.
    pub fn stages(&self) -> Vec<Stage> {
        self.stages
            .split(',')
            .filter_map(|number| Stage::try_from(number.parse::<i32>().ok()?).ok())
            .collect()
    }

    /// The resource name.
    pub fn name(&self) -> String {
        format!("schools/{}", self.id)
    }
}

// === impl Directory ===

impl Directory {
    /// Starts to follow registration's feed, reached over `registration`.
    pub fn follow(context: &Context, registration: Link) -> Self {
        Self {
            context: context.clone(),
            applied: follower::start::<Entity>(context, registration),
        }
    }

    /// Like [`follow`](Self::follow); the rows of `E` that belong to a school take its place when the school moves to
    /// another town or county, in the transaction that applies the move to the copy.
    pub fn follow_placing<E: Scoped>(context: &Context, registration: Link) -> Self {
        Self {
            context: context.clone(),
            applied: follower::start::<E>(context, registration),
        }
    }

    /// The school with this id, whoever may see it: callers check its place against their scope.
    pub async fn get(&self, id: Uuid) -> Result<Option<DirectorySchool>, KernelError> {
        let found = self
            .until(|| self.select(Column::Id.eq(id)), |rows| !rows.is_empty())
            .await?;
        Ok(found.into_iter().next())
    }

    /// The schools with these identification codes; those that nobody registered are absent.
    pub async fn by_codes(&self, codes: &[&str]) -> Result<Vec<DirectorySchool>, KernelError> {
        let mut found = Vec::new();
        for chunk in codes.chunks(500) {
            let wanted = Column::SchoolCode.is_in(chunk.iter().copied());
            let complete = |rows: &Vec<DirectorySchool>| rows.len() == chunk.len();
            found.extend(self.until(|| self.select(wanted.clone()), complete).await?);
        }
        Ok(found)
    }

    /// The same, without waiting for the feed.
    pub(crate) async fn known(&self, codes: &[&str]) -> Result<Vec<DirectorySchool>, KernelError> {
        let mut found = Vec::new();
        for chunk in codes.chunks(500) {
            let wanted = Column::SchoolCode.is_in(chunk.iter().copied());
            found.extend(self.select(wanted).await?);
        }
        Ok(found)
    }

    /// The schools below `parent` that `scope` covers and that run, by id. Closed ones keep their entry, and are found by
    /// [`get`](Self::get) and [`by_codes`](Self::by_codes).
    pub async fn below(
        &self,
        parent: &Parent,
        scope: &Scope,
    ) -> Result<Vec<DirectorySchool>, KernelError> {
        Ok(Entity::visible_to(scope)
            .filter(parent.condition::<Entity>())
            .filter(Column::State.eq(State::Open as i32))
            .order_by_asc(Column::Id)
            .all(self.context.store.reader())
            .await?)
    }

    /// Schools as the copy has them now, held until the transaction ends, so that rows written in it lie where their school
    /// lies: a move or the closing of the school comes before, or finds the rows. Ask before anything else is read or
    /// written.
    pub async fn hold(
        database: &impl ConnectionTrait,
        schools: impl IntoIterator<Item = Uuid>,
    ) -> Result<Held, DbErr> {
        let judged = Scope::everything("the schools were judged against the scope before");
        let schools: BTreeSet<Uuid> = schools.into_iter().collect();
        let held = Entity::visible_to(&judged)
            .filter(Column::Id.is_in(schools))
            // In the order in which the follower moves schools, so that one waits for the other instead of locking up.
            .order_by_asc(Column::Id)
            .lock_shared()
            .all(database)
            .await?;
        Ok(Held::of(held))
    }

    /// The school once the copy knows that it closes; `None` when the feed does not bring that in time.
    async fn closing(&self, id: Uuid) -> Result<Option<DirectorySchool>, KernelError> {
        let known = |rows: &Vec<DirectorySchool>| rows.iter().any(DirectorySchool::closes);
        let found = self.until(|| self.select(Column::Id.eq(id)), known).await?;
        Ok(found.into_iter().find(DirectorySchool::closes))
    }

    async fn select(
        &self,
        wanted: sea_orm::sea_query::SimpleExpr,
    ) -> Result<Vec<DirectorySchool>, KernelError> {
        let all = Scope::everything("a reference is resolved before its scope can be judged");
        Ok(Entity::visible_to(&all)
            .filter(wanted)
            .all(self.context.store.reader())
            .await?)
    }

    /// Reads, and reads again when the feed has moved, until the answer is complete or patience ends.
    async fn until<Read>(
        &self,
        read: impl Fn() -> Read,
        complete: impl Fn(&Vec<DirectorySchool>) -> bool,
    ) -> Result<Vec<DirectorySchool>, KernelError>
    where
        Read: Future<Output = Result<Vec<DirectorySchool>, KernelError>>,
    {
        let mut applied = self.applied.clone();
        let patience = tokio::time::sleep(PATIENCE);
        tokio::pin!(patience);
        loop {
            applied.mark_unchanged();
            let rows = read().await?;
            if complete(&rows) {
                return Ok(rows);
            }
            tokio::select! {
                () = &mut patience => return Ok(rows),
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                // The follower is gone only while the process drains.
                moved = applied.changed() => if moved.is_err() { return Ok(rows) },
            }
        }
    }
}
