//! The tables of a transfer's steps, one for each route, in the order of the regulation (V).

use junheng_kernel::post::{
    COUNTY_APPROVER, PROVINCE_APPROVER, PROVINCE_CLERK, Role, SCHOOL_APPROVER, SCHOOL_CLERK,
};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_kernel::workflow::{state_name, state_of};
use junheng_proto::registration::v1::transfer::Route;
pub use junheng_proto::registration::v1::transfer::State;

use crate::rule_book::rules;

/// What must hold before a step, beyond state, role and party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The pupil is still in the sending school's roll, in a state that can move.
    StudentThere,
    /// No rule of the place stands against it, and the class has room.
    NotBlocked,
    /// The papers of the file are listed.
    PapersListed,
    /// What the other province did is proved.
    OutsideProved,
}

/// Every guard.
pub const GUARDS: &[Guard] = &[
    Guard::StudentThere,
    Guard::NotBlocked,
    Guard::PapersListed,
    Guard::OutsideProved,
];

/// The party that receives the pupil (转入方).
pub const RECEIVING: &str = "receiving";
/// The party that has the pupil (转出方).
pub const SENDING: &str = "sending";
/// A party of another province, for whom the province records (省外).
pub const OUTSIDE: &str = "outside";

/// The step that begins a transfer.
pub const CREATE: &str = "CreateTransfer";
/// The receiving school's step.
pub const SUBMIT: &str = "SubmitTransfer";
/// The receiving county's step.
pub const ADMIT: &str = "AdmitTransfer";
/// The receiving province's step.
pub const ENDORSE: &str = "EndorseTransfer";
/// The sending school's step.
pub const RELEASE: &str = "ReleaseTransfer";
/// The sending county's step.
pub const APPROVE: &str = "ApproveTransfer";
/// The sending province's step.
pub const CLEAR: &str = "ClearTransfer";
/// The sending school hands the file over.
pub const HAND_OVER: &str = "HandOverTransfer";
/// The receiving school gives an incomplete file back.
pub const RETURN_FILE: &str = "ReturnTransferFile";
/// The receiving school confirms the file, and the record moves.
pub const COMPLETE: &str = "CompleteTransfer";
/// Whoever's step it is refuses.
pub const REJECT: &str = "RejectTransfer";
/// The receiving side withdraws.
pub const WITHDRAW: &str = "WithdrawTransfer";

/// Steps that do not lead on: nobody is waited for to take them.
pub const ASIDE: &[&str] = &[RETURN_FILE, REJECT, WITHDRAW];

/// The rule of the working days that each party has, of its own (V).
pub const STEP_DAYS: &str = "transfer.step_working_days";

const SC: &[Role] = &[SCHOOL_CLERK];
const SA: &[Role] = &[SCHOOL_APPROVER];
const CA: &[Role] = &[COUNTY_APPROVER];
const PA: &[Role] = &[PROVINCE_APPROVER];
const PC: &[Role] = &[PROVINCE_CLERK];

/// 转入校 → 转出校 → 县局, once for both schools.
#[rustfmt::skip]
pub const SAME_COUNTY: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    table("transferSameCounty", &[
        //  step         label                from               to               by   party      guards                        not by the taker of
        row(SUBMIT,      "转入校审核",        &[Applied],         OutSchool,       SA,  RECEIVING, &[StudentThere, NotBlocked], &[CREATE]),
        row(RELEASE,     "转出校核办",        &[OutSchool],       OutAuthority,    SA,  SENDING,   &[StudentThere],             &[CREATE, SUBMIT]),
        row(APPROVE,     "主管部门核办",      &[OutAuthority],    FileDue,         CA,  SENDING,   &[StudentThere, NotBlocked], &[SUBMIT, RELEASE]),
        row(HAND_OVER,   "移交档案",          &[FileDue],         FileTransferred, SC,  SENDING,   &[PapersListed],             &[]),
        end(COMPLETE,    "接收档案",          &[FileTransferred], Done,            SC,  RECEIVING, &[StudentThere, NotBlocked], &[HAND_OVER]),
        row(RETURN_FILE, "退回补档",          &[FileTransferred], FileDue,         SC,  RECEIVING, &[],                         &[]),
        end(REJECT,      "不予同意",          &[Applied],         Rejected,        SA,  RECEIVING, &[],                         &[]),
        end(REJECT,      "不予同意",          &[OutSchool],       Rejected,        SA,  SENDING,   &[],                         &[]),
        end(REJECT,      "不予同意",          &[OutAuthority],    Rejected,        CA,  SENDING,   &[],                         &[]),
        end(WITHDRAW,    "撤回",              &[Applied, OutSchool, OutAuthority, FileDue], Withdrawn, SC, RECEIVING, &[],       &[]),
    ])
};

