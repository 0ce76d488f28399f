//! The table of a relief plan's steps.

use junheng_kernel::post::{COUNTY_APPROVER, COUNTY_CLERK, SCHOOL_CLERK};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_kernel::workflow::{state_name, state_of};
pub use junheng_proto::registration::v1::relief_plan::State;

use crate::rule_book::rules;

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The class is large no more.
    ClassRelieved,
}

/// Every guard.
pub const GUARDS: &[Guard] = &[Guard::ClassRelieved];

/// The step that drafts it.
pub const CREATE: &str = "CreateReliefPlan";
/// The step that drops it.
pub const WITHDRAW: &str = "WithdrawReliefPlan";

/// The workflow. The plan's own end date counts, not days of a step.
#[rustfmt::skip]
pub static WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "reliefPlan", begin: (CREATE, "拟定消除计划"), start: Draft, rules, rows: &[
        //        step                 label       from                to         by
        Row::step("ApproveReliefPlan", "批准计划", &[Draft],           UnderWay,  &[COUNTY_APPROVER]).not_by(&[CREATE]),
        Row::step("FulfilReliefPlan",  "确认消除", &[UnderWay],        Fulfilled, &[COUNTY_CLERK]).guards(&[ClassRelieved]),
        Row::step(WITHDRAW,            "撤回计划", &[Draft, UnderWay], Withdrawn, &[SCHOOL_CLERK, COUNTY_CLERK]),
    ]}
};
