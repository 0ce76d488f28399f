//! Where the caller's own organisation lies: approvals belong to it, so that those who answer for it see and approve them.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::region::RegionTable;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::school::parent;

/// An organisation's place, and the school where it is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    /// The 12-digit place number.
    pub(crate) place: i64,
    /// The school.
    pub(crate) school: Option<Uuid>,
}

/// The seat of the caller's organisation.
pub(crate) async fn seat_of(
    database: &impl ConnectionTrait,
    caller: &Caller,
    regions: &RegionTable,
) -> Result<Seat, KernelError> {
    let own = &caller.organisation;
    let placed = parent::placed(database, caller, regions, "organisation", own).await?;
    Ok(Seat {
        place: placed.place,
        school: placed.parent.school(),
    })
}
