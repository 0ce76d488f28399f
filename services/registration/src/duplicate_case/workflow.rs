//! The table of a case's steps (DESIGN: no text gives order or days).

use junheng_kernel::post::{Duty, Level, Role};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_proto::registration::v1::duplicate_case::State;

/// What must hold before a step, beyond state, role and party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Evidence is given with the step.
    EvidenceGiven,
    /// The side that the decision favours has proved its case.
    SideProved,
    /// More than two counties are concerned, or the days of the counties have passed.
    ClimbedUp,
}

/// Every guard.
pub const GUARDS: &[Guard] = &[Guard::EvidenceGiven, Guard::SideProved, Guard::ClimbedUp];

/// Any school of the case.
pub const SCHOOLS: &str = "schools";
/// The one county of all schools.
pub const COUNTY: &str = "county";
/// The county of the claimant, where the record stands in another.
pub const CLAIMANT: &str = "claimant";
/// The county of the record, where the claimant is in another.
pub const STANDING: &str = "standing";
/// The level above all counties.
pub const SUPERIOR: &str = "superior";

/// The registration that opens a case.
pub const CREATE: &str = "CreateStudent";
/// A school proves its side.
pub const STATE_EVIDENCE: &str = "StateDuplicateEvidence";
/// The one county decides.
pub const SETTLE: &str = "SettleDuplicateCase";
/// The claimant's county proposes.
pub const PROPOSE: &str = "ProposeDuplicateSettlement";
/// The record's county agrees.
pub const AGREE: &str = "AgreeDuplicateSettlement";
/// The record's county disagrees.
pub const DISPUTE: &str = "DisputeDuplicateSettlement";
/// The level above decides.
pub const DECIDE: &str = "DecideDuplicateCase";

/// Working days for each decision (DESIGN).
pub const DAYS: u32 = 10;

const SCHOOL_CLERK: Role = Role::new(Level::School, Duty::Clerk);
const COUNTY_APPROVER: Role = Role::new(Level::County, Duty::Approver);
const CITY_APPROVER: Role = Role::new(Level::City, Duty::Approver);
const PROVINCE_APPROVER: Role = Role::new(Level::Province, Duty::Approver);

/// The workflow.
#[rustfmt::skip]
pub const WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    const ABOVE: &[Role] = &[CITY_APPROVER, PROVINCE_APPROVER];
    Workflow { name: "duplicateCase", begin: (CREATE, "重复登记"), start: Opened, state_name, rows: &[
        //  step             label                from                  to         by                  party     due   guards                    not by the taker of
        row(STATE_EVIDENCE,  "提交证明",          &[Opened],            Opened,    &[SCHOOL_CLERK],    SCHOOLS,  DAYS, &[EvidenceGiven],         &[]),
        row(STATE_EVIDENCE,  "提交证明",          &[Proposed],          Proposed,  &[SCHOOL_CLERK],    SCHOOLS,  DAYS, &[EvidenceGiven],         &[]),
        row(STATE_EVIDENCE,  "提交证明",          &[Escalated],         Escalated, &[SCHOOL_CLERK],    SCHOOLS,  DAYS, &[EvidenceGiven],         &[]),
        row(SETTLE,          "县级核定",          &[Opened],            Settled,   &[COUNTY_APPROVER], COUNTY,   0,    &[SideProved],            &[CREATE, STATE_EVIDENCE]),
        row(PROPOSE,         "提出处理意见",      &[Opened],            Proposed,  &[COUNTY_APPROVER], CLAIMANT, DAYS, &[SideProved],            &[CREATE, STATE_EVIDENCE]),
        row(AGREE,           "同意处理意见",      &[Proposed],          Settled,   &[COUNTY_APPROVER], STANDING, 0,    &[SideProved],            &[PROPOSE]),
        row(DISPUTE,         "不同意,报请上级",   &[Proposed],          Escalated, &[COUNTY_APPROVER], STANDING, DAYS, &[],                      &[PROPOSE]),
        row(DECIDE,          "上级裁定",          &[Escalated],         Settled,   ABOVE,              SUPERIOR, 0,    &[SideProved],            &[PROPOSE, DISPUTE]),
        row(DECIDE,          "上级裁定",          &[Opened, Proposed],  Settled,   ABOVE,              SUPERIOR, 0,    &[ClimbedUp, SideProved], &[PROPOSE]),
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
    party: &'static str,
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
        party,
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
