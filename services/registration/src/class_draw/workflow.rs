//! The table of a draw's steps.

use junheng_kernel::post::{
    COUNTY_APPROVER, COUNTY_INSPECTOR, Role, SCHOOL_APPROVER, SCHOOL_CLERK,
};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_kernel::workflow::{state_name, state_of};
pub use junheng_proto::registration::v1::class_draw::State;

use crate::rule_book::rules;

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Somebody of the list still attends the school without a class.
    SomebodyToPlace,
    /// The classes of the grade are those of the list: none has gone to another school or grade, and none has come.
    ClassesAsListed,
}

/// Every guard.
pub const GUARDS: &[Guard] = &[Guard::SomebodyToPlace, Guard::ClassesAsListed];

/// The step that freezes the list; it has no row, because it starts from nothing.
pub const PREPARE: &str = "PrepareClassDraw";
/// The step that commits the school's part.
pub const COMMIT_SCHOOL: &str = "CommitSchoolSeed";
/// The step that commits the county's part.
pub const COMMIT_COUNTY: &str = "CommitCountySeed";
/// The step that tells the school's part.
pub const REVEAL_SCHOOL: &str = "RevealSchoolSeed";
/// The step that tells the county's part.
pub const REVEAL_COUNTY: &str = "RevealCountySeed";
/// The step that draws.
pub const RUN: &str = "RunClassDraw";
/// The step that gives the draw up.
pub const CANCEL: &str = "CancelClassDraw";

/// The rule of the working days between one step and the next.
const STEP_DAYS: &str = "class_draw.step_working_days";

const COUNTY: &[Role] = &[COUNTY_INSPECTOR, COUNTY_APPROVER];

/// The workflow of a draw.
#[rustfmt::skip]
pub static WORKFLOW: Workflow<State, Guard> = {
    use State::*;
    Workflow { name: "class_draw", begin: (PREPARE, "锁定分班名单"), start: Prepared, rules, rows: &[
        //        step           label           from                                                               to               by
        Row::step(COMMIT_SCHOOL, "学校种子承诺", &[Prepared],                                                       SchoolCommitted, &[SCHOOL_APPROVER]).due(STEP_DAYS),
        Row::step(COMMIT_COUNTY, "县级种子承诺", &[SchoolCommitted],                                                Committed,       COUNTY).due(STEP_DAYS).not_by(&[COMMIT_SCHOOL]),
        Row::step(REVEAL_SCHOOL, "学校种子公开", &[Committed],                                                      SchoolRevealed,  &[SCHOOL_APPROVER]).due(STEP_DAYS),
        Row::step(REVEAL_COUNTY, "县级种子公开", &[SchoolRevealed],                                                 Revealed,        COUNTY).due(STEP_DAYS).not_by(&[REVEAL_SCHOOL]),
        Row::step(RUN,           "电脑分班",     &[Revealed],                                                       Drawn,           &[SCHOOL_CLERK, SCHOOL_APPROVER]).guards(&[Guard::SomebodyToPlace, Guard::ClassesAsListed]),
        Row::step(CANCEL,        "取消分班",     &[Prepared, SchoolCommitted, Committed, SchoolRevealed, Revealed], Cancelled,       &[COUNTY_APPROVER]),
    ]}
};
