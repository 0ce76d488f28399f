//! Why a call about notices fails.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

/// Why a call about notices failed.
#[derive(Debug, thiserror::Error)]
pub enum DropoutNoticeError {
    /// Another office draws it.
    #[error("{kind} is drawn, served and revoked by {by}")]
    NotYours {
        /// The kind in Chinese.
        kind: &'static str,
        /// Who does, in Chinese.
        by: String,
    },
    /// The case does not stand where it is drawn.
    #[error("{kind} is drawn in {from}, not in {state} ({basis})")]
    OutOfOrder {
        /// The kind in Chinese.
        kind: &'static str,
        /// The state of the case in Chinese.
        state: &'static str,
        /// The states in which it is drawn, in Chinese.
        from: String,
        /// The articles.
        basis: String,
    },
    /// What it rests on was not served.
    #[error("{kind} rests on {missing}, which was not served (行政处罚法 44)")]
    WithoutGround {
        /// The kind in Chinese.
        kind: &'static str,
        /// What must be served before, in Chinese.
        missing: &'static str,
    },
    /// It speaks of visits that were not paid.
    #[error("{kind} rests on {least} visits at least; {visits} recorded (未成年人保护法 28)")]
    WithoutVisits {
        /// The kind in Chinese.
        kind: &'static str,
        /// Recorded since the case was last confirmed.
        visits: i32,
        /// Needed.
        least: i64,
    },
    /// The days of what it rests on run.
    #[error("{kind} says that the days of {awaited} have passed; the last of them is {until}")]
    TooEarly {
        /// The kind in Chinese.
        kind: &'static str,
        /// Whose days run, in Chinese.
        awaited: &'static str,
        /// The last day.
        until: NaiveDate,
    },
    /// Served too late.
    #[error("{name} was to be served by {until} (行政处罚法 61); revoke it and draw another")]
    ServedLate {
        /// The notice.
        name: String,
        /// The last day.
        until: NaiveDate,
    },
    /// No legal basis for a penalty.
    #[error("{region} has no legal basis for a penalty on record (义务教育法 58)")]
    WithoutBasis {
        /// The county.
        region: String,
    },
    /// No fine, or too high a one.
    #[error("a fine must be 1 to {most_fen} fen ({basis})")]
    FineOutOfRange {
        /// The highest.
        most_fen: i64,
        /// The legal basis.
        basis: String,
    },
    /// A higher fine than the one told of.
    #[error("a fine is at most the {most_fen} fen that {notice} told of (行政处罚法 44)")]
    FineAboveNotice {
        /// What was told of.
        most_fen: i64,
        /// The number of the notice.
        notice: String,
    },
    /// Its days have passed.
    #[error("{kind} was to be made by {until} (行政处罚法 60)")]
    TooLate {
        /// The kind in Chinese.
        kind: &'static str,
        /// The last day.
        until: NaiveDate,
    },
    /// Served or revoked.
    #[error("{name} stands at {state}")]
    NotValid {
        /// The notice.
        name: String,
        /// Its state in Chinese.
        state: &'static str,
    },
    /// A step rests on it.
    #[error("a step has relied on {name}: the case stands at {state}")]
    ReliedOn {
        /// The notice.
        name: String,
        /// The state of the case in Chinese.
        state: &'static str,
    },
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl DropoutNoticeError ===

impl Fault for DropoutNoticeError {
    fn reason(&self) -> Reason {
        match self {
            Self::NotYours { .. } => Reason::NoticeNotYours,
            Self::OutOfOrder { .. } => Reason::NoticeOutOfOrder,
            Self::WithoutGround { .. } => Reason::NoticeWithoutGround,
            Self::WithoutVisits { .. } => Reason::NoticeWithoutVisits,
            Self::TooEarly { .. } => Reason::NoticeTooEarly,
            Self::ServedLate { .. } => Reason::NoticeServedLate,
            Self::WithoutBasis { .. } => Reason::PenaltyWithoutBasis,
            Self::FineOutOfRange { .. } => Reason::FineOutOfRange,
            Self::FineAboveNotice { .. } => Reason::FineAboveNotice,
            Self::TooLate { .. } => Reason::NoticeTooLate,
            Self::NotValid { .. } => Reason::NoticeNotValid,
            Self::ReliedOn { .. } => Reason::NoticeReliedOn,
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        let owned = |text: &&'static str| (*text).to_owned();
        match self {
            Self::NotYours { kind, by } => vec![("kind", owned(kind)), ("by", by.clone())],
            Self::OutOfOrder {
                kind,
                state,
                from,
                basis,
            } => vec![
                ("kind", owned(kind)),
                ("state", owned(state)),
                ("from", from.clone()),
                ("basis", basis.clone()),
            ],
            Self::WithoutGround { kind, missing } => {
                vec![("kind", owned(kind)), ("missing", owned(missing))]
            }
            Self::WithoutVisits {
                kind,
                visits,
                least,
            } => vec![
                ("kind", owned(kind)),
                ("visits", visits.to_string()),
                ("least", least.to_string()),
            ],
            Self::TooEarly {
                kind,
                awaited,
                until,
            } => vec![
                ("kind", owned(kind)),
                ("awaited", owned(awaited)),
                ("until", until.to_string()),
            ],
            Self::ServedLate { name, until } => {
                vec![("name", name.clone()), ("until", until.to_string())]
            }
            Self::WithoutBasis { region } => vec![("region", region.clone())],
            Self::FineOutOfRange { most_fen, basis } => {
                vec![("most_fen", most_fen.to_string()), ("basis", basis.clone())]
            }
            Self::FineAboveNotice { most_fen, notice } => {
                vec![
                    ("most_fen", most_fen.to_string()),
                    ("notice", notice.clone()),
                ]
            }
            Self::TooLate { kind, until } => {
                vec![("kind", owned(kind)), ("until", until.to_string())]
            }
            Self::NotValid { name, state } | Self::ReliedOn { name, state } => {
                vec![("name", name.clone()), ("state", owned(state))]
            }
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Kernel(error) => error.violations(),
            _ => &[],
        }
    }
}

impl From<DbErr> for DropoutNoticeError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}
