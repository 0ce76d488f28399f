//! The table of a grant's steps.

use junheng_kernel::post::{
    CITY_APPROVER, COUNTY_APPROVER, PROVINCE_APPROVER, Role, SCHOOL_APPROVER,
};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_kernel::workflow::{state_name, state_of};
pub use junheng_proto::registration::v1::access_grant::State;

use crate::rule_book::rules;

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The note gives the reason.
    ReasonGiven,
}

/// Every guard.
pub const GUARDS: &[Guard] = &[Guard::ReasonGiven];

/// The step that asks; it has no row, because it starts from nothing.
pub const REQUEST: &str = "RequestAccessGrant";

/// The rule of the working days in which it is answered.
pub const ANSWER_DAYS: &str = "access_grant.answer_working_days";

/// The workflow of grants. Everybody answers for their own organisation and those below it.
#[rustfmt::skip]
pub static WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "accessGrant", begin: (REQUEST, "申请授权"), start: Requested, rules, rows: &[
        //        step                  label       from          to       by
        Row::step("ApproveAccessGrant", "同意授权", &[Requested], Granted, APPROVERS).not_by(&[REQUEST]),
        Row::step("RefuseAccessGrant",  "不予授权", &[Requested], Refused, APPROVERS).guards(&[ReasonGiven]).not_by(&[REQUEST]),
        Row::step("RevokeAccessGrant",  "撤销授权", &[Granted],   Revoked, APPROVERS).guards(&[ReasonGiven]),
    ]}
};

const APPROVERS: &[Role] = &[
    SCHOOL_APPROVER,
    COUNTY_APPROVER,
    CITY_APPROVER,
    PROVINCE_APPROVER,
];
