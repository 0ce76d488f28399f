//! The table of a reorganisation's steps.

use junheng_kernel::post::{CITY_APPROVER, COUNTY_APPROVER, COUNTY_CLERK, Level};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_kernel::workflow::{state_name, state_of};
pub use junheng_proto::registration::v1::reorganisation::State;

use crate::rule_book::rules;

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The plan is argued: evidence of the argument (论证) stands beside a closure or merger.
    Argued,
    /// A school that stands and runs the stages receives the students (先建后撤).
    ReceiverStands,
    /// The last day of public notice is past.
    PublicityOver,
    /// Nothing that has begun for a student of the school that closes, or of the classes that a split takes along, is still open.
    NothingOpen,
    /// Staffing and assets hold nothing any more for the school that closes.
    NothingLeft,
    /// The day on which it takes effect has come.
    DayCome,
}

/// Every guard.
pub const GUARDS: &[Guard] = &[
    Guard::Argued,
    Guard::ReceiverStands,
    Guard::PublicityOver,
    Guard::DayCome,
    Guard::NothingOpen,
    Guard::NothingLeft,
];

/// The step that drafts it.
pub const CREATE: &str = "CreateReorganisation";
/// The step that puts it before the public.
pub const PUBLISH: &str = "PublishReorganisation";
/// The step that carries it out.
pub const EXECUTE: &str = "ExecuteReorganisation";
/// The step that gives it back.
pub const RETURN: &str = "ReturnReorganisation";

/// The rule of the working days of public notice.
pub const PUBLICITY_DAYS: &str = "reorganisation.publicity_working_days";

/// The workflow. The texts give the order.
#[rustfmt::skip]
pub static WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "reorganisation", begin: (CREATE, "拟定方案"), start: Draft, rules, rows: &[
        //        step                      label       from                                       to          by
        Row::step(PUBLISH,                  "公示方案", &[Draft],                                  Publicity,  &[COUNTY_CLERK]).due("reorganisation.approve_working_days").guards(&[Argued, ReceiverStands]),
        Row::step("ApproveReorganisation",  "县级批准", &[Publicity],                              CityReview, &[COUNTY_APPROVER]).due("reorganisation.endorse_working_days").guards(&[PublicityOver]).not_by(&[CREATE, PUBLISH]).without(Level::City, Approved),
        Row::step("EndorseReorganisation",  "市级审核", &[CityReview],                             Approved,   &[CITY_APPROVER]).not_by(&["ApproveReorganisation"]),
        Row::step(EXECUTE,                  "实施",     &[Approved],                               Done,       &[COUNTY_CLERK]).guards(&[DayCome, ReceiverStands, NothingOpen, NothingLeft]).not_by(&["ApproveReorganisation"]),
        Row::step(RETURN,                   "退回",     &[Publicity],                              Draft,      &[COUNTY_APPROVER]).due("reorganisation.mend_working_days"),
        Row::step(RETURN,                   "退回",     &[CityReview],                             Draft,      &[CITY_APPROVER]).due("reorganisation.mend_working_days"),
        Row::step("WithdrawReorganisation", "撤回",     &[Draft, Publicity, CityReview, Approved], Withdrawn,  &[COUNTY_CLERK]),
    ]}
};
