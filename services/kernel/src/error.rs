//! The faults that every room can meet; a room's own enum carries them in one variant.

use junheng_proto::error::v1::Reason;
use sea_orm::{DbErr, SqlErr};

use crate::fault::{Fault, Violation};
use crate::workflow::WorkflowError;

/// What can go wrong in any room.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// Missing, or outside the caller's scope: the same answer, so that it leaks nothing.
    #[error("{name} does not exist or is not visible to the caller")]
    NotFound {
        /// The name as the caller gave it.
        name: String,
    },
    /// One field or more is not acceptable.
    #[error("{}", first(.0))]
    Fields(Vec<Violation>),
    /// The check character of an identity number is wrong (GB 11643-1999); perhaps other fields are too.
    #[error("{}", first(.violations))]
    CheckDigit {
        /// The character that would be right.
        expected: char,
        /// The fields, that of the number first.
        violations: Vec<Violation>,
    },
    /// Somebody else wrote since the caller read.
    #[error("{name} changed since it was read; read it again")]
    EtagMismatch {
        /// The record's name.
        name: String,
    },
    /// A page token that this list did not give.
    #[error("the page token is not one of this list; start again from the first page")]
    PageToken,
    /// The organisation named is not the caller's to act in.
    #[error("{organisation} lies outside the caller's post ({own})")]
    OutOfScope {
        /// The organisation named.
        organisation: String,
        /// The caller's own.
        own: String,
    },
    /// The region is not in the table.
    #[error("region {code} is not in the table")]
    RegionUnknown {
        /// The code as given.
        code: String,
    },
    /// The workflow refuses the step.
    #[error(transparent)]
    Workflow(#[from] WorkflowError),
    /// A rule of another room refuses.
    #[error("{0}")]
    Rule(Box<dyn Fault + Send + Sync>),
    /// The request id belongs to another request.
    #[error("request_id {request_id} was used for another request; take a new UUID")]
    RequestIdReused {
        /// The id.
        request_id: String,
    },
    /// The call was not admitted.
    #[error("the call did not come through the gateway")]
    NotAdmitted,
    /// Another service did not answer.
    #[error("{service} does not answer; try again")]
    Upstream {
        /// Its name.
        service: String,
    },
    /// What another service changed has not reached this one yet.
    #[error("a change made in another service has not arrived here yet; try again")]
    Behind,
    /// Another write took the same unique key at the same time.
    #[error("another write was under way at the same time; try again")]
    WriteConflict,
    /// A stream has reached the end of what its caller's identity allows.
    #[error("the stream has reached its end; ask again from the last cursor")]
    StreamEnded,
    /// The database refused or failed.
    #[error("database: {0}")]
    Database(#[from] DbErr),
    /// Stored bytes cannot be read: a wrong key, or damage.
    #[error("stored data cannot be read: {0}")]
    Stored(String),
}

// === impl KernelError ===

impl KernelError {
    /// Missing or out of scope.
    pub fn not_found(name: impl Into<String>) -> Self {
        Self::NotFound { name: name.into() }
    }

    /// Ok when nothing is at fault.
    pub fn unless_empty(violations: Vec<Violation>) -> Result<(), Self> {
        if violations.is_empty() {
            Ok(())
        } else {
            Err(Self::Fields(violations))
        }
    }
}

impl Fault for KernelError {
    fn reason(&self) -> Reason {
        match self {
            Self::NotFound { .. } => Reason::NotFound,
            Self::Fields(violations) => violations
                .first()
                .map_or(Reason::FieldInvalid, |first| first.reason),
            Self::CheckDigit { .. } => Reason::CheckDigitWrong,
            Self::EtagMismatch { .. } => Reason::EtagMismatch,
            Self::PageToken => Reason::PageTokenInvalid,
            Self::OutOfScope { .. } => Reason::OutOfScope,
            Self::RegionUnknown { .. } => Reason::RegionUnknown,
            Self::Workflow(error) => error.reason(),
            Self::Rule(error) => error.reason(),
            Self::RequestIdReused { .. } => Reason::RequestIdReused,
            Self::NotAdmitted => Reason::NotAdmitted,
            Self::Upstream { .. } => Reason::EvidenceUnavailable,
            Self::Behind => Reason::Unavailable,
            Self::WriteConflict => Reason::WriteConflict,
            Self::Database(error) => database_reason(error),
            Self::StreamEnded => Reason::StreamEnded,
            Self::Stored(_) => Reason::Internal,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotFound { name } | Self::EtagMismatch { name } => vec![("name", name.clone())],
            Self::Fields(violations) => violations.first().map_or(Vec::new(), |first| {
                vec![
                    ("field", first.field.clone()),
                    ("why", first.why.clone()),
                    ("why_zh", first.why_zh.clone()),
                ]
            }),
            Self::CheckDigit {
                expected,
                violations,
            } => {
                let field = violations.first().map(|first| first.field.clone());
                vec![
                    ("field", field.unwrap_or_default()),
                    ("expected", expected.to_string()),
                ]
            }
            Self::OutOfScope { organisation, own } => {
                vec![("organisation", organisation.clone()), ("own", own.clone())]
            }
            Self::RegionUnknown { code } => vec![("code", code.clone())],
            Self::Workflow(error) => error.metadata(),
            Self::Rule(error) => error.metadata(),
            Self::RequestIdReused { request_id } => vec![("request_id", request_id.clone())],
            Self::Upstream { service } => vec![("service", service.clone())],
            Self::PageToken
            | Self::StreamEnded
            | Self::NotAdmitted
            | Self::Behind
            | Self::WriteConflict
            | Self::Database(_)
            | Self::Stored(_) => Vec::new(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Fields(violations) | Self::CheckDigit { violations, .. } => violations,
            Self::Rule(error) => error.violations(),
            _ => &[],
        }
    }
}

fn first(violations: &[Violation]) -> String {
    violations.first().map_or_else(String::new, |first| {
        format!("{} {}", first.field, first.why)
    })
}

/// What a database error means to the caller: busy, in conflict, or our fault.
pub fn database_reason(error: &DbErr) -> Reason {
    let text = error.to_string();
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Reason::Unavailable,
        // Whoever looked before it wrote found the key free: another write has taken it since.
        _ if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
            Reason::WriteConflict
        }
        // A first load has taken the unique indexes away: in a while they are there again.
        _ if text.contains("no unique or exclusion constraint matching") => Reason::WriteConflict,
        // SQLSTATE 40001 and 40P01: serialization failure and deadlock. SQLite: 5 and 517, busy.
        _ if ["40001", "40P01", "deadlock detected", "could not serialize"]
            .iter()
            .any(|sign| text.contains(sign)) =>
        {
            Reason::WriteConflict
        }
        _ if text.contains("database is locked") => Reason::Unavailable,
        _ => Reason::Internal,
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait as _, Database};

    use super::*;

    #[tokio::test]
    async fn a_key_that_another_write_took_meanwhile_is_a_conflict_and_a_wrong_statement_is_not() {
        let database = Database::connect("sqlite::memory:").await.unwrap();
        let table = "CREATE TABLE things (id integer PRIMARY KEY, code text UNIQUE)";
        database.execute_unprepared(table).await.unwrap();
        let add = "INSERT INTO things (code) VALUES ('a')";
        database.execute_unprepared(add).await.unwrap();
        let again = database.execute_unprepared(add).await.unwrap_err();
        assert_eq!(database_reason(&again), Reason::WriteConflict, "{again}");
        let wrong = "INSERT INTO nothing (code) VALUES ('a')";
        let wrong = database.execute_unprepared(wrong).await.unwrap_err();
        assert_eq!(database_reason(&wrong), Reason::Internal, "{wrong}");
    }
}
