//! The table of an admission's steps.

use junheng_kernel::post::{COUNTY_APPROVER, COUNTY_CLERK, SCHOOL_APPROVER, SCHOOL_CLERK};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_kernel::workflow::{state_name, state_of};
pub use junheng_proto::registration::v1::admission_plan::State;

use crate::rule_book::rules;

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Somebody stands on the list.
    SomebodyListed,
    /// Where there are more children than places, the source of the seed is named.
    SourceNamed,
    /// There are more children than places, and no draw was made.
    DrawDue,
    /// There are places for all, or a draw was made.
    PlacesDecided,
    /// The last day of the notice is past.
    NoticeOver,
    /// The school year of the plan is near, so that who enters it can arrive.
    EntryNear,
    /// Somebody has arrived who is not registered.
    SomebodyArrived,
}

/// Every guard.
pub const GUARDS: &[Guard] = &[
    Guard::SomebodyListed,
    Guard::SourceNamed,
    Guard::DrawDue,
    Guard::PlacesDecided,
    Guard::NoticeOver,
    Guard::EntryNear,
    Guard::SomebodyArrived,
];

/// The step that opens a plan; it has no row, because it starts from nothing.
pub const CREATE: &str = "CreateAdmissionPlan";
/// The step that closes the list.
pub const CLOSE: &str = "CloseAdmissionPlan";
/// The step that draws.
pub const DRAW: &str = "DrawAdmissionPlan";
/// The step that publishes the list.
pub const PUBLISH: &str = "PublishAdmissionPlan";
/// The step that opens it again.
pub const RETURN: &str = "ReturnAdmissionPlan";
/// The step by which the county confirms it.
pub const CONFIRM: &str = "ConfirmAdmissionPlan";
/// The step that registers who arrived.
pub const ENROL: &str = "EnrolAdmitted";

/// The workflow of an admission.
#[rustfmt::skip]
pub static WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "admission_plan", begin: (CREATE, "登记招生计划"), start: Draft, rules, rows: &[
        //        step     label       from                    to         by
        Row::step(CLOSE,   "名单截止", &[Draft],               Closed,    &[SCHOOL_APPROVER, COUNTY_APPROVER]).due("admission.publish_working_days").guards(&[SomebodyListed, SourceNamed]),
        Row::step(DRAW,    "电脑派位", &[Closed],              Closed,    &[COUNTY_APPROVER]).due("admission.publish_drawn_working_days").guards(&[DrawDue]).not_by(&[CLOSE]),
        Row::step(PUBLISH, "公示名单", &[Closed],              Published, &[SCHOOL_APPROVER, COUNTY_APPROVER]).due("admission.confirm_working_days").guards(&[PlacesDecided]).not_by(&[CREATE]),
        Row::step(RETURN,  "退回名单", &[Closed, Published],   Draft,     &[COUNTY_APPROVER]).due("admission.mend_working_days"),
        Row::step(CONFIRM, "核准名单", &[Published],           Confirmed, &[COUNTY_APPROVER]).due("admission.enrol_working_days").guards(&[NoticeOver]).not_by(&[PUBLISH]),
        Row::step(ENROL,   "入学建籍", &[Confirmed, Enrolled], Enrolled,  &[SCHOOL_CLERK, COUNTY_CLERK]).guards(&[EntryNear, SomebodyArrived]),
    ]}
};
