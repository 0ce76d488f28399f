//! The tables of lists and of certificates.

use junheng_kernel::post::{Duty, Level, Role};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_proto::registration::v1::certificate::State;
pub use junheng_proto::registration::v1::certificate_list::State as ListState;

/// What must hold before a list's step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Everybody on the list has graduated and has no certificate in force.
    AllEntitled,
}

/// The step that proposes a list; it has no row.
pub const CREATE: &str = "CreateCertificateList";
/// The step by which the school submits.
pub const SUBMIT: &str = "SubmitCertificateList";
/// The step by which the county approves and the certificates are issued.
pub const APPROVE: &str = "ApproveCertificateList";
/// The step that gives a list back.
pub const RETURN: &str = "ReturnCertificateList";
/// The step that asks for a revocation.
pub const ASK_REVOCATION: &str = "RequestCertificateRevocation";
/// The step that revokes.
pub const REVOKE: &str = "RevokeCertificate";
/// The step that asks for a replacement.
pub const ASK_REISSUE: &str = "RequestCertificateReissue";
/// The step that replaces.
pub const REISSUE: &str = "ReissueCertificate";
/// The step that leaves a certificate as it is.
pub const KEEP: &str = "KeepCertificate";

/// Working days for each step; a rule of this system, no text gives them.
pub const STEP_DAYS: u32 = 10;

/// A list's workflow.
#[rustfmt::skip]
pub static LIST: Workflow<ListState, Guard> = {
    use Guard::*;
    use ListState::*;
    Workflow { name: "certificateList", begin: (CREATE, "拟定名册"), start: Proposed, state_name: list_state_name, rows: &[
        //  step     label          from           to         by                  due        guards          not by the taker of
        row(SUBMIT,  "学校审核上报", &[Proposed],  Submitted, &[SCHOOL_APPROVER], STEP_DAYS, &[AllEntitled], &[CREATE]),
        row(APPROVE, "县级验印",     &[Submitted], Approved,  &[COUNTY_APPROVER], 0,         &[AllEntitled], &[CREATE, SUBMIT]),
        row(RETURN,  "退回学校",     &[Submitted], Returned,  &[COUNTY_APPROVER], 0,         &[],            &[]),
    ]}
};

/// A certificate's workflow. It begins with the approval of its list.
#[rustfmt::skip]
pub static CERTIFICATE: Workflow<State, Guard> = {
    use State::*;
    Workflow { name: "certificate", begin: (APPROVE, "县级验印"), start: Valid, state_name, rows: &[
        row(ASK_REVOCATION, "申请撤销", &[Valid],                                RevocationRequested, &[SCHOOL_APPROVER, COUNTY_CLERK], STEP_DAYS, &[], &[]),
        row(REVOKE,         "撤销证书", &[RevocationRequested],                  Revoked,             &[COUNTY_APPROVER],               0,         &[], &[ASK_REVOCATION]),
        row(ASK_REISSUE,    "申请补发", &[Valid],                                ReissueRequested,    &[SCHOOL_CLERK],                  STEP_DAYS, &[], &[]),
        row(REISSUE,        "补发证书", &[ReissueRequested],                     Replaced,            &[COUNTY_APPROVER],               0,         &[], &[ASK_REISSUE]),
        row(KEEP,           "维持证书", &[RevocationRequested, ReissueRequested], Valid,              &[COUNTY_APPROVER],               0,         &[], &[]),
    ]}
};

const SCHOOL_CLERK: Role = Role::new(Level::School, Duty::Clerk);
const COUNTY_CLERK: Role = Role::new(Level::County, Duty::Clerk);
const SCHOOL_APPROVER: Role = Role::new(Level::School, Duty::Approver);
const COUNTY_APPROVER: Role = Role::new(Level::County, Duty::Approver);

#[expect(
    clippy::too_many_arguments,
    reason = "one for each column of the table"
)]
const fn row<S: Copy + 'static>(
    step: &'static str,
    label: &'static str,
    from: &'static [S],
    to: S,
    by: &'static [Role],
    due_working_days: u32,
    guards: &'static [Guard],
    not_by_taker_of: &'static [&'static str],
) -> Row<S, Guard> {
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

/// The name of a certificate's state without its prefix.
pub fn state_name(state: State) -> &'static str {
    state.as_str_name().trim_start_matches("STATE_")
}

/// The name of a list's state without its prefix.
pub fn list_state_name(state: ListState) -> &'static str {
    state.as_str_name().trim_start_matches("STATE_")
}

/// Whether a certificate is in force.
pub fn is_in_force(state: i32) -> bool {
    [
        State::Valid as i32,
        State::RevocationRequested as i32,
        State::ReissueRequested as i32,
    ]
    .contains(&state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table_checks as checks;

    #[test]
    fn every_state_of_lists_and_certificates_is_reached() {
        checks::every_state_is_reached(&[&LIST]);
        checks::every_state_is_reached(&[&CERTIFICATE]);
    }

    #[test]
    fn every_step_of_lists_and_certificates_is_a_method_and_its_roles_are_the_methods() {
        checks::every_step_is_a_method(&[&LIST], CREATE);
        checks::every_step_is_a_method(&[&CERTIFICATE], APPROVE);
    }

    #[test]
    fn every_guard_of_a_list_guards_something() {
        checks::every_guard_is_used(&[&LIST], &[Guard::AllEntitled]);
    }

    #[test]
    fn four_eyes_look_at_steps_that_exist() {
        checks::four_eyes_exist(&[&LIST]);
        checks::four_eyes_exist(&[&CERTIFICATE]);
    }
}
