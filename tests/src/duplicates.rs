//! Cases of double registration, as they are opened.

use std::time::Duration;

use junheng_proto::registration::v1::{DuplicateCase, ListDuplicateCasesRequest};

use crate::Officer;
use crate::refusal::answered;

/// How long a case may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often to look whether it is there.
const LOOK: Duration = Duration::from_millis(20);

/// The cases below a parent, as soon as they are enough.
///
/// # Panics
/// When they are not in a minute.
pub async fn cases_once(
    officer: &Officer,
    parent: &str,
    are_enough: impl Fn(&[DuplicateCase]) -> bool,
) -> Vec<DuplicateCase> {
    let looks = async {
        loop {
            let request = ListDuplicateCasesRequest {
                parent: parent.to_owned(),
                ..ListDuplicateCasesRequest::default()
            };
            let listed = officer
                .duplicate_cases()
                .list_duplicate_cases(request)
                .await;
            let cases = answered(listed).duplicate_cases;
            if are_enough(&cases) {
                return cases;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    let cases = tokio::time::timeout(PATIENCE, looks).await;
    cases.expect("a case is opened")
}