/// 转入校 → 转入县局 → 转出校 → 转出县局.
#[rustfmt::skip]
pub const SAME_PROVINCE: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    table("transferSameProvince", &[
        //  step         label                from               to               by   party      guards                        not by the taker of
        row(SUBMIT,      "转入校审核",        &[Applied],         InAuthority,     SA,  RECEIVING, &[StudentThere, NotBlocked], &[CREATE]),
        row(ADMIT,       "转入主管部门核办",  &[InAuthority],     OutSchool,       CA,  RECEIVING, &[StudentThere],             &[SUBMIT]),
        row(RELEASE,     "转出校核办",        &[OutSchool],       OutAuthority,    SA,  SENDING,   &[StudentThere],             &[CREATE, SUBMIT]),
        row(APPROVE,     "转出主管部门核办",  &[OutAuthority],    FileDue,         CA,  SENDING,   &[StudentThere, NotBlocked], &[ADMIT, RELEASE]),
        row(HAND_OVER,   "移交档案",          &[FileDue],         FileTransferred, SC,  SENDING,   &[PapersListed],             &[]),
        end(COMPLETE,    "接收档案",          &[FileTransferred], Done,            SC,  RECEIVING, &[StudentThere, NotBlocked], &[HAND_OVER]),
        row(RETURN_FILE, "退回补档",          &[FileTransferred], FileDue,         SC,  RECEIVING, &[],                         &[]),
        end(REJECT,      "不予同意",          &[Applied],         Rejected,        SA,  RECEIVING, &[],                         &[]),
        end(REJECT,      "不予同意",          &[InAuthority],     Rejected,        CA,  RECEIVING, &[],                         &[]),
        end(REJECT,      "不予同意",          &[OutSchool],       Rejected,        SA,  SENDING,   &[],                         &[]),
        end(REJECT,      "不予同意",          &[OutAuthority],    Rejected,        CA,  SENDING,   &[],                         &[]),
        end(WITHDRAW,    "撤回",              &[Applied, InAuthority, OutSchool, OutAuthority, FileDue], Withdrawn, SC, RECEIVING, &[], &[]),
    ])
};

/// 转入校 → 转入县局 → 转入省 → (省外: 转出校 → 转出县局 → 转出省) → 转入校调档.
#[rustfmt::skip]
pub const FROM_OUTSIDE: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    table("transferFromOutside", &[
        //  step         label                from               to               by   party      guards             not by the taker of
        row(SUBMIT,      "转入校审核",        &[Applied],         InAuthority,     SA,  RECEIVING, &[NotBlocked],    &[CREATE]),
        row(ADMIT,       "转入主管部门核办",  &[InAuthority],     InProvince,      CA,  RECEIVING, &[],              &[SUBMIT]),
        row(ENDORSE,     "转入省核办",        &[InProvince],      OutSchool,       PA,  RECEIVING, &[],              &[ADMIT]),
        row(RELEASE,     "转出校核办",        &[OutSchool],       OutAuthority,    PC,  OUTSIDE,   &[OutsideProved], &[]),
        row(APPROVE,     "转出主管部门核办",  &[OutAuthority],    OutProvince,     PC,  OUTSIDE,   &[OutsideProved], &[]),
        row(CLEAR,       "转出省核办",        &[OutProvince],     FileDue,         PC,  OUTSIDE,   &[OutsideProved], &[]),
        row(HAND_OVER,   "移交档案",          &[FileDue],         FileTransferred, PC,  OUTSIDE,   &[PapersListed],  &[]),
        end(COMPLETE,    "转入校调档",        &[FileTransferred], Done,            SC,  RECEIVING, &[NotBlocked],    &[]),
        row(RETURN_FILE, "退回补档",          &[FileTransferred], FileDue,         SC,  RECEIVING, &[],              &[]),
        end(REJECT,      "不予同意",          &[Applied],         Rejected,        SA,  RECEIVING, &[],              &[]),
        end(REJECT,      "不予同意",          &[InAuthority],     Rejected,        CA,  RECEIVING, &[],              &[]),
        end(REJECT,      "不予同意",          &[InProvince],      Rejected,        PA,  RECEIVING, &[],              &[]),
        end(REJECT,      "不予同意",          &[OutSchool, OutAuthority, OutProvince], Rejected, PC, OUTSIDE, &[OutsideProved], &[]),
        end(WITHDRAW,    "撤回",              &[Applied, InAuthority, InProvince, OutSchool, OutAuthority, OutProvince, FileDue], Withdrawn, SC, RECEIVING, &[], &[]),
    ])
};

