//! The table of a zone plan's steps.

use junheng_kernel::post::{COUNTY_APPROVER, COUNTY_CLERK, Role};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_kernel::workflow::{state_name, state_of};
pub use junheng_proto::registration::v1::zone_plan::State;

use crate::rule_book::rules;

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// There are zones.
    SomeZones,
    /// No two zones cover the same.
    NoOverlap,
    /// Every town of the county lies in a zone, at least in part.
    NothingUncovered,
    /// The last day of the notice is past.
    NoticeOver,
}

/// Every guard.
pub const GUARDS: &[Guard] = &[
    Guard::SomeZones,
    Guard::NoOverlap,
    Guard::NothingUncovered,
    Guard::NoticeOver,
];

/// The step that drafts a plan; it has no row, because it starts from nothing.
pub const CREATE: &str = "CreateZonePlan";
/// The step that replaces the zones.
pub const AMEND: &str = "AmendZonePlan";
/// The step that announces them.
pub const ANNOUNCE: &str = "AnnounceZonePlan";
/// The step that gives them back.
pub const RETURN: &str = "ReturnZonePlan";
/// The step that publishes them.
pub const PUBLISH: &str = "PublishZonePlan";

const CLERK: Role = COUNTY_CLERK;
const APPROVER: Role = COUNTY_APPROVER;

/// The workflow of a zone plan.
#[rustfmt::skip]
pub static WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "zone_plan", begin: (CREATE, "起草划片方案"), start: Draft, rules, rows: &[
        //        step      label       from       to         by
        Row::step(AMEND,    "修改片区", &[Draft],  Draft,     &[CLERK]),
        Row::step(ANNOUNCE, "公示方案", &[Draft],  Notice,    &[APPROVER]).due("zones.publish_working_days").guards(&[SomeZones, NoOverlap, NothingUncovered]).not_by(&[CREATE, AMEND]),
        Row::step(RETURN,   "退回修改", &[Notice], Draft,     &[APPROVER]).due("zones.mend_working_days"),
        Row::step(PUBLISH,  "公布方案", &[Notice], Published, &[APPROVER]).guards(&[NoticeOver]).not_by(&[CREATE, AMEND]),
    ]}
};
