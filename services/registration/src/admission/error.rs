//! Why a call about admissions fails.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_kernel::workflow::WorkflowError;
use junheng_proto::error::v1::Reason;
use sea_orm::DbErr;

use crate::school_class::error::SchoolClassError;

/// Why a call about admissions failed.
#[derive(Debug, thiserror::Error)]
pub enum AdmissionError {
    /// The school has a plan of this year and stage.
    #[error("the school has a plan of this school year and stage: {name}")]
    Taken {
        /// The plan that stands.
        name: String,
    },
    /// Compulsory schools admit without examination.
    #[error("{school} admits without examination or selection (Compulsory Education Law 12)")]
    Examination {
        /// The school.
        school: String,
    },
    /// Classes would be too large.
    #[error("classes would have {size} pupils; at most {most} are allowed")]
    ClassSize {
        /// Pupils of the largest class.
        size: i64,
        /// The most allowed.
        most: i64,
    },
    /// A document that migrant families may not be asked for.
    #[error("migrant families may not be asked for {document}")]
    Document {
        /// The document.
        document: String,
    },
    /// No published zones feed the school.
    #[error("no published zones of {school_year} feed {school}")]
    ZoneNotPublished {
        /// The school.
        school: String,
        /// The school year.
        school_year: i32,
    },
    /// The list takes nobody any more.
    #[error("the list {name} is closed; it takes and gives up nobody until it is returned")]
    Closed {
        /// The plan.
        name: String,
    },
    /// What a class of the school would meet.
    #[error(transparent)]
    Class(#[from] SchoolClassError),
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

// === impl AdmissionError ===

impl Fault for AdmissionError {
    fn reason(&self) -> Reason {
        match self {
            Self::Taken { .. } => Reason::PlanTaken,
            Self::Examination { .. } => Reason::ExaminationForbidden,
            Self::ClassSize { .. } => Reason::ClassSizeExceeded,
            Self::Document { .. } => Reason::DocumentForbidden,
            Self::ZoneNotPublished { .. } => Reason::ZoneNotPublished,
            Self::Closed { .. } => Reason::ListClosed,
            Self::Class(error) => error.reason(),
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Taken { name } | Self::Closed { name } => vec![("name", name.clone())],
            Self::Examination { school } => vec![("school", school.clone())],
            Self::ClassSize { size, most } => {
                vec![("size", size.to_string()), ("most", most.to_string())]
            }
            Self::Document { document } => vec![("document", document.clone())],
            Self::ZoneNotPublished {
                school,
                school_year,
            } => vec![
                ("school", school.clone()),
                ("school_year", school_year.to_string()),
            ],
            Self::Class(error) => error.metadata(),
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Class(error) => error.violations(),
            Self::Kernel(error) => error.violations(),
            _ => &[],
        }
    }
}

impl From<DbErr> for AdmissionError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}

impl From<WorkflowError> for AdmissionError {
    fn from(error: WorkflowError) -> Self {
        Self::Kernel(error.into())
    }
}
