//! Why a step is refused.

use junheng_proto::error::v1::Reason;

use crate::fault::Fault;

/// Why a step is refused. `step` is its Chinese label, `method` its name.
#[derive(Debug, thiserror::Error)]
pub enum WorkflowError {
    /// The step does not start from the record's state.
    #[error("{method} does not start from {state_name} ({name})")]
    StepNotAllowed {
        /// The record.
        name: String,
        /// The step's label.
        step: &'static str,
        /// The step's name.
        method: String,
        /// The state's label.
        state: &'static str,
        /// The state's name.
        state_name: &'static str,
        /// The labels of the states that it starts from.
        from: String,
    },
    /// Another post takes the step.
    #[error("{method} is taken by {by} ({name})")]
    StepNotYours {
        /// The record.
        name: String,
        /// The step's label.
        step: &'static str,
        /// The step's name.
        method: String,
        /// The roles that take it.
        by: String,
        /// The same in Chinese.
        by_label: String,
    },
    /// The step is another party's.
    #[error("{method} is the {party} side's to take ({name})")]
    NotParty {
        /// The record.
        name: String,
        /// The step's label.
        step: &'static str,
        /// The step's name.
        method: String,
        /// The party.
        party: &'static str,
    },
    /// Four eyes.
    #[error("{method} may not be taken by the person who took {earlier} ({name})")]
    SamePerson {
        /// The record.
        name: String,
        /// The step's label.
        step: &'static str,
        /// The step's name.
        method: String,
        /// The earlier step.
        earlier: &'static str,
    },
    /// Something must be done first.
    #[error("{method} is not ready: {missing} ({name})")]
    NotReady {
        /// The record.
        name: String,
        /// The step's label.
        step: &'static str,
        /// The step's name.
        method: String,
        /// What is missing.
        missing: String,
        /// The same in Chinese.
        missing_zh: String,
    },
    /// The step comes too early.
    #[error("{method} can be taken after {not_before} ({name})")]
    TooEarly {
        /// The record.
        name: String,
        /// The step's label.
        step: &'static str,
        /// The step's name.
        method: String,
        /// The last day on which it cannot be taken.
        not_before: String,
    },
}

// === impl WorkflowError ===

impl Fault for WorkflowError {
    fn reason(&self) -> Reason {
        match self {
            Self::StepNotAllowed { .. } => Reason::StepNotAllowed,
            Self::StepNotYours { .. } => Reason::StepNotYours,
            Self::NotParty { .. } => Reason::StepOfAnotherParty,
            Self::SamePerson { .. } => Reason::SamePerson,
            Self::NotReady { .. } => Reason::StepNotReady,
            Self::TooEarly { .. } => Reason::StepTooEarly,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        let (name, step, more): (_, _, Vec<(_, &str)>) = match self {
            Self::StepNotAllowed {
                name,
                step,
                state,
                from,
                ..
            } => (name, step, vec![("state", state), ("from", from)]),
            Self::StepNotYours {
                name,
                step,
                by_label,
                ..
            } => (name, step, vec![("by", by_label)]),
            Self::NotParty {
                name, step, party, ..
            } => (name, step, vec![("party", party)]),
            Self::SamePerson {
                name,
                step,
                earlier,
                ..
            } => (name, step, vec![("earlier", earlier)]),
            Self::NotReady {
                name,
                step,
                missing,
                missing_zh,
                ..
            } => (
                name,
                step,
                vec![("missing", missing), ("missing_zh", missing_zh)],
            ),
            Self::TooEarly {
                name,
                step,
                not_before,
                ..
            } => (name, step, vec![("not_before", not_before)]),
        };
        let base = [("name", name.as_str()), ("step", step)];
        base.into_iter()
            .chain(more)
            .map(|(key, value)| (key, value.to_owned()))
            .collect()
    }
}
