//! Reads the requests of steps: what each says of its own.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::label;
use junheng_kernel::name::{etag, id_of};
use junheng_kernel::store::RequestKey;
use junheng_kernel::text::{check_lines, check_text};
use junheng_kernel::workflow::{Asked, check_note, check_reason, kept};
use junheng_proto::registration::v1::dropout_case::Group;
use junheng_proto::registration::v1::{
    AssignDropoutCaseRequest, ConfirmDropoutCaseRequest, RecordDropoutVisitRequest,
    RequestDropoutClosingRequest, ReturnDropoutCaseRequest,
};
use junheng_proto::workflow::v1::{Evidence, StepRequest};
use uuid::Uuid;

use super::child;
use super::content::VisitContent;
use super::encode::name_of;
use super::report::check_whereabouts;
use super::rules::{check_person, too_long};
use super::steps::{Said, Step};
use super::workflow::{
    ASSIGN, CONFIRM, REFUSE_CLOSING, RELAPSE, REQUEST_CLOSING, RETURN, SETTLE, VISIT,
};
use crate::entity::dropout_case::Model;

const MOST_PLAN: usize = 2_000;
const MOST_PEOPLE: usize = 20;
/// Steps whose note says why.
const WITH_REASON: [&str; 2] = [RELAPSE, REFUSE_CLOSING];

/// The code of "other" among the reasons, which the note explains.
const OTHER: i32 = 99;

/// A step that says nothing of its own.
pub(super) fn plain(step: &'static str, message: &StepRequest) -> Result<Step, KernelError> {
    if WITH_REASON.contains(&step) {
        KernelError::unless_empty(check_reason("note", &message.note))?;
    }
    Ok(Step {
        asked: Asked::of(step, message)?,
        key: RequestKey::of(&message.request_id, message)?,
        said: Said::Nothing,
    })
}

/// Confirms.
pub(super) fn confirm(message: &ConfirmDropoutCaseRequest) -> Result<Step, KernelError> {
    let mut wrong = Vec::new();
    wrong.extend(label::check(
        "reason",
        "junheng.registration.v1.DropoutCase.Reason",
        message.reason,
    ));
    if message.reason == OTHER {
        wrong.extend(check_reason("note", &message.note));
    }
    wrong.extend(check_whereabouts("whereabouts", &message.whereabouts));
    let mut groups = 0;
    for number in &message.groups {
        wrong.extend(label::check(
            "groups",
            "junheng.registration.v1.DropoutCase.Group",
            *number,
        ));
        groups |= Group::try_from(*number).map_or(0, child::bit);
    }
    KernelError::unless_empty(wrong)?;
    Ok(Step {
        asked: asked(
            CONFIRM,
            [&message.name, &message.etag, &message.note],
            &message.evidence,
        )?,
        key: RequestKey::of(&message.request_id, message)?,
        said: Said::Reason {
            reason: message.reason,
            last_day: message.last_day.clone(),
            whereabouts: message.whereabouts.clone(),
            groups,
        },
    })
}

/// Names both lines and the plan.
pub(super) fn assign(message: &AssignDropoutCaseRequest) -> Result<Step, KernelError> {
    let official = message.official_line.clone().unwrap_or_default();
    let school = message.school_line.clone().unwrap_or_default();
    let mut wrong = Vec::new();
    for (field, person) in [
        ("official_line.county", &official.county),
        ("official_line.township", &official.township),
        ("official_line.village", &official.village),
        ("official_line.household", &official.household),
        ("school_line.bureau", &school.bureau),
        ("school_line.head", &school.head),
        ("school_line.class_teacher", &school.class_teacher),
    ] {
        wrong.extend(check_person(field, person.as_ref()));
    }
    wrong.extend(check_lines("plan", &message.plan));
    if !(2..=MOST_PLAN).contains(&message.plan.trim().chars().count()) {
        wrong.push(Violation::invalid(
            "plan",
            format!("must have 2 to {MOST_PLAN} characters: one child, one plan"),
            format!("应以2至{MOST_PLAN}字写明一人一案"),
        ));
    }
    KernelError::unless_empty(wrong)?;
    let taken_by = match message.school.as_str() {
        "" => None,
        name => Some(id_of("schools", name)?),
    };
    Ok(Step {
        asked: asked(
            ASSIGN,
            [&message.name, &message.etag, &message.note],
            &message.evidence,
        )?,
        key: RequestKey::of(&message.request_id, message)?,
        said: Said::Lines {
            official,
            school,
            plan: message.plan.clone(),
            taken_by,
        },
    })
}

