//! The table of an admission's steps.

use junheng_kernel::post::{Duty, Level, Role};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_proto::registration::v1::admission_plan::State;

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Somebody stands on the list.
    SomebodyListed,
    /// Where there are more children than places, the source of the seed is named.
    SourceNamed,
    /// There are more children than places, and no draw was made.
    DrawDue,
    /// There are places for all, or a draw was made.
    PlacesDecided,
    /// The last day of the notice is past.
    NoticeOver,
    /// Somebody has arrived who is not registered.
    SomebodyArrived,
}

/// Every guard.
pub const GUARDS: &[Guard] = &[
    Guard::SomebodyListed,
    Guard::SourceNamed,
    Guard::DrawDue,
    Guard::PlacesDecided,
    Guard::NoticeOver,
    Guard::SomebodyArrived,
];

/// The step that opens a plan; it has no row, because it starts from nothing.
pub const CREATE: &str = "CreateAdmissionPlan";
/// The step that closes the list.
pub const CLOSE: &str = "CloseAdmissionPlan";
/// The step that draws.
pub const DRAW: &str = "DrawAdmissionPlan";
/// The step that publishes the list.
pub const PUBLISH: &str = "PublishAdmissionPlan";
/// The step that opens it again.
pub const RETURN: &str = "ReturnAdmissionPlan";
/// The step by which the county confirms it.
pub const CONFIRM: &str = "ConfirmAdmissionPlan";
/// The step that registers who arrived.
pub const ENROL: &str = "EnrolAdmitted";

const SCHOOL_CLERK: Role = Role::new(Level::School, Duty::Clerk);
const SCHOOL_APPROVER: Role = Role::new(Level::School, Duty::Approver);
const COUNTY_CLERK: Role = Role::new(Level::County, Duty::Clerk);
const COUNTY_APPROVER: Role = Role::new(Level::County, Duty::Approver);

/// The workflow of an admission. Days are working days (a rule of this system: no text gives them).
#[rustfmt::skip]
pub static WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "admission_plan", begin: (CREATE, "登记招生计划"), start: Draft, state_name, rows: &[
        //  step      label       from                   to         by                                   due  guards                          not by the taker of
        row(CLOSE,    "名单截止", &[Draft],              Closed,    &[SCHOOL_APPROVER, COUNTY_APPROVER], 10, &[SomebodyListed, SourceNamed], &[]),
        row(DRAW,     "电脑派位", &[Closed],             Closed,    &[COUNTY_APPROVER],                  5,  &[DrawDue],                     &[CLOSE]),
        row(PUBLISH,  "公示名单", &[Closed],             Published, &[SCHOOL_APPROVER, COUNTY_APPROVER], 10, &[PlacesDecided],               &[CREATE]),
        row(RETURN,   "退回名单", &[Closed, Published],  Draft,     &[COUNTY_APPROVER],                  5,  &[],                            &[]),
        row(CONFIRM,  "核准名单", &[Published],          Confirmed, &[COUNTY_APPROVER],                  20, &[NoticeOver],                  &[PUBLISH]),
        row(ENROL,    "入学建籍", &[Confirmed, Enrolled], Enrolled, &[SCHOOL_CLERK, COUNTY_CLERK],       0,  &[SomebodyArrived],             &[]),
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
