//! The table of a case's steps (未成年人保护法 28 and 83, 义务教育法 58, 行政处罚法 44, 45; the order in which they follow is the
//! practice of counties). The days in which somebody is to act are dated rules, one for each state: [`days_rule`].

use junheng_kernel::post::{
    COUNTY_APPROVER, COUNTY_CLERK, Role, SCHOOL_APPROVER, SCHOOL_CLERK, SERVICE,
};
use junheng_kernel::workflow::{Row, Workflow};
pub use junheng_kernel::workflow::{state_name, state_of};
pub use junheng_proto::registration::v1::dropout_case::State;

use crate::rule_book::rules;

/// What must hold before a step, beyond state and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The records explain the absence, or the county gives evidence.
    Explained,
    /// The records do not explain the absence.
    Unexplained,
    /// Both lines are named.
    LinesNamed,
    /// The school itself reports; the county only of a child of no school.
    BySchool,
    /// As many visits as the place asks for.
    VisitedEnough,
    /// The written report is drawn.
    ReportDrawn,
    /// The order is drawn.
    OrderDrawn,
    /// The place has a legal basis for a penalty.
    LegalBasis,
    /// The order was served, and its days have passed.
    OrderExpired,
    /// Prior notice was served, and the days to be heard have passed.
    Heard,
    /// The days in which a penalty is to be decided run.
    InTime,
    /// They have passed, and nothing was decided.
    NotDecided,
    /// The decision was served, and the days to pay have passed.
    FineOverdue,
    /// The reminder is drawn.
    UrgeDrawn,
    /// The reminder was served, and its days have passed.
    UrgeExpired,
    /// Attendance shows the child present.
    Present,
    /// Attendance shows the child present for long enough.
    PresentForLong,
    /// No closing is asked for that awaits a decision.
    NoClosingOpen,
    /// Closing is asked for.
    ClosingRequested,
    /// The ground is proven.
    GroundProven,
}

// === impl Guard ===

impl Guard {
    /// Whether it is judged from attendance, which is much to read.
    pub const fn looks_at_attendance(self) -> bool {
        matches!(
            self,
            Self::Explained | Self::Unexplained | Self::Present | Self::PresentForLong
        )
    }
}

/// Whether attendance decides about a step.
pub fn looks_at_attendance(step: &str) -> bool {
    let mut rows = WORKFLOW.rows.iter().filter(|row| row.step == step);
    rows.any(|row| row.guards.iter().any(|guard| guard.looks_at_attendance()))
}

/// Every guard.
pub const GUARDS: &[Guard] = &[
    Guard::Explained,
    Guard::Unexplained,
    Guard::LinesNamed,
    Guard::BySchool,
    Guard::VisitedEnough,
    Guard::ReportDrawn,
    Guard::OrderDrawn,
    Guard::LegalBasis,
    Guard::OrderExpired,
    Guard::Heard,
    Guard::InTime,
    Guard::NotDecided,
    Guard::FineOverdue,
    Guard::UrgeDrawn,
    Guard::UrgeExpired,
    Guard::Present,
    Guard::PresentForLong,
    Guard::NoClosingOpen,
    Guard::ClosingRequested,
    Guard::GroundProven,
];

/// A suspicion is reported.
pub const SUSPECT: &str = "ReportDropoutSuspicion";
/// The absence is explained.
pub const CLEAR: &str = "ClearDropoutCase";
/// The child has dropped out.
pub const CONFIRM: &str = "ConfirmDropoutCase";
/// Both lines and the plan.
pub const ASSIGN: &str = "AssignDropoutCase";
/// A visit.
pub const VISIT: &str = "RecordDropoutVisit";
/// The written report.
pub const ESCALATE: &str = "EscalateDropoutCase";
/// The order.
pub const ORDER: &str = "OrderDropoutReturn";
/// The penalty.
pub const PENALISE: &str = "PenaliseDropoutCase";
/// The reminder.
pub const URGE: &str = "UrgeDropoutCase";
/// The court.
pub const SUE: &str = "SueDropoutCase";
/// The child is back.
pub const RETURN: &str = "ReturnDropoutCase";
/// The return is stable.
pub const SETTLE: &str = "SettleDropoutCase";
/// Away again.
pub const RELAPSE: &str = "RelapseDropoutCase";
/// Closing is asked for.
pub const REQUEST_CLOSING: &str = "RequestDropoutClosing";
/// Closing is refused.
pub const REFUSE_CLOSING: &str = "RefuseDropoutClosing";
/// Closed.
pub const CLOSE: &str = "CloseDropoutCase";