/// Records a visit.
pub(super) fn visit(message: &RecordDropoutVisitRequest) -> Result<Step, KernelError> {
    let Some(visit) = &message.visit else {
        return Err(KernelError::Fields(vec![Violation::required("visit")]));
    };
    let mut wrong = check_note("visit.note", &visit.note);
    for (field, full_name, number) in [
        ("visit.method", "DropoutVisit.Method", visit.method),
        ("visit.outcome", "DropoutVisit.Outcome", visit.outcome),
    ] {
        let full_name = format!("junheng.registration.v1.{full_name}");
        wrong.extend(label::check(field, &full_name, number));
    }
    let named = |name: &&String| !name.trim().is_empty();
    if visit.people.is_empty()
        || visit.people.len() > MOST_PEOPLE
        || visit.people.iter().filter(named).count() < visit.people.len()
    {
        wrong.push(Violation::invalid(
            "visit.people",
            format!("must name 1 to {MOST_PEOPLE} people who went"),
            format!("应填写1至{MOST_PEOPLE}名走访人员姓名"),
        ));
    }
    for name in &visit.people {
        wrong.extend(check_text("visit.people", name));
        if name.chars().count() > 50 {
            wrong.push(too_long("visit.people", 50));
        }
    }
    wrong.extend(check_whereabouts("visit.whereabouts", &visit.whereabouts));
    KernelError::unless_empty(wrong)?;
    Ok(Step {
        // What was said stays with the visit, sealed; the history names the step.
        asked: asked(
            VISIT,
            [&message.name, &message.etag, &String::new()],
            &visit.evidence,
        )?,
        key: RequestKey::of(&message.request_id, message)?,
        said: Said::Visit {
            date: visit.date.clone(),
            method: visit.method,
            outcome: visit.outcome,
            content: VisitContent {
                people: visit.people.clone(),
                whereabouts: visit.whereabouts.clone(),
                note: visit.note.clone(),
                evidence: kept(&visit.evidence),
            },
        },
    })
}

/// Records the return.
pub(super) fn back(message: &ReturnDropoutCaseRequest) -> Result<Step, KernelError> {
    Ok(Step {
        asked: asked(
            RETURN,
            [&message.name, &message.etag, &message.note],
            &message.evidence,
        )?,
        key: RequestKey::of(&message.request_id, message)?,
        said: Said::Back {
            date: message.returned_date.clone(),
        },
    })
}

/// Asks to close.
pub(super) fn closing(message: &RequestDropoutClosingRequest) -> Result<Step, KernelError> {
    let wrong = label::check(
        "ground",
        "junheng.registration.v1.DropoutCase.Ground",
        message.ground,
    );
    KernelError::unless_empty(wrong.into_iter().collect())?;
    Ok(Step {
        asked: asked(
            REQUEST_CLOSING,
            [&message.name, &message.etag, &message.note],
            &message.evidence,
        )?,
        key: RequestKey::of(&message.request_id, message)?,
        said: Said::Ground {
            ground: message.ground,
        },
    })
}

fn asked(
    step: &'static str,
    [name, etag, note]: [&String; 3],
    evidence: &[Evidence],
) -> Result<Asked, KernelError> {
    Asked::of(
        step,
        &StepRequest {
            name: name.clone(),
            etag: etag.clone(),
            note: note.clone(),
            evidence: evidence.to_vec(),
            request_id: String::new(),
        },
    )
}

/// The service finds a return stable.
pub(super) fn settled(case: &Model) -> Result<Step, KernelError> {
    plain(
        SETTLE,
        &StepRequest {
            name: name_of(case),
            etag: etag(case.version),
            note: String::new(),
            evidence: Vec::new(),
            request_id: Uuid::now_v7().to_string(),
        },
    )
}
