//! What follows from a comparison: suspicions of children in no school, and marks on the cases of children to be watched.

use junheng_kernel::error::KernelError;
use junheng_kernel::service::Context;
use junheng_kernel::store::Tx;
use junheng_proto::journal::v1::Record;

use super::run::next_phase;
use crate::entity::comparison::Model;

/// Opens the suspicions of a page.
pub(super) async fn open_page(
    _context: &Context,
    _tx: &Tx,
    before: &Model,
) -> Result<(Model, Vec<Record>), KernelError> {
    Ok((next_phase(before), Vec::new()))
}

/// Marks the cases of a page.
pub(super) async fn mark_page(
    _context: &Context,
    _tx: &Tx,
    before: &Model,
) -> Result<(Model, Vec<Record>), KernelError> {
    Ok((next_phase(before), Vec::new()))
}
