//! What a case does to the student's record (学籍异动): 辍学 when it is confirmed, 在读 when the child is back.

use junheng_kernel::error::KernelError;
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::student_change::Kind as Happened;
use sea_orm::ConnectionTrait;

use super::encode::name_of;
use super::opening::Scene;
use crate::entity::dropout_case::Model;
use crate::student::ledger::{self, Happening};
use crate::student::store as students;

/// The record of whoever attends says 辍学; that of who is on leave, abroad or between two schools says what it said.
pub(super) async fn drop_out(
    database: &impl ConnectionTrait,
    scene: &Scene<'_>,
    case: &Model,
) -> Result<Vec<Record>, KernelError> {
    let (from, to) = (&[StudentState::Enrolled], StudentState::DroppedOut);
    turn(database, scene, case, from, to, Happened::DroppedOut).await
}

/// The record says 在读 again.
pub(super) async fn bring_back(
    database: &impl ConnectionTrait,
    scene: &Scene<'_>,
    case: &Model,
) -> Result<Vec<Record>, KernelError> {
    let (from, to) = (&[StudentState::DroppedOut], StudentState::Enrolled);
    turn(database, scene, case, from, to, Happened::BroughtBack).await
}

/// The record of a child that was found to attend in another province, also where a transfer here has seated a child that never
/// came.
pub(super) async fn let_go(
    database: &impl ConnectionTrait,
    scene: &Scene<'_>,
    case: &Model,
) -> Result<Vec<Record>, KernelError> {
    let from = &[StudentState::DroppedOut, StudentState::Enrolled];
    let to = StudentState::TransferredOut;
    turn(database, scene, case, from, to, Happened::TransferredOut).await
}

async fn turn(
    database: &impl ConnectionTrait,
    scene: &Scene<'_>,
    case: &Model,
    from: &[StudentState],
    to: StudentState,
    kind: Happened,
) -> Result<Vec<Record>, KernelError> {
    let Some(id) = case.student else {
        return Ok(Vec::new());
    };
    let standing = students::with_id(database, id).await?;
    let Some(before) =
        standing.filter(|student| from.iter().any(|from| student.state == *from as i32))
    else {
        return Ok(Vec::new());
    };
    let mut after = before.clone();
    after.state = to as i32;
    if to == StudentState::TransferredOut {
        after.school_class = None;
    }
    let happening = Happening {
        kind,
        date: scene.today,
        process: name_of(case),
    };
    let (_, records) =
        ledger::change(database, scene.pen(), &before, after, Some(&happening)).await?;
    Ok(records)
}
