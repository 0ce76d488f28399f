//! The table of a report's steps. The campaign's own steps sign reports and give them back; they stand here too.

use junheng_kernel::post::{Duty, Level, Role};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_proto::inspection::v1::school_report::State;

use crate::campaign::workflow::{ISSUE, RETURN, SUBMIT};

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The campaign is with the county and its schools.
    CampaignOpen,
    /// The figures are those that the school has checked.
    FiguresUnchanged,
}

/// The step by which a school stands by its figures.
pub const CONFIRM: &str = "ConfirmSchoolReport";
/// The step by which the county gives a report back.
pub const GIVE_BACK: &str = "ReturnSchoolReport";

/// The report's workflow. It has no days of its own: the campaign's count.
#[rustfmt::skip]
pub const WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "schoolReport", begin: (ISSUE, "下达通知"), start: Open, state_name, rows: &[
        //  step      label       from                to         by                                     guards
        row(CONFIRM,   "确认数据", &[Open, Returned], Confirmed, &[SCHOOL_APPROVER],                    &[CampaignOpen, FiguresUnchanged]),
        row(GIVE_BACK, "退回学校", &[Confirmed],      Returned,  &[COUNTY_CLERK, COUNTY_APPROVER],      &[CampaignOpen]),
        row(SUBMIT,    "县级自评", &[Confirmed],      Signed,    &[COUNTY_APPROVER],                    &[]),
        row(RETURN,    "退回整改", &[Signed],         Returned,  &[CITY_APPROVER, PROVINCE_APPROVER],   &[]),
    ]}
};

const SCHOOL_APPROVER: Role = Role::new(Level::School, Duty::Approver);
const COUNTY_CLERK: Role = Role::new(Level::County, Duty::Clerk);
const COUNTY_APPROVER: Role = Role::new(Level::County, Duty::Approver);
const CITY_APPROVER: Role = Role::new(Level::City, Duty::Approver);
const PROVINCE_APPROVER: Role = Role::new(Level::Province, Duty::Approver);

const fn row(
    step: &'static str,
    label: &'static str,
    from: &'static [State],
    to: State,
    by: &'static [Role],
    guards: &'static [Guard],
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
        not_by_taker_of: &[],
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
