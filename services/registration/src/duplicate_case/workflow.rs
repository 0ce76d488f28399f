//! The table of a case's steps (DESIGN: no text gives the order).

use junheng_kernel::post::{CITY_APPROVER, COUNTY_APPROVER, PROVINCE_APPROVER, Role, SCHOOL_CLERK};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_kernel::workflow::{state_name, state_of};
pub use junheng_proto::registration::v1::duplicate_case::State;

use crate::rule_book::rules;

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

/// The rule of the working days for each decision.
pub const STEP_DAYS: &str = "duplicate_case.step_working_days";

/// The workflow.
#[rustfmt::skip]
pub const WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    const ABOVE: &[Role] = &[CITY_APPROVER, PROVINCE_APPROVER];
    Workflow { name: "duplicateCase", begin: (CREATE, "重复登记"), start: Opened, rules, rows: &[
        //        step            label              from                 to         by
        Row::step(STATE_EVIDENCE, "提交证明",        &[Opened],           Opened,    &[SCHOOL_CLERK]).party(SCHOOLS).due(STEP_DAYS).guards(&[EvidenceGiven]),
        Row::step(STATE_EVIDENCE, "提交证明",        &[Proposed],         Proposed,  &[SCHOOL_CLERK]).party(SCHOOLS).due(STEP_DAYS).guards(&[EvidenceGiven]),
        Row::step(STATE_EVIDENCE, "提交证明",        &[Escalated],        Escalated, &[SCHOOL_CLERK]).party(SCHOOLS).due(STEP_DAYS).guards(&[EvidenceGiven]),
        Row::step(SETTLE,         "县级核定",        &[Opened],           Settled,   &[COUNTY_APPROVER]).party(COUNTY).guards(&[SideProved]).not_by(&[CREATE, STATE_EVIDENCE]),
        Row::step(PROPOSE,        "提出处理意见",    &[Opened],           Proposed,  &[COUNTY_APPROVER]).party(CLAIMANT).due(STEP_DAYS).guards(&[SideProved]).not_by(&[CREATE, STATE_EVIDENCE]),
        Row::step(AGREE,          "同意处理意见",    &[Proposed],         Settled,   &[COUNTY_APPROVER]).party(STANDING).guards(&[SideProved]).not_by(&[PROPOSE]),
        Row::step(DISPUTE,        "不同意,报请上级", &[Proposed],         Escalated, &[COUNTY_APPROVER]).party(STANDING).due(STEP_DAYS).not_by(&[PROPOSE]),
        Row::step(DECIDE,         "上级裁定",        &[Escalated],        Settled,   ABOVE).party(SUPERIOR).guards(&[SideProved]).not_by(&[PROPOSE, DISPUTE]),
        Row::step(DECIDE,         "上级裁定",        &[Opened, Proposed], Settled,   ABOVE).party(SUPERIOR).guards(&[ClimbedUp, SideProved]).not_by(&[PROPOSE]),
    ]}
};
