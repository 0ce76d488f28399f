//! The table of an item's steps. The campaign's own steps sign items and give them back; they stand here too.

use junheng_kernel::post::{Duty, Level, Role};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_proto::inspection::v1::evidence_item::State;

use crate::campaign::workflow::{ISSUE, RETURN, SUBMIT};

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The campaign is with the county.
    CampaignWithCounty,
}

/// The step by which the county answers.
pub const ANSWER: &str = "AnswerEvidenceItem";

/// The item's workflow. It has no days of its own: the campaign's count.
#[rustfmt::skip]
pub const WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "evidenceItem", begin: (ISSUE, "下达通知"), start: Open, state_name, rows: &[
        //  step   label       from                          to        by                                    guards
        row(ANSWER, "项目自评", &[Open, Answered, Returned], Answered, &[COUNTY_CLERK],                      &[CampaignWithCounty]),
        row(SUBMIT, "县级自评", &[Answered],                 Signed,   &[COUNTY_APPROVER],                   &[]),
        row(RETURN, "退回整改", &[Signed],                   Returned, &[CITY_APPROVER, PROVINCE_APPROVER],  &[]),
    ]}
};

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
