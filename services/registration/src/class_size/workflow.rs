//! The table of a relief plan's steps.

use junheng_kernel::post::{Duty, Level, Role};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_proto::registration::v1::relief_plan::State;

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The class is large no more.
    ClassRelieved,
}

/// Every guard.
pub const GUARDS: &[Guard] = &[Guard::ClassRelieved];

/// The step that drafts it.
pub const CREATE: &str = "CreateReliefPlan";
/// The step that drops it.
pub const WITHDRAW: &str = "WithdrawReliefPlan";

/// The workflow. The plan's own end date counts, not days of a step.
#[rustfmt::skip]
pub static WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "reliefPlan", begin: (CREATE, "拟定消除计划"), start: Draft, state_name, rows: &[
        //  step                label       from                to         by                             guards              not by the taker of
        row("ApproveReliefPlan", "批准计划", &[Draft],           UnderWay,  &[COUNTY_APPROVER],            &[],                &[CREATE]),
        row("FulfilReliefPlan",  "确认消除", &[UnderWay],        Fulfilled, &[COUNTY_CLERK],               &[ClassRelieved],   &[]),
        row(WITHDRAW,            "撤回计划", &[Draft, UnderWay], Withdrawn, &[SCHOOL_CLERK, COUNTY_CLERK], &[],                &[]),
    ]}
};

const SCHOOL_CLERK: Role = Role::new(Level::School, Duty::Clerk);
const COUNTY_CLERK: Role = Role::new(Level::County, Duty::Clerk);
const COUNTY_APPROVER: Role = Role::new(Level::County, Duty::Approver);

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
