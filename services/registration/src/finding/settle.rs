//! Settles the cases whose children are back and have attended for long enough: the service takes the step, and its guard
//! looks at the marks.

use junheng_kernel::fault::Fault as _;
use junheng_kernel::service::Context;
use junheng_proto::error::v1::Reason;

use crate::dropout_case::error::DropoutCaseError;
use crate::dropout_case::steps;
use crate::entity::dropout_case::Model;

/// Settles a case if its guard lets it pass. A child who has not attended for long enough, and a case that an officer has just
/// changed, are left for the next day.
pub(super) async fn settle(context: &Context, case: &Model) -> Result<(), DropoutCaseError> {
    match steps::settle_as_service(context, case).await {
        Err(error) if is_expected(error.reason()) => {
            tracing::debug!(case = %case.id, %error, "a return is not settled");
            Ok(())
        }
        done => done,
    }
}

fn is_expected(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::StepNotReady | Reason::EtagMismatch | Reason::WriteConflict
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_return_that_is_too_young_or_was_changed_meanwhile_is_passed_over_in_silence() {
        assert!(is_expected(Reason::StepNotReady));
        assert!(is_expected(Reason::EtagMismatch));
        for told in [
            Reason::Internal,
            Reason::StepNotYours,
            Reason::NotAdmitted,
            Reason::NotFound,
            Reason::Unavailable,
        ] {
            assert!(!is_expected(told), "{told:?}");
        }
    }
}