/// Steps that lead nowhere else, or aside: nobody waits for them. Nor for a penalty: few places have a basis, and where one
/// stands the county may go to court as well.
pub const ASIDE: &[&str] = &[
    CLEAR,
    VISIT,
    PENALISE,
    RELAPSE,
    REQUEST_CLOSING,
    REFUSE_CLOSING,
    RETURN,
];

/// The workflow.
#[rustfmt::skip]
pub static WORKFLOW: Workflow<State, Guard> = {
    use Guard::*;
    use State::*;
    const HEADS: &[Role] = &[SCHOOL_APPROVER, COUNTY_APPROVER];
    const FINDERS: &[Role] = &[SCHOOL_APPROVER, COUNTY_CLERK];
    const CLERKS: &[Role] = &[SCHOOL_CLERK, COUNTY_CLERK];
    const SETTLERS: &[Role] = &[SCHOOL_APPROVER, COUNTY_CLERK, SERVICE];
    const SCHOOL: &[Role] = &[SCHOOL_CLERK];
    const COUNTY: &[Role] = &[COUNTY_CLERK];
    const HEAD: &[Role] = &[COUNTY_APPROVER];
    const AWAY: &[State] = &[Confirmed, Persuading, Reported, Ordered, Penalty, Urged, Court];
    const LIVE: &[State] = &[Confirmed, Persuading, Reported, Ordered, Penalty, Urged, Court, Returned, Stable];
    Workflow { name: "dropoutCase", begin: (SUSPECT, "疑似辍学登记"), start: Suspected, rules, rows: &[
        //  step      label            from                  to          by        guards                                      not by the taker of
        row(CLEAR,    "排除疑似",      &[Suspected],         Cleared,    HEADS,    &[Explained],                               &[]),
        row(CONFIRM,  "确认辍学",      &[Suspected],         Confirmed,  FINDERS,  &[Unexplained],                             &[]),
        row(ASSIGN,   "落实双线责任",  &[Confirmed],         Persuading, COUNTY,   &[LinesNamed],                              &[]),
        row(ESCALATE, "书面报告",      &[Persuading],        Reported,   FINDERS,  &[BySchool, VisitedEnough, ReportDrawn],    &[]),
        row(ORDER,    "责令送学",      &[Reported],          Ordered,    HEAD,     &[OrderDrawn],                              &[]),
        row(PENALISE, "行政处罚",      &[Ordered],           Penalty,    HEAD,     &[LegalBasis, OrderExpired, Heard, InTime], &[]),
        row(URGE,     "催告",          &[Penalty],           Urged,      HEAD,     &[FineOverdue, UrgeDrawn],                  &[]),
        row(SUE,      "诉讼或强制执行", &[Ordered],          Court,      HEAD,     &[OrderExpired],                            &[]),
        // A penalty that was not decided in time leaves the order, which can be enforced.
        row(SUE,      "诉讼或强制执行", &[Penalty],          Court,      HEAD,     &[OrderExpired, NotDecided],                &[]),
        row(SUE,      "诉讼或强制执行", &[Urged],            Court,      HEAD,     &[UrgeExpired],                             &[]),
        row(RETURN,   "登记返校",      AWAY,                 Returned,   SCHOOL,   &[Present],                                 &[]),
        row(SETTLE,   "认定稳定",      &[Returned],          Stable,     SETTLERS, &[PresentForLong],                          &[]),
        row(RELAPSE,  "再次辍学",      &[Returned, Stable],  Confirmed,  SCHOOL,   &[],                                        &[]),
        row(CLOSE,    "核准销号",      LIVE,                 Closed,     HEAD,     &[ClosingRequested, GroundProven],          &[REQUEST_CLOSING]),

        stay(ASSIGN,  "落实双线责任",  Persuading, COUNTY, &[LinesNamed]),
        stay(ASSIGN,  "落实双线责任",  Reported,   COUNTY, &[LinesNamed]),
        stay(ASSIGN,  "落实双线责任",  Ordered,    COUNTY, &[LinesNamed]),
        stay(ASSIGN,  "落实双线责任",  Penalty,    COUNTY, &[LinesNamed]),
        stay(ASSIGN,  "落实双线责任",  Urged,      COUNTY, &[LinesNamed]),
        stay(ASSIGN,  "落实双线责任",  Court,      COUNTY, &[LinesNamed]),

        stay(VISIT,   "劝返走访",      Persuading, CLERKS, &[]),
        stay(VISIT,   "劝返走访",      Reported,   CLERKS, &[]),
        stay(VISIT,   "劝返走访",      Ordered,    CLERKS, &[]),
        stay(VISIT,   "劝返走访",      Penalty,    CLERKS, &[]),
        stay(VISIT,   "劝返走访",      Urged,      CLERKS, &[]),
        stay(VISIT,   "劝返走访",      Court,      CLERKS, &[]),

        asking(Confirmed,  CLERKS),
        asking(Persuading, CLERKS),
        asking(Reported,   CLERKS),
        asking(Ordered,    CLERKS),
        asking(Penalty,    CLERKS),
        asking(Urged,      CLERKS),
        asking(Court,      CLERKS),
        asking(Returned,   CLERKS),
        asking(Stable,     CLERKS),

        stay(REFUSE_CLOSING, "退回销号申请", Confirmed,  HEAD, &[ClosingRequested]),
        stay(REFUSE_CLOSING, "退回销号申请", Persuading, HEAD, &[ClosingRequested]),
        stay(REFUSE_CLOSING, "退回销号申请", Reported,   HEAD, &[ClosingRequested]),
        stay(REFUSE_CLOSING, "退回销号申请", Ordered,    HEAD, &[ClosingRequested]),
        stay(REFUSE_CLOSING, "退回销号申请", Penalty,    HEAD, &[ClosingRequested]),
        stay(REFUSE_CLOSING, "退回销号申请", Urged,      HEAD, &[ClosingRequested]),
        stay(REFUSE_CLOSING, "退回销号申请", Court,      HEAD, &[ClosingRequested]),
        stay(REFUSE_CLOSING, "退回销号申请", Returned,   HEAD, &[ClosingRequested]),
        stay(REFUSE_CLOSING, "退回销号申请", Stable,     HEAD, &[ClosingRequested]),
    ]}
};

