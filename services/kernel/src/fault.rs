//! Domain errors become `google.rpc.Status` here and nowhere else.
//!
//! Code and Chinese sentence of every reason stand in the contract (`reason.proto`); a variant of an error enum names its
//! reason and the values that the sentences quote.

use std::collections::HashMap;
use std::sync::LazyLock;

use junheng_proto::POOL;
use junheng_proto::error::v1::Reason;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// The `domain` of every `ErrorInfo`.
pub const DOMAIN: &str = "junheng";

/// More violations do not fit into a response header (150 pass, 200 break the connection).
const MOST_VIOLATIONS: usize = 20;

/// What every domain error tells its caller. `Display` is the English message.
pub trait Fault: std::error::Error {
    /// The reason, from the contract's catalogue.
    fn reason(&self) -> Reason;

    /// The values that the messages quote; integrators may rely on the keys.
    fn metadata(&self) -> Vec<(&'static str, String)>;

    /// The fields at fault, for bad input.
    fn violations(&self) -> &[Violation] {
        &[]
    }
}

/// One field at fault: which, why, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field as the caller names it, with dots.
    pub field: String,
    /// The reason.
    pub reason: Reason,
    /// Why, and what would be right, in English.
    pub why: String,
    /// The same in Chinese.
    pub why_zh: String,
}

// === impl Violation ===

impl Violation {
    /// A value that is not acceptable.
    pub fn invalid(field: &str, why: impl Into<String>, why_zh: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            reason: Reason::FieldInvalid,
            why: why.into(),
            why_zh: why_zh.into(),
        }
    }

    /// What a fault says, as what is wrong with a field of an import row.
    pub fn of(field: &str, fault: &impl Fault) -> Self {
        Self {
            field: field.to_owned(),
            reason: fault.reason(),
            why: fault.to_string(),
            why_zh: sentence_zh(fault.reason(), &fault.metadata()),
        }
    }

    /// A required field that is empty.
    pub fn required(field: &str) -> Self {
        Self {
            field: field.to_owned(),
            reason: Reason::FieldRequired,
            why: "is required".into(),
            why_zh: "必填".into(),
        }
    }
}

/// The status of a fault, with details. An internal fault is logged here, once, and tells the caller nothing.
pub fn into_status(fault: impl Fault) -> Status {
    let reason = fault.reason();
    let (code, _) = catalogue(reason);
    let zh = sentence_zh(reason, &fault.metadata());
    // What these say comes from the database or the network and is for operators.
    let message = match reason {
        Reason::Unavailable => {
            tracing::warn!(error = %fault, "call refused for now");
            "the service is busy or does not answer; try again".to_owned()
        }
        Reason::WriteConflict => {
            tracing::debug!(error = %fault, "call in conflict");
            "another write was under way at the same time; try again".to_owned()
        }
        _ if code == Code::Internal => {
            tracing::error!(error = ?fault, "call failed");
            "internal error".to_owned()
        }
        _ => fault.to_string(),
    };
    let metadata = fault.metadata();
    let name = reason_name(reason);
    let subject = |key: &str| {
        metadata
            .iter()
            .find(|(found, _)| *found == key)
            .map(|(_, value)| value.clone())
    };
    let mut details = ErrorDetails::with_error_info(
        name,
        DOMAIN,
        metadata
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect::<HashMap<_, _>>(),
    );
    details.set_localized_message("zh-CN", zh);
    match code {
        Code::InvalidArgument => {
            for violation in fault.violations().iter().take(MOST_VIOLATIONS) {
                details.add_bad_request_violation(
                    &violation.field,
                    format!("{} / {}", violation.why, violation.why_zh),
                );
            }
        }
        Code::FailedPrecondition => {
            details.add_precondition_failure_violation(
                name,
                subject("name").unwrap_or_default(),
                &message,
            );
        }
        Code::NotFound | Code::AlreadyExists => {
            details.set_resource_info("", subject("name").unwrap_or_default(), "", &message);
        }
        Code::Unavailable | Code::ResourceExhausted => {
            let seconds = subject("retry_seconds").and_then(|text| text.parse().ok());
            details.set_retry_info(Some(std::time::Duration::from_secs(seconds.unwrap_or(1))));
        }
        _ => {}
    }
    Status::with_error_details(code, message, details)
}

