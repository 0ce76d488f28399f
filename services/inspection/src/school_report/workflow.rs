//! The table of a report's steps. The campaign's own steps sign reports and give them back; they stand here too.

use junheng_kernel::post::{
    CITY_APPROVER, COUNTY_APPROVER, COUNTY_CLERK, PROVINCE_APPROVER, SCHOOL_APPROVER,
};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_kernel::workflow::{state_name, state_of};
pub use junheng_proto::inspection::v1::school_report::State;

use crate::campaign::workflow::{ISSUE, RETURN, SUBMIT};
use crate::rule_book::rules;

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
    Workflow { name: "schoolReport", begin: (ISSUE, "下达通知"), start: Open, rules, rows: &[
        //        step       label       from               to         by
        Row::step(CONFIRM,   "确认数据", &[Open, Returned], Confirmed, &[SCHOOL_APPROVER]).guards(&[CampaignOpen, FiguresUnchanged]),
        Row::step(GIVE_BACK, "退回学校", &[Confirmed],      Returned,  &[COUNTY_CLERK, COUNTY_APPROVER]).guards(&[CampaignOpen]),
        Row::step(SUBMIT,    "县级自评", &[Confirmed],      Signed,    &[COUNTY_APPROVER]),
        Row::step(RETURN,    "退回整改", &[Signed],         Returned,  &[CITY_APPROVER, PROVINCE_APPROVER]),
    ]}
};
