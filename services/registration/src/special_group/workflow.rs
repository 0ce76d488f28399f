//! The table of a recognition's steps.

use junheng_kernel::post::{
    COUNTY_APPROVER, COUNTY_CLERK, Role, SCHOOL_APPROVER, SCHOOL_CLERK, SERVICE,
};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_kernel::workflow::{state_name, state_of};
pub use junheng_proto::registration::v1::group_recognition::State;

use crate::rule_book::rules;

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The note gives the reason.
    ReasonGiven,
    /// What gives money is confirmed by the county.
    CountyWhereMoney,
    /// The last day has passed.
    TimeOver,
}

/// Every guard.
pub const GUARDS: &[Guard] = &[Guard::ReasonGiven, Guard::CountyWhereMoney, Guard::TimeOver];

/// The step that files; it has no row, because it starts from nothing.
pub const FILE: &str = "FileGroupRecognition";
/// The step that puts it in force.
pub const CONFIRM: &str = "ConfirmGroupRecognition";
/// The step that the service itself takes when the time is over.
pub const EXPIRE: &str = "ExpireGroupRecognition";

/// The rule of the working days in which it is answered.
pub const ANSWER_DAYS: &str = "group_recognition.answer_working_days";

/// The workflow of recognitions.
#[rustfmt::skip]
pub static WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "groupRecognition", begin: (FILE, "申报认定"), start: Filed, rules, rows: &[
        //        step                        label       from                  to          by
        Row::step(CONFIRM,                    "认定",     &[Filed],             Recognised, CONFIRMING).guards(&[CountyWhereMoney]).not_by(&[FILE]),
        Row::step("RefuseGroupRecognition",   "不予认定", &[Filed],             Refused,    CONFIRMING).guards(&[ReasonGiven]).not_by(&[FILE]),
        Row::step("WithdrawGroupRecognition", "撤销认定", &[Filed, Recognised], Withdrawn,  ALL).guards(&[ReasonGiven]),
        Row::step(EXPIRE,                     "到期终止", &[Recognised],        Expired,    BY_ITSELF).guards(&[TimeOver]),
    ]}
};

const CONFIRMING: &[Role] = &[SCHOOL_APPROVER, COUNTY_APPROVER];
const ALL: &[Role] = &[SCHOOL_CLERK, SCHOOL_APPROVER, COUNTY_CLERK, COUNTY_APPROVER];
const BY_ITSELF: &[Role] = &[SERVICE];
