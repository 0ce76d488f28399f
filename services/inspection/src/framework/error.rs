//! Why a framework cannot be read or applied.

use chrono::NaiveDate;

/// A fault of a framework file, or a question that no framework answers.
#[derive(Debug, thiserror::Error)]
pub enum FrameworkError {
    /// The file does not have the shape of a framework.
    #[error("framework file: {0}")]
    Malformed(#[from] toml::de::Error),
    /// The file has the shape but contradicts itself.
    #[error("framework {framework}: {fault}")]
    Inconsistent {
        /// The framework's id.
        framework: String,
        /// What is wrong, naming the entry.
        fault: String,
    },
    /// No framework has this id.
    #[error("there is no framework {id}")]
    Unknown {
        /// The id asked for.
        id: String,
    },
    /// No profile of the framework holds at that place and time.
    #[error("framework {framework} is not in force in {region} on {date}")]
    NotInForce {
        /// The framework's id.
        framework: String,
        /// The code of the county asked for.
        region: String,
        /// The date asked for.
        date: NaiveDate,
    },
    /// The same school stands twice in the input.
    #[error("school {key} is given twice")]
    SchoolTwice {
        /// The school's key.
        key: String,
    },
}
