//! The table of a change's steps.

use junheng_kernel::post::{Duty, Level, Role};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_proto::registration::v1::key_change::State;

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The student's key fields, and the school, are still those that the change was filed for.
    FieldsAsFiled,
}

/// All guards.
pub const GUARDS: &[Guard] = &[Guard::FieldsAsFiled];

/// The step that files a change; it has no row, because it starts from nothing.
pub const CREATE: &str = "CreateKeyChange";
/// The step by which the school's head endorses.
pub const ENDORSE: &str = "EndorseKeyChange";
/// The step by which the county approves, and the record changes.
pub const APPROVE: &str = "ApproveKeyChange";
/// The step by which whoever has the change rejects it.
pub const REJECT: &str = "RejectKeyChange";
/// The step by which the school takes it back.
pub const WITHDRAW: &str = "WithdrawKeyChange";

/// Working days that school and county have (a rule of this system: no text gives them; transfers have the same).
pub const STEP_WORKING_DAYS: u32 = 10;

/// The workflow.
#[rustfmt::skip]
pub static WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "keyChange", begin: (CREATE, "提出变更"), start: Filed, state_name, rows: &[
        //  step      label        from                 to          by                  due                guards              not by the taker of
        row(ENDORSE,  "学校审核",  &[Filed],            Endorsed,   &[SCHOOL_APPROVER], STEP_WORKING_DAYS, &[],                &[CREATE]),
        row(APPROVE,  "县级核准",  &[Endorsed],         Done,       &[COUNTY_APPROVER], 0,                 &[FieldsAsFiled],   &[CREATE, ENDORSE]),
        row(REJECT,   "不予核准",  &[Filed],            Rejected,   &[SCHOOL_APPROVER], 0,                 &[],                &[CREATE]),
        row(REJECT,   "不予核准",  &[Endorsed],         Rejected,   &[COUNTY_APPROVER], 0,                 &[],                &[CREATE, ENDORSE]),
        row(WITHDRAW, "撤回变更",  &[Filed, Endorsed],  Withdrawn,  &[SCHOOL_CLERK],    0,                 &[],                &[]),
    ]}
};

const SCHOOL_CLERK: Role = Role::new(Level::School, Duty::Clerk);
const SCHOOL_APPROVER: Role = Role::new(Level::School, Duty::Approver);
const COUNTY_APPROVER: Role = Role::new(Level::County, Duty::Approver);

#[expect(
    clippy::too_many_arguments,
    reason = "one for each column of the table"
)]
const fn row(
    step: &'static str,
    label: &'static str,
    from: &'static [State],
    to: State,
    by: &'static [Role],
    due_working_days: u32,
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
        due_working_days,
        guards,
        not_by_taker_of,
        without: None,
    }
}

/// The name of a state without its prefix.
pub(super) fn state_name(state: State) -> &'static str {
    state.as_str_name().trim_start_matches("STATE_")
}

/// The state that a row holds.
pub(super) fn state_of(number: i32) -> State {
    State::try_from(number).unwrap_or_default()
}