/// The reason's name as `ErrorInfo` carries it, for example `ETAG_MISMATCH`.
pub fn reason_name(reason: Reason) -> &'static str {
    reason.as_str_name().trim_start_matches("REASON_")
}

/// The Chinese sentence of a reason with its values.
pub fn sentence_zh(reason: Reason, metadata: &[(&'static str, String)]) -> String {
    metadata
        .iter()
        .fold(catalogue(reason).1.to_owned(), |sentence, (key, value)| {
            sentence.replace(&format!("{{{key}}}"), value)
        })
}

/// Whether the same call may succeed when it is made again, unchanged: another write was in the way, or somebody did not answer.
pub fn is_passing(reason: Reason) -> bool {
    matches!(
        catalogue(reason).0,
        Code::Aborted | Code::Unavailable | Code::ResourceExhausted
    )
}

fn catalogue(reason: Reason) -> (Code, &'static str) {
    CATALOGUE
        .get(&reason)
        .map_or((Code::Internal, "系统内部错误"), |(code, zh)| {
            (*code, zh)
        })
}

static CATALOGUE: LazyLock<HashMap<Reason, (Code, String)>> = LazyLock::new(|| {
    let (Some(option), Some(reasons)) = (
        POOL.get_extension_by_name("junheng.error.v1.fault"),
        POOL.get_enum_by_name("junheng.error.v1.Reason"),
    ) else {
        return HashMap::new();
    };
    let entry = |value: prost_reflect::EnumValueDescriptor| {
        let options = value.options();
        let fault = options.get_extension(&option);
        let fault = fault.as_message()?;
        let code = Code::from(fault.get_field_by_name("code")?.as_enum_number()?);
        let zh = fault.get_field_by_name("zh")?.as_str()?.to_owned();
        Some((Reason::try_from(value.number()).ok()?, (code, zh)))
    };
    reasons.values().filter_map(entry).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_database_says_reaches_no_caller() {
        use crate::error::KernelError;
        use sea_orm::{DbErr, RuntimeErr};
        for inside in ["secret table", "database is locked", "could not serialize"] {
            for error in [
                DbErr::Custom(inside.into()),
                DbErr::Conn(RuntimeErr::Internal(inside.into())),
            ] {
                let status = into_status(KernelError::Database(error));
                let told = format!("{} {:?}", status.message(), status.get_error_details());
                assert!(!told.contains(inside), "{told}");
                assert!(!told.contains("database"), "{told}");
            }
        }
    }

    #[test]
    fn what_stood_in_the_way_passes_and_what_is_damaged_does_not() {
        for passing in [
            Reason::WriteConflict,
            Reason::EtagMismatch,
            Reason::Unavailable,
        ] {
            assert!(is_passing(passing), "{passing:?}");
        }
        for lasting in [
            Reason::Internal,
            Reason::RegionUnknown,
            Reason::StepNotReady,
        ] {
            assert!(!is_passing(lasting), "{lasting:?}");
        }
    }

    #[test]
    fn every_reason_has_a_code_and_a_sentence() {
        let reasons = POOL.get_enum_by_name("junheng.error.v1.Reason").unwrap();
        for value in reasons.values().filter(|value| value.number() != 0) {
            let reason = Reason::try_from(value.number()).unwrap();
            let (code, zh) = &CATALOGUE[&reason];
            assert_ne!(*code, Code::Ok, "{reason:?}");
            assert!(!zh.is_empty(), "{reason:?}");
        }
    }
}
