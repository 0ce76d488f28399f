//! The table of a reorganisation's steps.

use junheng_kernel::post::{Duty, Level, Role};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_proto::registration::v1::reorganisation::State;

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The plan is argued: evidence of the argument (论证) stands beside a closure or merger.
    Argued,
    /// A school that stands and runs the stages receives the students (先建后撤).
    ReceiverStands,
    /// The last day of public notice is past.
    PublicityOver,
    /// Nothing that has begun for a student of the school that closes is still open.
    NothingOpen,
    /// The day on which it takes effect has come.
    DayCome,
}

/// Every guard.
pub const GUARDS: &[Guard] = &[
    Guard::Argued,
    Guard::ReceiverStands,
    Guard::PublicityOver,
    Guard::DayCome,
    Guard::NothingOpen,
];

/// The step that drafts it.
pub const CREATE: &str = "CreateReorganisation";
/// The step that puts it before the public.
pub const PUBLISH: &str = "PublishReorganisation";
/// The step that carries it out.
pub const EXECUTE: &str = "ExecuteReorganisation";
/// The step that gives it back.
pub const RETURN: &str = "ReturnReorganisation";

/// The workflow. Days are working days (a rule of this system: the texts give the order, no days).
#[rustfmt::skip]
pub static WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "reorganisation", begin: (CREATE, "拟定方案"), start: Draft, state_name, rows: &[
        //  step                       label       from                                     to          by                    due  guards                       not by the taker of
        row(PUBLISH,                   "公示方案",  &[Draft],                                Publicity,  &[COUNTY_CLERK],      20, &[Argued, ReceiverStands],   &[]),
        skip(row("ApproveReorganisation", "县级批准", &[Publicity],                          CityReview, &[COUNTY_APPROVER],   20, &[PublicityOver],            &[CREATE, PUBLISH]), Level::City, Approved),
        row("EndorseReorganisation",   "市级审核",  &[CityReview],                           Approved,   &[CITY_APPROVER],     0,  &[],                         &["ApproveReorganisation"]),
        row(EXECUTE,                   "实施",      &[Approved],                             Done,       &[COUNTY_CLERK],      0,  &[DayCome, ReceiverStands, NothingOpen],  &["ApproveReorganisation"]),
        row(RETURN,                    "退回",      &[Publicity],                            Draft,      &[COUNTY_APPROVER],   10, &[],                         &[]),
        row(RETURN,                    "退回",      &[CityReview],                           Draft,      &[CITY_APPROVER],     10, &[],                         &[]),
        row("WithdrawReorganisation",  "撤回",      &[Draft, Publicity, CityReview, Approved], Withdrawn, &[COUNTY_CLERK],     0,  &[],                         &[]),
    ]}
};

const COUNTY_CLERK: Role = Role::new(Level::County, Duty::Clerk);
const COUNTY_APPROVER: Role = Role::new(Level::County, Duty::Approver);
const CITY_APPROVER: Role = Role::new(Level::City, Duty::Approver);

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

/// The row with another target where the county has no such level.
const fn skip(row: Row<State, Guard>, level: Level, instead: State) -> Row<State, Guard> {
    Row {
        without: Some((level, instead)),
        ..row
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
