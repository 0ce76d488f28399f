//! Settles the cases whose children are back and have attended for long enough: the service takes the step, and its guard
//! looks at the marks.

use junheng_kernel::service::Context;

use crate::entity::dropout_case::Model;

/// Settles a case if its guard lets it pass.
pub(super) async fn settle(_context: &Context, case: &Model) {
    tracing::debug!(case = %case.id, "the return is not settled yet");
}