/// (省外: 转入校 → 转入县局 → 转入省) → 转出校 → 转出县局 → 转出省 → 转入校调档.
#[rustfmt::skip]
pub const TO_OUTSIDE: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    table("transferToOutside", &[
        //  step         label                from               to               by   party    guards                          not by the taker of
        row(SUBMIT,      "转入校审核",        &[Applied],         InAuthority,     PC,  OUTSIDE, &[OutsideProved],              &[]),
        row(ADMIT,       "转入主管部门核办",  &[InAuthority],     InProvince,      PC,  OUTSIDE, &[OutsideProved],              &[]),
        row(ENDORSE,     "转入省核办",        &[InProvince],      OutSchool,       PC,  OUTSIDE, &[OutsideProved],              &[]),
        row(RELEASE,     "转出校核办",        &[OutSchool],       OutAuthority,    SA,  SENDING, &[StudentThere, NotBlocked],   &[]),
        row(APPROVE,     "转出主管部门核办",  &[OutAuthority],    OutProvince,     CA,  SENDING, &[StudentThere, NotBlocked],   &[RELEASE]),
        row(CLEAR,       "转出省核办",        &[OutProvince],     FileDue,         PA,  SENDING, &[StudentThere],               &[CREATE, APPROVE]),
        row(HAND_OVER,   "移交档案",          &[FileDue],         FileTransferred, SC,  SENDING, &[PapersListed],               &[]),
        end(COMPLETE,    "转入校调档",        &[FileTransferred], Done,            PC,  OUTSIDE, &[StudentThere, OutsideProved], &[HAND_OVER]),
        row(RETURN_FILE, "退回补档",          &[FileTransferred], FileDue,         PC,  OUTSIDE, &[OutsideProved],              &[]),
        end(REJECT,      "不予同意",          &[Applied, InAuthority, InProvince], Rejected, PC, OUTSIDE, &[OutsideProved],      &[]),
        end(REJECT,      "不予同意",          &[OutSchool],       Rejected,        SA,  SENDING, &[],                           &[]),
        end(REJECT,      "不予同意",          &[OutAuthority],    Rejected,        CA,  SENDING, &[],                           &[]),
        end(REJECT,      "不予同意",          &[OutProvince],     Rejected,        PA,  SENDING, &[],                           &[]),
        end(WITHDRAW,    "撤回",              &[Applied, InAuthority, InProvince, OutSchool, OutAuthority, OutProvince, FileDue], Withdrawn, PC, OUTSIDE, &[], &[]),
    ])
};

static TABLES: [(Route, Workflow<State, Guard>); 4] = [
    (Route::SameCounty, SAME_COUNTY),
    (Route::SameProvince, SAME_PROVINCE),
    (Route::FromOutside, FROM_OUTSIDE),
    (Route::ToOutside, TO_OUTSIDE),
];

