//! The table of a change's steps.

use junheng_kernel::post::{COUNTY_APPROVER, SCHOOL_APPROVER, SCHOOL_CLERK};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_kernel::workflow::{state_name, state_of};
pub use junheng_proto::registration::v1::key_change::State;

use crate::rule_book::rules;

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

/// The rule of the working days that school and county have.
pub const STEP_DAYS: &str = "key_change.step_working_days";

/// The workflow.
#[rustfmt::skip]
pub static WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "keyChange", begin: (CREATE, "提出变更"), start: Filed, rules, rows: &[
        //        step      label       from                to         by
        Row::step(ENDORSE,  "学校审核", &[Filed],           Endorsed,  &[SCHOOL_APPROVER]).due(STEP_DAYS).not_by(&[CREATE]),
        Row::step(APPROVE,  "县级核准", &[Endorsed],        Done,      &[COUNTY_APPROVER]).guards(&[FieldsAsFiled]).not_by(&[CREATE, ENDORSE]),
        Row::step(REJECT,   "不予核准", &[Filed],           Rejected,  &[SCHOOL_APPROVER]).not_by(&[CREATE]),
        Row::step(REJECT,   "不予核准", &[Endorsed],        Rejected,  &[COUNTY_APPROVER]).not_by(&[CREATE, ENDORSE]),
        Row::step(WITHDRAW, "撤回变更", &[Filed, Endorsed], Withdrawn, &[SCHOOL_CLERK]),
    ]}
};
