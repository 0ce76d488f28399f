//! Settles the cases whose children are back and have attended for long enough: the service takes the step, and its guard
//! looks at the marks.

use junheng_kernel::service::Context;

use crate::dropout_case::steps;
use crate::entity::dropout_case::Model;

/// Settles a case if its guard lets it pass.
pub(super) async fn settle(context: &Context, case: &Model) {
    if let Err(error) = steps::settle_as_service(context, case).await {
        // Not long enough yet, or somebody was faster.
        tracing::debug!(case = %case.id, %error, "a return is not settled");
    }
}
