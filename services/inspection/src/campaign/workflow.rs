//! The table of a campaign's steps.

use junheng_kernel::post::{
    CITY_APPROVER, COUNTY_APPROVER, COUNTY_CLERK, Level, PROVINCE_APPROVER,
};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_kernel::workflow::{state_name, state_of};
pub use junheng_proto::inspection::v1::campaign::State;

use crate::rule_book::rules;

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The county has schools that run a compulsory stage.
    SchoolsToInspect,
    /// Every school has confirmed its figures.
    AllReportsConfirmed,
    /// Every item is answered.
    AllItemsAnswered,
    /// No veto (一票否决) stands.
    NoVeto,
    /// Nothing that was returned is still open.
    NothingReturnedOpen,
    /// The last day of publicity is past.
    PublicityOver,
}

/// The step that drafts a campaign; it has no row, because it starts from nothing.
pub const CREATE: &str = "CreateCampaign";
/// The step that sends the notice.
pub const ISSUE: &str = "IssueCampaign";
/// The step by which the county signs.
pub const SUBMIT: &str = "SubmitCampaign";
/// The step that gives single parts back.
pub const RETURN: &str = "ReturnCampaign";
/// The step that announces the verdict.
pub const PUBLISH: &str = "PublishCampaign";

/// The campaign's workflow.
#[rustfmt::skip]
pub const WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "campaign", begin: (CREATE, "起草任务"), start: Draft, rules, rows: &[
        //        step                label       from                     to                    by
        Row::step(ISSUE,              "下达通知", &[Draft],                SchoolReporting,      &[PROVINCE_APPROVER]).due("campaign.report_working_days").guards(&[SchoolsToInspect]).not_by(&[CREATE]),
        Row::step("AssessCampaign",   "汇总填报", &[SchoolReporting],      CountySelfAssessment, &[COUNTY_CLERK]).due("campaign.assess_working_days").guards(&[AllReportsConfirmed]),
        Row::step(SUBMIT,             "县级自评", &[CountySelfAssessment], CityReview,           &[COUNTY_APPROVER]).due("campaign.review_working_days").guards(&[AllReportsConfirmed, AllItemsAnswered, NoVeto]).not_by(&["AssessCampaign"]).without(Level::City, ProvinceEvaluation),
        Row::step("ReviewCampaign",   "市级复核", &[CityReview],           ProvinceEvaluation,   &[CITY_APPROVER]).due("campaign.evaluate_working_days").guards(&[NothingReturnedOpen]).not_by(&[SUBMIT]),
        Row::step("EvaluateCampaign", "省级评估", &[ProvinceEvaluation],   ProvincePublicity,    &[PROVINCE_APPROVER]).due("campaign.publish_working_days").guards(&[NothingReturnedOpen, NoVeto]).not_by(&[SUBMIT, "ReviewCampaign"]),
        Row::step(PUBLISH,            "公布结论", &[ProvincePublicity],    Published,            &[PROVINCE_APPROVER]).guards(&[PublicityOver, NothingReturnedOpen]).not_by(&["EvaluateCampaign"]),
        Row::step(RETURN,             "退回整改", &[CityReview],           CountySelfAssessment, &[CITY_APPROVER]).due("campaign.mend_working_days"),
        Row::step(RETURN,             "退回整改", &[ProvinceEvaluation],   CityReview,           &[PROVINCE_APPROVER]).due("campaign.mend_working_days").without(Level::City, CountySelfAssessment),
        Row::step(RETURN,             "退回整改", &[ProvincePublicity],    ProvinceEvaluation,   &[PROVINCE_APPROVER]).due("campaign.mend_working_days"),
    ]}
};

/// Whether reports and items can be worked on: the campaign is with the county and its schools.
pub fn is_with_county(state: State) -> bool {
    matches!(state, State::SchoolReporting | State::CountySelfAssessment)
}

/// Whether the verdict is open to everybody.
pub fn is_public(state: State) -> bool {
    matches!(state, State::ProvincePublicity | State::Published)
}

/// The states that a place without these levels passes over, in the order of the table.
pub fn skipped_states(has_level: impl Fn(Level) -> bool) -> Vec<State> {
    let mut skipped = Vec::new();
    for row in WORKFLOW.rows {
        let passes_over = row.without.is_some_and(|(level, _)| !has_level(level));
        if passes_over && !skipped.contains(&row.to) {
            skipped.push(row.to);
        }
    }
    skipped
}
