//! The table of a campaign's steps.

use junheng_kernel::post::{Duty, Level, Role};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_proto::inspection::v1::campaign::State;

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

/// The campaign's workflow. Days are working days (a rule of this system: no text gives them; provinces set their own calendar).
#[rustfmt::skip]
pub const WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "campaign", begin: (CREATE, "起草任务"), start: Draft, state_name, rows: &[
        //  step                label        from                       to                     by                  due  guards                                           not by the taker of
        row(ISSUE,              "下达通知",  &[Draft],                  SchoolReporting,       &[PROVINCE_APPROVER], 20, &[SchoolsToInspect],                             &[CREATE]),
        row("AssessCampaign",   "汇总填报",  &[SchoolReporting],        CountySelfAssessment,  &[COUNTY_CLERK],      20, &[AllReportsConfirmed],                          &[]),
        skip(row(SUBMIT,        "县级自评",  &[CountySelfAssessment],   CityReview,            &[COUNTY_APPROVER],   15, &[AllReportsConfirmed, AllItemsAnswered, NoVeto], &["AssessCampaign"]), Level::City, ProvinceEvaluation),
        row("ReviewCampaign",   "市级复核",  &[CityReview],             ProvinceEvaluation,    &[CITY_APPROVER],     20, &[NothingReturnedOpen],                          &[SUBMIT]),
        row("EvaluateCampaign", "省级评估",  &[ProvinceEvaluation],     ProvincePublicity,     &[PROVINCE_APPROVER], 10, &[NothingReturnedOpen, NoVeto],                  &[SUBMIT, "ReviewCampaign"]),
        row(PUBLISH,            "公布结论",  &[ProvincePublicity],      Published,             &[PROVINCE_APPROVER], 0,  &[PublicityOver, NothingReturnedOpen],           &["EvaluateCampaign"]),
        row(RETURN,             "退回整改",  &[CityReview],             CountySelfAssessment,  &[CITY_APPROVER],     10, &[],                                             &[]),
        skip(row(RETURN,        "退回整改",  &[ProvinceEvaluation],     CityReview,            &[PROVINCE_APPROVER], 10, &[],                                             &[]), Level::City, CountySelfAssessment),
        row(RETURN,             "退回整改",  &[ProvincePublicity],      ProvinceEvaluation,    &[PROVINCE_APPROVER], 10, &[],                                             &[]),
    ]}
};

const COUNTY_CLERK: Role = Role::new(Level::County, Duty::Clerk);
const COUNTY_APPROVER: Role = Role::new(Level::County, Duty::Approver);
const CITY_APPROVER: Role = Role::new(Level::City, Duty::Approver);
const PROVINCE_APPROVER: Role = Role::new(Level::Province, Duty::Approver);

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
        party: "",
        due_working_days,
        guards,
        not_by_taker_of,
        without: None,
    }
}

/// The row with another target where the county has no such level.
const fn skip(row: Row<State, Guard>, level: Level, instead: State) -> Row<State, Guard> {
    Row {
        without: Some((level, instead)),
        ..row
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
