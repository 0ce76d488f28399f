//! What the gateway says when it refuses: the reason by name, and a sentence in English and Chinese.

use std::fmt;

use junheng_kernel::fault::{reason_name, sentence_zh};
use junheng_proto::error::v1::Reason;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// A refused call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// The status code.
    pub code: Code,
    /// The reason, for example `OUT_OF_SCOPE`; empty when the answer carries none.
    pub reason: String,
    /// In English.
    pub en: String,
    /// In Chinese; empty when the answer carries none.
    pub zh: String,
    /// The fields at fault, each with what would be right.
    pub fields: Vec<String>,
}

// === impl Refusal ===

impl Refusal {
    /// What this side found, without an answer of the gateway's: in its own words, with the contract's sentence.
    pub fn here(reason: Reason, en: impl Into<String>) -> Self {
        let code = match reason {
            Reason::Unavailable => Code::Unavailable,
            _ => Code::Internal,
        };
        Self {
            code,
            reason: reason_name(reason).to_owned(),
            en: en.into(),
            zh: sentence_zh(reason, &[]),
            fields: Vec::new(),
        }
    }

    /// Nobody answered: every refusal of a service says its reason.
    fn unanswered(why: &str) -> Self {
        Self {
            code: Code::Unavailable,
            reason: reason_name(Reason::Unavailable).to_owned(),
            en: format!(
                "the connection ended before an answer came ({why}); what was asked may have been done, so send it \
                 again unchanged"
            ),
            zh: "连接在收到答复前中断,请求可能已经执行,请原样重新发送".to_owned(),
            fields: Vec::new(),
        }
    }
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let lost = [Code::Unknown, Code::Unavailable, Code::Cancelled];
        if details.error_info().is_none() && lost.contains(&status.code()) {
            return Self::unanswered(status.message());
        }
        let violations = details
            .bad_request()
            .map(|bad| bad.field_violations.as_slice());
        Self {
            code: status.code(),
            reason: details
                .error_info()
                .map(|info| info.reason.clone())
                .unwrap_or_default(),
            en: status.message().to_owned(),
            zh: details
                .localized_message()
                .map(|message| message.message.clone())
                .unwrap_or_default(),
            fields: violations
                .unwrap_or_default()
                .iter()
                .map(|violation| format!("{}: {}", violation.field, violation.description))
                .collect(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.code)?;
        if !self.reason.is_empty() {
            write!(formatter, " {}", self.reason)?;
        }
        write!(formatter, ": {}", self.en)?;
        if !self.zh.is_empty() {
            write!(formatter, "\n  {}", self.zh)?;
        }
        for field in &self.fields {
            write!(formatter, "\n  {field}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use junheng_kernel::error::KernelError;
    use junheng_kernel::fault::{Violation, into_status};

    #[test]
    fn a_refusal_says_reason_fields_and_both_sentences() {
        let status = into_status(KernelError::Fields(vec![Violation::required("parent")]));
        let refusal = Refusal::from(status);
        assert_eq!(
            (refusal.code, refusal.reason.as_str()),
            (Code::InvalidArgument, "FIELD_REQUIRED")
        );
        let text = refusal.to_string();
        assert!(text.contains("parent: is required / 必填"), "{text}");
        assert!(text.contains("缺少必填项parent"), "{text}");
    }

    #[test]
    fn a_service_that_went_away_is_told_in_both_languages() {
        let text = Refusal::from(Status::unknown("transport error")).to_string();
        assert!(text.starts_with("Unavailable UNAVAILABLE: "), "{text}");
        assert!(text.contains("(transport error)"), "{text}");
        assert!(text.contains("请原样重新发送"), "{text}");
    }

    #[test]
    fn a_connection_that_broke_is_told_in_both_languages_too() {
        let refusal = Refusal::here(Reason::Unavailable, "the connection broke");
        let text = refusal.to_string();
        assert!(
            text.starts_with("Unavailable UNAVAILABLE: the connection broke\n  "),
            "{text}"
        );
    }
}