const fn row(
    step: &'static str,
    label: &'static str,
    from: &'static [State],
    to: State,
    by: &'static [Role],
    guards: &'static [Guard],
    not_by_taker_of: &'static [&'static str],
) -> Row<State, Guard> {
    Row::step(step, label, from, to, by)
        .due(days_rule(to))
        .guards(guards)
        .not_by(not_by_taker_of)
}

/// A step after which the case stands where it stood, and its day too.
const fn stay(
    step: &'static str,
    label: &'static str,
    state: State,
    by: &'static [Role],
    guards: &'static [Guard],
) -> Row<State, Guard> {
    row(step, label, alone(state), state, by, guards, &[])
}

/// A request to close, which the county decides in days of its own.
const fn asking(state: State, by: &'static [Role]) -> Row<State, Guard> {
    const GUARDS: &[Guard] = &[Guard::NoClosingOpen, Guard::GroundProven];
    stay(REQUEST_CLOSING, "申请销号", state, by, GUARDS).due(CLOSING_DAYS)
}

const fn alone(state: State) -> &'static [State] {
    match state {
        State::Confirmed => &[State::Confirmed],
        State::Persuading => &[State::Persuading],
        State::Reported => &[State::Reported],
        State::Ordered => &[State::Ordered],
        State::Penalty => &[State::Penalty],
        State::Urged => &[State::Urged],
        State::Court => &[State::Court],
        State::Returned => &[State::Returned],
        State::Stable => &[State::Stable],
        _ => &[],
    }
}

/// The dated rule of the working days in which a request to close is decided.
pub const CLOSING_DAYS: &str = "dropout.closing_working_days";

/// Who acts next on a case: where closing is asked for, who closes; where nothing but that is left, who asks for it; else who takes
/// the first step that leads on.
pub fn awaited(state: State, closing_asked: bool) -> Option<&'static Row<State, Guard>> {
    let of = |step: &str| {
        let mut rows = WORKFLOW.rows.iter();
        rows.find(|row| row.step == step && row.from.contains(&state))
    };
    match WORKFLOW.awaited(state, ASIDE)? {
        _ if closing_asked => of(CLOSE),
        row if row.step == CLOSE => of(REQUEST_CLOSING),
        row => Some(row),
    }
}

/// The dated rule of the working days in which somebody is to act on a case; empty after the end.
pub const fn days_rule(state: State) -> &'static str {
    match state {
        State::Suspected => "dropout.suspected_working_days",
        State::Confirmed => "dropout.confirmed_working_days",
        State::Persuading => "dropout.persuading_working_days",
        State::Reported => "dropout.reported_working_days",
        State::Ordered => "dropout.ordered_working_days",
        State::Penalty => "dropout.penalty_working_days",
        State::Urged => "dropout.urged_working_days",
        State::Court => "dropout.court_working_days",
        State::Returned => "dropout.returned_working_days",
        State::Stable => "dropout.stable_working_days",
        State::Unspecified | State::Cleared | State::Closed => "",
    }
}

/// Whether a case is over.
pub fn is_ended(state: State) -> bool {
    matches!(state, State::Cleared | State::Closed)
}

#[cfg(test)]
#[path = "workflow_tests.rs"]
mod tests;
