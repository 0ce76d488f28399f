//! The table of an export's steps.

use junheng_kernel::post::{CITY_APPROVER, COUNTY_APPROVER, PROVINCE_APPROVER, Role};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_kernel::workflow::{state_name, state_of};
pub use junheng_proto::registration::v1::export::State;

use crate::rule_book::rules;

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The note gives the reason.
    ReasonGiven,
    /// The written approval is among the evidence.
    WrittenApproval,
}

/// Every guard.
pub const GUARDS: &[Guard] = &[Guard::ReasonGiven, Guard::WrittenApproval];

/// The step that asks; it has no row, because it starts from nothing.
pub const REQUEST: &str = "RequestExport";
/// The step that approves.
pub const APPROVE: &str = "ApproveExport";

/// The rule of the working days in which it is answered.
pub const ANSWER_DAYS: &str = "export.answer_working_days";

/// The workflow of exports: the department in charge is the county's or one above it, never the school.
#[rustfmt::skip]
pub static WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "export", begin: (REQUEST, "申请导出"), start: Requested, rules, rows: &[
        //        step            label       from          to        by
        Row::step(APPROVE,        "批准导出", &[Requested], Approved, DEPARTMENTS).guards(&[WrittenApproval]).not_by(&[REQUEST]),
        Row::step("RefuseExport", "不予批准", &[Requested], Refused,  DEPARTMENTS).guards(&[ReasonGiven]).not_by(&[REQUEST]),
        Row::step("RevokeExport", "撤销批准", &[Approved],  Revoked,  DEPARTMENTS).guards(&[ReasonGiven]),
    ]}
};

const DEPARTMENTS: &[Role] = &[COUNTY_APPROVER, CITY_APPROVER, PROVINCE_APPROVER];
