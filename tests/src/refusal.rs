//! What a refused call says, read as an integrator would.

use std::collections::HashMap;
use std::fmt::Debug;

use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

/// A refusal: its code and the details that every error of the suite carries.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The canonical code.
    pub code: Code,
    /// The reason of `ErrorInfo`.
    pub reason: String,
    /// Its metadata.
    pub metadata: HashMap<String, String>,
    /// The sentence in Chinese.
    pub sentence: String,
    /// The message in English.
    pub message: String,
    /// The fields at fault.
    pub fields: Vec<String>,
}

// === impl Refused ===

impl Refused {
    /// Reads a status.
    ///
    /// # Panics
    /// When it lacks what every refusal promises: a reason of the domain `junheng` and a Chinese sentence.
    pub fn read(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details
            .error_info()
            .unwrap_or_else(|| panic!("no ErrorInfo in {status:?}"));
        assert_eq!(info.domain, "junheng", "{status:?}");
        let sentence = details
            .localized_message()
            .unwrap_or_else(|| panic!("no Chinese sentence in {status:?}"));
        assert_eq!(sentence.locale, "zh-CN");
        let violations = details
            .bad_request()
            .map(|bad| bad.field_violations.as_slice());
        Self {
            code: status.code(),
            reason: info.reason.clone(),
            metadata: info.metadata.clone(),
            sentence: sentence.message.clone(),
            message: status.message().to_owned(),
            fields: violations
                .unwrap_or_default()
                .iter()
                .map(|violation| violation.field.clone())
                .collect(),
        }
    }
}

/// The refusal of a call that must be refused with this code and reason.
///
/// # Panics
/// When the call succeeds or is refused otherwise.
#[track_caller]
pub fn refused<T: Debug>(answer: Result<Response<T>, Status>, code: Code, reason: &str) -> Refused {
    match answer {
        Ok(answer) => panic!("must be refused with {reason}, but was answered {answer:?}"),
        Err(status) => {
            let refused = Refused::read(&status);
            assert_eq!(
                (refused.code, refused.reason.as_str()),
                (code, reason),
                "{refused:?}"
            );
            refused
        }
    }
}

/// The message of a call that must succeed.
///
/// # Panics
/// When it is refused, with everything that the refusal says.
#[track_caller]
pub fn answered<T>(answer: Result<Response<T>, Status>) -> T {
    match answer {
        Ok(answer) => answer.into_inner(),
        Err(status) => panic!(
            "refused: {:?}: {} {:?}",
            status.code(),
            status.message(),
            status.get_error_details()
        ),
    }
}
