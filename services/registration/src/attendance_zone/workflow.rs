//! The table of a zone plan's steps.

use junheng_kernel::post::{Duty, Level, Role};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_proto::registration::v1::zone_plan::State;

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// There are zones.
    SomeZones,
    /// No two zones cover the same.
    NoOverlap,
    /// Every town of the county lies in a zone, at least in part.
    NothingUncovered,
    /// The last day of the notice is past.
    NoticeOver,
}

/// Every guard.
pub const GUARDS: &[Guard] = &[
    Guard::SomeZones,
    Guard::NoOverlap,
    Guard::NothingUncovered,
    Guard::NoticeOver,
];

/// The step that drafts a plan; it has no row, because it starts from nothing.
pub const CREATE: &str = "CreateZonePlan";
/// The step that replaces the zones.
pub const AMEND: &str = "AmendZonePlan";
/// The step that announces them.
pub const ANNOUNCE: &str = "AnnounceZonePlan";
/// The step that gives them back.
pub const RETURN: &str = "ReturnZonePlan";
/// The step that publishes them.
pub const PUBLISH: &str = "PublishZonePlan";

const CLERK: Role = Role::new(Level::County, Duty::Clerk);
const APPROVER: Role = Role::new(Level::County, Duty::Approver);

/// The workflow of a zone plan. Days are working days (a rule of this system: no text gives them).
#[rustfmt::skip]
pub static WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "zone_plan", begin: (CREATE, "起草划片方案"), start: Draft, state_name, rows: &[
        //  step      label       from        to         by          due  guards                                     not by the taker of
        row(AMEND,    "修改片区", &[Draft],   Draft,     &[CLERK],    0,  &[],                                       &[]),
        row(ANNOUNCE, "公示方案", &[Draft],   Notice,    &[APPROVER], 15, &[SomeZones, NoOverlap, NothingUncovered], &[CREATE, AMEND]),
        row(RETURN,   "退回修改", &[Notice],  Draft,     &[APPROVER], 5,  &[],                                       &[]),
        row(PUBLISH,  "公布方案", &[Notice],  Published, &[APPROVER], 0,  &[NoticeOver],                             &[CREATE, AMEND]),
    ]}
};

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
pub fn state_name(state: State) -> &'static str {
    state.as_str_name().trim_start_matches("STATE_")
}

/// The state of a row of the database.
pub fn state_of(number: i32) -> State {
    State::try_from(number).unwrap_or_default()
}
