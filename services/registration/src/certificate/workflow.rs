//! The tables of lists and of certificates.

use junheng_kernel::post::{COUNTY_APPROVER, COUNTY_CLERK, SCHOOL_APPROVER, SCHOOL_CLERK};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_kernel::workflow::{state_name, state_of};
pub use junheng_proto::registration::v1::certificate::State;
pub use junheng_proto::registration::v1::certificate_list::State as ListState;

use crate::rule_book::rules;

/// What must hold before a list's step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Everybody on the list has graduated and has no certificate in force.
    AllEntitled,
}

/// Every guard.
pub const GUARDS: &[Guard] = &[Guard::AllEntitled];

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

/// The rule of the working days for each step.
pub const STEP_DAYS: &str = "certificate.step_working_days";

/// A list's workflow.
#[rustfmt::skip]
pub static LIST: Workflow<ListState, Guard> = {
    use Guard::*;
    use ListState::*;
    Workflow { name: "certificateList", begin: (CREATE, "拟定名册"), start: Proposed, rules, rows: &[
        //        step     label           from          to         by
        Row::step(SUBMIT,  "学校审核上报", &[Proposed],  Submitted, &[SCHOOL_APPROVER]).due(STEP_DAYS).guards(&[AllEntitled]).not_by(&[CREATE]),
        Row::step(APPROVE, "县级验印",     &[Submitted], Approved,  &[COUNTY_APPROVER]).guards(&[AllEntitled]).not_by(&[CREATE, SUBMIT]),
        Row::step(RETURN,  "退回学校",     &[Submitted], Returned,  &[COUNTY_APPROVER]),
    ]}
};

/// A certificate's workflow. It begins with the approval of its list.
#[rustfmt::skip]
pub static CERTIFICATE: Workflow<State, Guard> = {
    use State::*;
    Workflow { name: "certificate", begin: (APPROVE, "县级验印"), start: Valid, rules, rows: &[
        //        step            label       from                                      to                   by
        Row::step(ASK_REVOCATION, "申请撤销", &[Valid],                                 RevocationRequested, &[SCHOOL_APPROVER, COUNTY_CLERK]).due(STEP_DAYS),
        Row::step(REVOKE,         "撤销证书", &[RevocationRequested],                   Revoked,             &[COUNTY_APPROVER]).not_by(&[ASK_REVOCATION]),
        Row::step(ASK_REISSUE,    "申请补发", &[Valid],                                 ReissueRequested,    &[SCHOOL_CLERK, COUNTY_CLERK]).due(STEP_DAYS),
        Row::step(REISSUE,        "补发证书", &[ReissueRequested],                      Replaced,            &[COUNTY_APPROVER]).not_by(&[ASK_REISSUE]),
        Row::step(KEEP,           "维持证书", &[RevocationRequested, ReissueRequested], Valid,               &[COUNTY_APPROVER]),
    ]}
};

/// Whether a certificate is in force.
pub fn is_in_force(state: i32) -> bool {
    [
        State::Valid as i32,
        State::RevocationRequested as i32,
        State::ReissueRequested as i32,
    ]
    .contains(&state)
}
