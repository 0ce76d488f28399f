//! The table of a draw's steps.

use junheng_kernel::post::{Duty, Level, Role};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_proto::registration::v1::class_draw::State;

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Somebody of the list still attends the school without a class.
    SomebodyToPlace,
}

/// Every guard.
pub const GUARDS: &[Guard] = &[Guard::SomebodyToPlace];

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

const SCHOOL_CLERK: Role = Role::new(Level::School, Duty::Clerk);
const SCHOOL_APPROVER: Role = Role::new(Level::School, Duty::Approver);
const COUNTY_INSPECTOR: Role = Role::new(Level::County, Duty::Inspector);
const COUNTY_APPROVER: Role = Role::new(Level::County, Duty::Approver);
const COUNTY: &[Role] = &[COUNTY_INSPECTOR, COUNTY_APPROVER];

/// The workflow of a draw. Days are working days (a rule of this system: no text gives them).
#[rustfmt::skip]
pub static WORKFLOW: Workflow<State, Guard> = {
    use State::*;
    Workflow { name: "class_draw", begin: (PREPARE, "锁定分班名单"), start: Prepared, state_name, rows: &[
        //  step           label           from                                                            to               by                               due  guards                      not by the taker of
        row(COMMIT_SCHOOL, "学校种子承诺", &[Prepared],                                                    SchoolCommitted, &[SCHOOL_APPROVER],               3,  &[],                        &[]),
        row(COMMIT_COUNTY, "县级种子承诺", &[SchoolCommitted],                                             Committed,       COUNTY,                           3,  &[],                        &[COMMIT_SCHOOL]),
        row(REVEAL_SCHOOL, "学校种子公开", &[Committed],                                                   SchoolRevealed,  &[SCHOOL_APPROVER],               3,  &[],                        &[]),
        row(REVEAL_COUNTY, "县级种子公开", &[SchoolRevealed],                                              Revealed,        COUNTY,                           3,  &[],                        &[REVEAL_SCHOOL]),
        row(RUN,           "电脑分班",     &[Revealed],                                                    Drawn,           &[SCHOOL_CLERK, SCHOOL_APPROVER], 0,  &[Guard::SomebodyToPlace], &[]),
        row(CANCEL,        "取消分班",     &[Prepared, SchoolCommitted, Committed, SchoolRevealed, Revealed], Cancelled,    &[COUNTY_APPROVER],               0,  &[],                        &[]),
    ]}
};

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

/// The name of a state without its prefix.
pub fn state_name(state: State) -> &'static str {
    state.as_str_name().trim_start_matches("STATE_")
}

/// The state of a row of the database.
pub fn state_of(number: i32) -> State {
    State::try_from(number).unwrap_or_default()
}
