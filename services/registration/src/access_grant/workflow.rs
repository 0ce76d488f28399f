//! The table of a grant's steps.

use junheng_kernel::post::{Duty, Level, Role};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_proto::registration::v1::access_grant::State;

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The note gives the reason.
    ReasonGiven,
}

/// The step that asks; it has no row, because it starts from nothing.
pub const REQUEST: &str = "RequestAccessGrant";

/// The workflow of grants. Everybody answers for their own organisation and those below it.
#[rustfmt::skip]
pub static WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "accessGrant", begin: (REQUEST, "申请授权"), start: Requested, state_name, rows: &[
        //  step                 label       from                  to        guards          not by the taker of
        row("ApproveAccessGrant", "同意授权", &[Requested],          Granted,  &[],            &[REQUEST]),
        row("RefuseAccessGrant",  "不予授权", &[Requested],          Refused,  &[ReasonGiven], &[REQUEST]),
        row("RevokeAccessGrant",  "撤销授权", &[Granted],            Revoked,  &[ReasonGiven], &[]),
    ]}
};

const APPROVERS: &[Role] = &[
    Role::new(Level::School, Duty::Approver),
    Role::new(Level::County, Duty::Approver),
    Role::new(Level::City, Duty::Approver),
    Role::new(Level::Province, Duty::Approver),
];

const fn row(
    step: &'static str,
    label: &'static str,
    from: &'static [State],
    to: State,
    guards: &'static [Guard],
    not_by_taker_of: &'static [&'static str],
) -> Row<State, Guard> {
    Row {
        step,
        label,
        from,
        to,
        by: APPROVERS,
        party: "",
        due_working_days: 0,
        guards,
        not_by_taker_of,
        without: None,
    }
}

/// The name of a state without its prefix.
pub fn state_name(state: State) -> &'static str {
    state.as_str_name().trim_start_matches("STATE_")
}

/// The state of a row of the database.
pub fn state_of(number: i32) -> State {
    State::try_from(number).unwrap_or_default()
}
