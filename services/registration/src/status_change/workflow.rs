//! The tables of the steps, by kind of change.

use junheng_kernel::post::{COUNTY_APPROVER, COUNTY_CLERK, SCHOOL_APPROVER, SCHOOL_CLERK};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_kernel::workflow::{state_name, state_of};
pub use junheng_proto::registration::v1::status_change::{Kind, State};

use crate::rule_book::rules;

/// What must hold before a step, beyond state, role and four eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The student's record stands as the change was filed for.
    RecordFits,
    /// The class, where one is named, is still of a fitting grade.
    ClassFits,
    /// The day from which the change holds has come.
    DayReached,
    /// The last day, where one is named, has not passed.
    NotOver,
    /// The step is taken with another change of the student, never by itself.
    WithAnotherChange,
}

/// Every guard.
pub const GUARDS: &[Guard] = &[
    Guard::RecordFits,
    Guard::ClassFits,
    Guard::DayReached,
    Guard::NotOver,
    Guard::WithAnotherChange,
];

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

/// The rule of the working days for each step, also the first, the school's.
pub const STEP_DAYS: &str = "status_change.step_working_days";
/// The rule of the working days within which the record of a student who died is closed.
pub const DEATH_DAYS: &str = "death.close_working_days";

/// Leave, deferral and stay abroad: in effect until the student is back. The steps of that other change close it.
#[rustfmt::skip]
pub static LEAVE: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "leave", begin: (CREATE, "提出申请"), start: Filed, rules, rows: &[
        //        step      label             from              to         by
        Row::step(AGREE,    "学校同意",       &[Filed],         Agreed,    &[SCHOOL_APPROVER]).due(STEP_DAYS).not_by(&[CREATE]),
        Row::step(APPROVE,  "县级核准",       &[Agreed],        Effective, &[COUNTY_APPROVER]).guards(&[RecordFits, DayReached, NotOver]).not_by(&[CREATE, AGREE]),
        Row::step(AGREE,    "复学时办结",     &[Effective],     Closed,    &[SCHOOL_APPROVER]).guards(&[WithAnotherChange]),
        Row::step(APPROVE,  "随其他异动办结", &[Effective],     Closed,    &[COUNTY_APPROVER]).guards(&[WithAnotherChange]),
        Row::step(REJECT,   "不予同意",       &[Filed],         Rejected,  &[SCHOOL_APPROVER]),
        Row::step(REJECT,   "不予核准",       &[Agreed],        Rejected,  &[COUNTY_APPROVER]),
        Row::step(WITHDRAW, "撤回申请",       &[Filed, Agreed], Withdrawn, &[SCHOOL_CLERK]),
    ]}
};

/// Return: the school handles it at once, the county takes it on record.
#[rustfmt::skip]
pub static RETURN: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "return", begin: (CREATE, "提出申请"), start: Filed, rules, rows: &[
        //        step      label           from          to         by
        Row::step(AGREE,    "学校办理复学", &[Filed],     Effective, &[SCHOOL_APPROVER]).due(STEP_DAYS).guards(&[RecordFits, ClassFits, DayReached]).not_by(&[CREATE]),
        Row::step(REGISTER, "县级备案",     &[Effective], Closed,    &[COUNTY_CLERK]).not_by(&[CREATE]),
        Row::step(REJECT,   "不予同意",     &[Filed],     Rejected,  &[SCHOOL_APPROVER]),
        Row::step(WITHDRAW, "撤回申请",     &[Filed],     Withdrawn, &[SCHOOL_CLERK]),
    ]}
};

/// What is done once and for all: more leave, death, repeating, skipping, the correction of a mistaken end.
#[rustfmt::skip]
pub static LASTING: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "lastingChange", begin: (CREATE, "提出申请"), start: Filed, rules, rows: &[
        //        step      label       from              to         by
        Row::step(AGREE,    "学校同意", &[Filed],         Agreed,    &[SCHOOL_APPROVER]).due(STEP_DAYS).not_by(&[CREATE]),
        Row::step(APPROVE,  "县级核准", &[Agreed],        Effective, &[COUNTY_APPROVER]).guards(&[RecordFits, ClassFits, DayReached, NotOver]).not_by(&[CREATE, AGREE]),
        Row::step(REJECT,   "不予同意", &[Filed],         Rejected,  &[SCHOOL_APPROVER]),
        Row::step(REJECT,   "不予核准", &[Agreed],        Rejected,  &[COUNTY_APPROVER]),
        Row::step(WITHDRAW, "撤回申请", &[Filed, Agreed], Withdrawn, &[SCHOOL_CLERK]),
    ]}
};

/// The cancellation of a mistaken record: the county's own.
#[rustfmt::skip]
pub static CANCELLATION: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    Workflow { name: "cancellation", begin: (CREATE, "提出申请"), start: Filed, rules, rows: &[
        //        step      label       from      to         by
        Row::step(APPROVE,  "县级核准", &[Filed], Effective, &[COUNTY_APPROVER]).guards(&[RecordFits, DayReached]).not_by(&[CREATE]),
        Row::step(REJECT,   "不予核准", &[Filed], Rejected,  &[COUNTY_APPROVER]),
        Row::step(WITHDRAW, "撤回申请", &[Filed], Withdrawn, &[COUNTY_CLERK]),
    ]}
};

#[cfg(test)]
mod tests {
    use super::*;
    use junheng_kernel::post::Level;

    const ALL: [&Workflow<State, Guard>; 4] = [&LEAVE, &RETURN, &LASTING, &CANCELLATION];

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
