//! The table of an item's steps. The campaign's own steps sign items and give them back; they stand here too.

use junheng_kernel::post::{CITY_APPROVER, COUNTY_APPROVER, COUNTY_CLERK, PROVINCE_APPROVER};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_kernel::workflow::{state_name, state_of};
pub use junheng_proto::inspection::v1::evidence_item::State;

use crate::campaign::workflow::{ISSUE, RETURN, SUBMIT};
use crate::rule_book::rules;

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
    Workflow { name: "evidenceItem", begin: (ISSUE, "下达通知"), start: Open, rules, rows: &[
        //        step    label       from                         to        by
        Row::step(ANSWER, "项目自评", &[Open, Answered, Returned], Answered, &[COUNTY_CLERK]).guards(&[CampaignWithCounty]),
        Row::step(SUBMIT, "县级自评", &[Answered],                 Signed,   &[COUNTY_APPROVER]),
        Row::step(RETURN, "退回整改", &[Signed],                   Returned, &[CITY_APPROVER, PROVINCE_APPROVER]),
    ]}
};
