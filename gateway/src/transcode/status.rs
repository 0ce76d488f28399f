//! Errors as JSON: `{"error": {"code", "status", "message", "details": [..]}}`, with an HTTP status.

use http::StatusCode;
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::{ErrorDetail, StatusExt as _};

/// Codes with their names and HTTP statuses, as `google.rpc.Code` gives them.
const CODES: &[(Code, &str, u16)] = &[
    (Code::Ok, "OK", 200),
    (Code::Cancelled, "CANCELLED", 499),
    (Code::Unknown, "UNKNOWN", 500),
    (Code::InvalidArgument, "INVALID_ARGUMENT", 400),
    (Code::DeadlineExceeded, "DEADLINE_EXCEEDED", 504),
    (Code::NotFound, "NOT_FOUND", 404),
    (Code::AlreadyExists, "ALREADY_EXISTS", 409),
    (Code::PermissionDenied, "PERMISSION_DENIED", 403),
    (Code::ResourceExhausted, "RESOURCE_EXHAUSTED", 429),
    (Code::FailedPrecondition, "FAILED_PRECONDITION", 400),
    (Code::Aborted, "ABORTED", 409),
    (Code::OutOfRange, "OUT_OF_RANGE", 400),
    (Code::Unimplemented, "UNIMPLEMENTED", 501),
    (Code::Internal, "INTERNAL", 500),
    (Code::Unavailable, "UNAVAILABLE", 503),
    (Code::DataLoss, "DATA_LOSS", 500),
    (Code::Unauthenticated, "UNAUTHENTICATED", 401),
];

/// The HTTP status of a code.
pub fn http_status(code: Code) -> StatusCode {
    StatusCode::from_u16(entry(code).2).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The JSON of an error.
pub fn to_json(status: &Status) -> Vec<u8> {
    let (_, name, http) = entry(status.code());
    let details: Vec<Value> = status
        .get_error_details_vec()
        .iter()
        .filter_map(detail)
        .collect();
    let error = json!({
        "error": {
            "code": http,
            "status": name,
            "message": status.message(),
            "details": details,
        }
    });
    error.to_string().into_bytes()
}

fn entry(code: Code) -> (Code, &'static str, u16) {
    let found = CODES.iter().find(|(found, ..)| *found == code);
    found.copied().unwrap_or((Code::Unknown, "UNKNOWN", 500))
}

/// A detail with its type, in the fields of `google.rpc`. Debugging details are never shown.
fn detail(detail: &ErrorDetail) -> Option<Value> {
    let typed = |name: &str, mut fields: Value| {
        let url = format!("type.googleapis.com/google.rpc.{name}");
        fields["@type"] = Value::String(url);
        Some(fields)
    };
    match detail {
        ErrorDetail::ErrorInfo(info) => typed(
            "ErrorInfo",
            json!({"reason": info.reason, "domain": info.domain, "metadata": info.metadata}),
        ),
        ErrorDetail::BadRequest(bad) => {
            let violations = bad.field_violations.iter();
            let violations: Vec<Value> = violations
                .map(|one| json!({"field": one.field, "description": one.description}))
                .collect();
            typed("BadRequest", json!({"fieldViolations": violations}))
        }
        ErrorDetail::LocalizedMessage(localized) => typed(
            "LocalizedMessage",
            json!({"locale": localized.locale, "message": localized.message}),
        ),
        ErrorDetail::PreconditionFailure(failure) => {
            let violations = failure.violations.iter();
            let violations: Vec<Value> = violations
                .map(|one| {
                    json!({"type": one.r#type, "subject": one.subject, "description": one.description})
                })
                .collect();
            typed("PreconditionFailure", json!({"violations": violations}))
        }
        ErrorDetail::ResourceInfo(info) => typed(
            "ResourceInfo",
            json!({
                "resourceType": info.resource_type,
                "resourceName": info.resource_name,
                "description": info.description,
            }),
        ),
        ErrorDetail::RetryInfo(retry) => {
            let seconds = retry
                .retry_delay
                .map(|delay| format!("{}s", delay.as_secs_f64()));
            typed("RetryInfo", json!({"retryDelay": seconds}))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use junheng_kernel::error::KernelError;
    use junheng_kernel::fault::{Violation, into_status};

    #[test]
    fn an_error_keeps_its_reason_its_fields_and_its_chinese_sentence() {
        let violation = Violation::invalid("parent", "must be a county", "应为县级区划");
        let status = into_status(KernelError::Fields(vec![violation]));
        let json: Value = serde_json::from_slice(&to_json(&status)).unwrap();
        let error = &json["error"];
        assert_eq!(
            (&error["code"], &error["status"]),
            (&json!(400), &json!("INVALID_ARGUMENT"))
        );
        let find = |name: &str| {
            let details = error["details"].as_array().unwrap();
            let is = |detail: &&Value| detail["@type"].as_str().unwrap().ends_with(name);
            details.iter().find(is).unwrap().clone()
        };
        assert_eq!(find("ErrorInfo")["reason"], "FIELD_INVALID");
        assert_eq!(find("BadRequest")["fieldViolations"][0]["field"], "parent");
        assert_eq!(
            find("LocalizedMessage")["message"],
            "parent有误:应为县级区划"
        );
    }

    #[test]
    fn every_code_has_an_http_status() {
        for number in 0..=16 {
            let code = Code::from(number);
            assert!(CODES.iter().any(|(found, ..)| *found == code), "{code:?}");
        }
    }
}