/// The table of a route; of a number that is none, the one with the most steps.
pub fn table_of(route: i32) -> &'static Workflow<State, Guard> {
    let found = TABLES.iter().find(|(known, _)| *known as i32 == route);
    &found.unwrap_or(&TABLES[2]).1
}

const fn table(name: &'static str, rows: &'static [Row<State, Guard>]) -> Workflow<State, Guard> {
    Workflow {
        name,
        begin: (CREATE, "申请转学"),
        start: State::Applied,
        rules,
        rows,
    }
}

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
    party: &'static str,
    guards: &'static [Guard],
    not_by_taker_of: &'static [&'static str],
) -> Row<State, Guard> {
    end(step, label, from, to, by, party, guards, not_by_taker_of).due(STEP_DAYS)
}

/// The same for a step that ends the transfer: nothing is due after it.
#[expect(
    clippy::too_many_arguments,
    reason = "one for each column of the table"
)]
const fn end(
    step: &'static str,
    label: &'static str,
    from: &'static [State],
    to: State,
    by: &'static [Role],
    party: &'static str,
    guards: &'static [Guard],
    not_by_taker_of: &'static [&'static str],
) -> Row<State, Guard> {
    Row::step(step, label, from, to, by)
        .party(party)
        .guards(guards)
        .not_by(not_by_taker_of)
}

/// Whether nothing can follow.
pub fn is_ended(state: State) -> bool {
    matches!(state, State::Done | State::Rejected | State::Withdrawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The states that a route goes through when nobody refuses.
    fn path(table: &'static Workflow<State, Guard>) -> Vec<(&'static str, State)> {
        let mut state = table.start;
        let mut path = Vec::new();
        while let Some(row) = table.awaited(state, ASIDE) {
            state = row.to;
            path.push((row.party, state));
        }
        path
    }

    #[test]
    fn each_route_goes_in_the_order_of_the_regulation() {
        use State::*;
        let file = |last| [(last, FileTransferred), (RECEIVING, Done)];
        let mut county = vec![
            (RECEIVING, OutSchool),
            (SENDING, OutAuthority),
            (SENDING, FileDue),
        ];
        county.extend(file(SENDING));
        assert_eq!(path(table_of(Route::SameCounty as i32)), county);
        let mut province = vec![
            (RECEIVING, InAuthority),
            (RECEIVING, OutSchool),
            (SENDING, OutAuthority),
            (SENDING, FileDue),
        ];
        province.extend(file(SENDING));
        assert_eq!(path(table_of(Route::SameProvince as i32)), province);
        let mut from = vec![
            (RECEIVING, InAuthority),
            (RECEIVING, InProvince),
            (RECEIVING, OutSchool),
            (OUTSIDE, OutAuthority),
            (OUTSIDE, OutProvince),
            (OUTSIDE, FileDue),
        ];
        from.extend(file(OUTSIDE));
        assert_eq!(path(table_of(Route::FromOutside as i32)), from);
        let to: Vec<State> = path(table_of(Route::ToOutside as i32))
            .into_iter()
            .map(|(_, state)| state)
            .collect();
        let states: Vec<State> = from.into_iter().map(|(_, state)| state).collect();
        assert_eq!(to, states, "the same order seen from the other province");
    }

    #[test]
    fn every_party_has_ten_working_days_of_its_own_and_nothing_is_due_at_the_end() {
        let ten = rules().unwrap().standing(STEP_DAYS).unwrap().value;
        assert_eq!(ten, 10);
        for (_, table) in &TABLES {
            for row in table.rows {
                let due = if is_ended(row.to) { "" } else { STEP_DAYS };
                assert_eq!(row.due, due, "{} {}", table.name, row.step);
            }
        }
    }

    #[test]
    fn the_sending_side_can_begin_nothing_and_withdraw_nothing() {
        for (_, table) in &TABLES {
            let mut rows = table.rows.iter();
            assert!(!rows.any(|row| row.step == WITHDRAW && row.party == SENDING));
            assert!(table.awaited(State::Applied, ASIDE).unwrap().party != SENDING);
        }
    }
}
