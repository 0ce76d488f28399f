//! The table of a recognition's steps.

use junheng_kernel::post::{Duty, Level, Role};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_proto::registration::v1::group_recognition::State;

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The note gives the reason.
    ReasonGiven,
    /// What gives money is confirmed by the county.
    CountyWhereMoney,
    /// The last day has passed.
    TimeOver,
}

/// The step that files; it has no row, because it starts from nothing.
pub const FILE: &str = "FileGroupRecognition";
/// The step that puts it in force.
pub const CONFIRM: &str = "ConfirmGroupRecognition";
/// The step that the service itself takes when the time is over.
pub const EXPIRE: &str = "ExpireGroupRecognition";

/// The workflow of recognitions.
#[rustfmt::skip]
pub static WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "groupRecognition", begin: (FILE, "申报认定"), start: Filed, state_name, rows: &[
        //  step                        label       from                   to          by          guards               not by the taker of
        row(CONFIRM,                    "认定",     &[Filed],              Recognised, CONFIRMING, &[CountyWhereMoney], &[FILE]),
        row("RefuseGroupRecognition",   "不予认定", &[Filed],              Refused,    CONFIRMING, &[ReasonGiven],      &[FILE]),
        row("WithdrawGroupRecognition", "撤销认定", &[Filed, Recognised],  Withdrawn,  ALL,        &[ReasonGiven],      &[]),
        row(EXPIRE,                     "到期终止", &[Recognised],         Expired,    SERVICE,    &[TimeOver],         &[]),
    ]}
};

const CONFIRMING: &[Role] = &[
    Role::new(Level::School, Duty::Approver),
    Role::new(Level::County, Duty::Approver),
];
const ALL: &[Role] = &[
    Role::new(Level::School, Duty::Clerk),
    Role::new(Level::School, Duty::Approver),
    Role::new(Level::County, Duty::Clerk),
    Role::new(Level::County, Duty::Approver),
];
const SERVICE: &[Role] = &[Role::new(Level::Province, Duty::Service)];

const fn row(
    step: &'static str,
    label: &'static str,
    from: &'static [State],
    to: State,
    by: &'static [Role],
    guards: &'static [Guard],
    not_by_taker_of: &'static [&'static str],
) -> Row<State, Guard> {
    Row {
        step,
        label,
        from,
        to,
        by,
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
