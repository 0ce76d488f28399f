//! The tables of the steps, by kind of change.

use junheng_kernel::post::{Duty, Level, Role};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_proto::registration::v1::status_change::{Kind, State};

/// What must hold before a step, beyond state, role and four eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The student's record stands as the change was filed for.
    RecordFits,
    /// The class, where one is named, is still of a fitting grade.
    ClassFits,
    /// The day from which the change holds has come.
    DayReached,
    /// The step is taken with another change of the student, never by itself.
    WithAnotherChange,
}

/// The step that files; it has no row, because it starts from nothing.
pub const CREATE: &str = "CreateStatusChange";
/// The step by which the school agrees.
pub const AGREE: &str = "AgreeStatusChange";
/// The step by which the county approves.
pub const APPROVE: &str = "ApproveStatusChange";
/// The step by which the county takes a return on record.
pub const REGISTER: &str = "RegisterStatusChange";
/// The step that refuses.
pub const REJECT: &str = "RejectStatusChange";
/// The step that takes an application back.
pub const WITHDRAW: &str = "WithdrawStatusChange";

/// Working days for each step. A rule of this system: the text gives none for leave ("及时"), ten for a transfer's steps.
const STEP_DAYS: u32 = 10;

/// Leave, deferral and stay abroad: in effect until the student is back. The steps of that other change close it.
#[rustfmt::skip]
pub static LEAVE: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "leave", begin: (CREATE, "提出申请"), start: Filed, state_name, rows: &[
        //  step      label           from               to         by                  due        guards                    not by the taker of
        row(AGREE,    "学校同意",     &[Filed],          Agreed,    &[SCHOOL_APPROVER], STEP_DAYS, &[],                      &[CREATE]),
        row(APPROVE,  "县级核准",     &[Agreed],         Effective, &[COUNTY_APPROVER], 0,         &[RecordFits, DayReached], &[CREATE, AGREE]),
        row(AGREE,    "复学时办结",   &[Effective],      Closed,    &[SCHOOL_APPROVER], 0,         &[WithAnotherChange],     &[]),
        row(APPROVE,  "随其他异动办结", &[Effective],    Closed,    &[COUNTY_APPROVER], 0,         &[WithAnotherChange],     &[]),
        row(REJECT,   "不予同意",     &[Filed],          Rejected,  &[SCHOOL_APPROVER], 0,         &[],                      &[]),
        row(REJECT,   "不予核准",     &[Agreed],         Rejected,  &[COUNTY_APPROVER], 0,         &[],                      &[]),
        row(WITHDRAW, "撤回申请",     &[Filed, Agreed],  Withdrawn, &[SCHOOL_CLERK],    0,         &[],                      &[]),
    ]}
};

/// Return: the school handles it at once, the county takes it on record.
#[rustfmt::skip]
pub static RETURN: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "return", begin: (CREATE, "提出申请"), start: Filed, state_name, rows: &[
        row(AGREE,    "学校办理复学", &[Filed],          Effective, &[SCHOOL_APPROVER], STEP_DAYS, &[RecordFits, ClassFits, DayReached], &[CREATE]),
        row(REGISTER, "县级备案",     &[Effective],      Closed,    &[COUNTY_CLERK],    0,         &[],                      &[CREATE]),
        row(REJECT,   "不予同意",     &[Filed],          Rejected,  &[SCHOOL_APPROVER], 0,         &[],                      &[]),
        row(WITHDRAW, "撤回申请",     &[Filed],          Withdrawn, &[SCHOOL_CLERK],    0,         &[],                      &[]),
    ]}
};

/// What is done once and for all: more leave, death, repeating, skipping.
#[rustfmt::skip]
pub static LASTING: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "lastingChange", begin: (CREATE, "提出申请"), start: Filed, state_name, rows: &[
        row(AGREE,    "学校同意",     &[Filed],          Agreed,    &[SCHOOL_APPROVER], STEP_DAYS, &[],                      &[CREATE]),
        row(APPROVE,  "县级核准",     &[Agreed],         Effective, &[COUNTY_APPROVER], 0,         &[RecordFits, ClassFits, DayReached], &[CREATE, AGREE]),
        row(REJECT,   "不予同意",     &[Filed],          Rejected,  &[SCHOOL_APPROVER], 0,         &[],                      &[]),
        row(REJECT,   "不予核准",     &[Agreed],         Rejected,  &[COUNTY_APPROVER], 0,         &[],                      &[]),
        row(WITHDRAW, "撤回申请",     &[Filed, Agreed],  Withdrawn, &[SCHOOL_CLERK],    0,         &[],                      &[]),
    ]}
};

/// The cancellation of a mistaken record: the county's own.
#[rustfmt::skip]
pub static CANCELLATION: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "cancellation", begin: (CREATE, "提出申请"), start: Filed, state_name, rows: &[
        row(APPROVE,  "县级核准",     &[Filed],          Effective, &[COUNTY_APPROVER], 0,         &[RecordFits, DayReached], &[CREATE]),
        row(REJECT,   "不予核准",     &[Filed],          Rejected,  &[COUNTY_APPROVER], 0,         &[],                      &[]),
        row(WITHDRAW, "撤回申请",     &[Filed],          Withdrawn, &[COUNTY_CLERK],    0,         &[],                      &[]),
    ]}
};

/// The clerk of a school.
pub const SCHOOL_CLERK: Role = Role::new(Level::School, Duty::Clerk);
/// The clerk of a county.
pub const COUNTY_CLERK: Role = Role::new(Level::County, Duty::Clerk);
const SCHOOL_APPROVER: Role = Role::new(Level::School, Duty::Approver);
const COUNTY_APPROVER: Role = Role::new(Level::County, Duty::Approver);

/// Working days within which what has just been filed is decided by the school.
pub const FIRST_STEP_DAYS: u32 = STEP_DAYS;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table_checks as checks;

    const ALL: [&Workflow<State, Guard>; 4] = [&LEAVE, &RETURN, &LASTING, &CANCELLATION];

    #[test]
    fn every_state_of_a_change_is_reached_by_some_kind() {
        checks::every_state_is_reached(&ALL);
    }

    #[test]
    fn every_step_of_a_change_is_a_method_and_its_roles_are_the_methods() {
        checks::every_step_is_a_method(&ALL, CREATE);
    }

    #[test]
    fn every_guard_of_a_change_guards_something() {
        use Guard::*;
        checks::every_guard_is_used(
            &ALL,
            &[RecordFits, ClassFits, DayReached, WithAnotherChange],
        );
    }

    #[test]
    fn four_eyes_look_at_steps_that_exist() {
        checks::four_eyes_exist(&ALL);
    }

    #[test]
    fn who_files_a_change_never_decides_it() {
        for row in ALL.iter().flat_map(|table| table.rows) {
            let decides = row.to == State::Agreed || row.to == State::Effective;
            assert!(
                !decides || row.not_by_taker_of.contains(&CREATE),
                "{}",
                row.label
            );
        }
    }

    #[test]
    fn what_is_effective_has_passed_the_county_but_for_a_return() {
        let by_county = |row: &Row<State, Guard>| row.by.iter().all(|by| by.level == Level::County);
        for table in [&LEAVE, &LASTING, &CANCELLATION] {
            let takes_effect = |row: &&Row<State, Guard>| row.to == State::Effective;
            assert!(
                table.rows.iter().filter(takes_effect).all(by_county),
                "{}",
                table.name
            );
        }
    }
}
