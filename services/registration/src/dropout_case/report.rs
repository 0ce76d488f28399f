//! Takes reports of children who may have dropped out.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::label;
use junheng_kernel::name::id_of;
use junheng_kernel::post::Duty;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_kernel::text::check_text;
use junheng_kernel::workflow::{check_evidence, check_reason, kept};
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::{DropoutCase, ReportDropoutSuspicionRequest};
use sea_orm::ConnectionTrait;

use super::child::{self, Child};
use super::content::Content;
use super::encode::{about, encode, name_of, shown_to_reporter};
use super::error::DropoutCaseError;
use super::opening::{Finding, Scene, Subject, Suspicion, suspect_with};
use super::rules::{day_between, too_long};
use super::store;
use super::workflow::{SUSPECT, State, state_name};
use crate::comparison;
use crate::entity::dropout_case::Model;
use crate::school_year;
use crate::student::store as students;

/// The longest description of where a child is.
pub(super) const MOST_WHEREABOUTS: usize = 200;

/// Opens a case for a child that the caller names.
pub(super) async fn report(
    context: &Context,
    caller: Caller,
    message: ReportDropoutSuspicionRequest,
) -> Result<DropoutCase, DropoutCaseError> {
    let key = RequestKey::of(&message.request_id, &message)?;
    let subject = subject_named(&message.child)?;
    let today = context.clock.today();
    let mut wrong = check_reason("note", &message.note);
    wrong.extend(check_evidence("evidence", &message.evidence));
    wrong.extend(check_whereabouts("whereabouts", &message.whereabouts));
    let first = school_year::first_day(school_year::FIRST_YEAR);
    let last_day = match message.last_day.as_str() {
        "" => None,
        text => match day_between("last_day", text, first, today) {
            Ok(day) => Some(day),
            Err(violation) => {
                wrong.push(violation);
                None
            }
        },
    };
    KernelError::unless_empty(wrong)?;
    let (context, reporter) = (context.clone(), caller.clone());
    let store = context.store.clone();
    store
        .write(&caller, key, move |tx| async move {
            let scene = Scene::of(&context)?;
            let unseen = || KernelError::not_found(&message.child);
            let is_partner = reporter.role.duty == Duty::Partner;
            let subject = match is_partner {
                true => own_child(&*tx, &reporter, subject)
                    .await?
                    .ok_or_else(unseen)?,
                false => subject,
            };
            let children = child::children(&*tx, scene.keys, &[subject]).await?;
            let child = children.get(&subject).ok_or_else(unseen)?;
            // A child that a partner sent stays its own, wherever it is by now.
            if !is_partner && !reporter.scope.covers(child.place, child.school) {
                return Err(unseen().into());
            }
            if is_partner {
                check_partners(&*tx, &reporter, &message.child, (subject, child)).await?;
            }
            if last_day.is_some_and(|last| last < child.first_day()) {
                let wrong = day_between("last_day", &message.last_day, child.first_day(), today);
                return Err(KernelError::Fields(wrong.err().into_iter().collect()).into());
            }
            if !child.is_obliged() {
                let state = StudentState::try_from(child.state).unwrap_or_default();
                return Err(DropoutCaseError::NotObliged {
                    child: message.child,
                    state: label::by_number("junheng.registration.v1.Student.State", state as i32),
                });
            }
            let suspicion = Suspicion {
                subject,
                finding: Finding::Reported,
                found_date: scene.today,
                last_day,
                source: message.child.clone(),
                reporter: Some(reporter.account.clone()),
            };
            let content = Content {
                whereabouts: message.whereabouts.clone(),
                ..Content::default()
            };
            let opened = suspect_with(&*tx, &scene, vec![suspicion], &content).await?;
            let Some(opened) = opened.into_iter().next() else {
                let open = store::hold_open(&*tx, &[subject.id()]).await?;
                // Closed between the two statements: asked again, it opens.
                let standing = open.get(&subject.id()).ok_or(KernelError::WriteConflict)?;
                if is_partner {
                    // Somebody was faster; asked again, the answer is a partner's.
                    return Err(KernelError::WriteConflict.into());
                }
                return Err(DropoutCaseError::Open {
                    child: message.child,
                    name: name_of(standing),
                });
            };
            let whole = encode(scene.keys, &opened.case, Some(child), &[], scene.today)?;
            let answer = match is_partner {
                true => shown_to_reporter(whole, None),
                false => whole,
            };
            let entry = about(&opened.case)
                .with_all(opened.records)
                .step(SUSPECT, "", state_name(State::Suspected))
                .note(&message.note)
                .evidence(&kept(&message.evidence));
            Ok::<_, DropoutCaseError>((answer, entry))
        })
        .await
}

/// The child of a list that the partner sent, as the student where it has a record, by its document or by what people decided; None
/// of every other child.
async fn own_child(
    database: &impl ConnectionTrait,
    partner: &Caller,
    named: Subject,
) -> Result<Option<Subject>, KernelError> {
    let Subject::Resident(person) = named else {
        return Ok(None);
    };
    let Some(sent) = comparison::sent_by(database, &partner.account, person).await? else {
        return Ok(None);
    };
    let hashes: Vec<&[u8]> = sent.identity_hash.as_deref().into_iter().collect();
    let standing = students::with_hashes(database, &hashes).await?;
    let decided = match comparison::decided_to_be(database, person).await? {
        Some(student) => students::with_id(database, student).await?,
        None => None,
    };
    let record = standing
        .into_iter()
        .chain(decided)
        .find(|student| student.state != StudentState::Cancelled as i32);
    Ok(Some(
        record.map_or(named, |student| Subject::Student(student.id)),
    ))
}

/// Fails for a child of whom the partner's report opens no case: with its own case where that stands, otherwise without a word
/// of why.
async fn check_partners(
    database: &impl ConnectionTrait,
    partner: &Caller,
    named: &str,
    (subject, child): (Subject, &Child),
) -> Result<(), DropoutCaseError> {
    let ids = [subject.id(), subject_named(named)?.id()];
    let open = store::hold_open(database, &ids).await?;
    let reported = |case: &&Model| case.reporter.as_deref() == Some(partner.account.as_str());
    let (child_named, own) = (named.to_owned(), open.values().find(reported));
    match own {
        Some(case) => Err(DropoutCaseError::Open {
            child: child_named,
            name: name_of(case),
        }),
        None if open.is_empty() && child.is_obliged() => Ok(()),
        None => Err(DropoutCaseError::NotTaken { child: child_named }),
    }
}

/// What is wrong with a description of where a child is.
pub(super) fn check_whereabouts(field: &str, text: &str) -> Vec<Violation> {
    let mut wrong: Vec<Violation> = check_text(field, text).into_iter().collect();
    if text.chars().count() > MOST_WHEREABOUTS {
        wrong.push(too_long(field, MOST_WHEREABOUTS));
    }
    wrong
}

/// The child of a name. Fails with `FIELD_REQUIRED` or `FIELD_INVALID` for what names none, and with `NOT_FOUND`.
fn subject_named(name: &str) -> Result<Subject, KernelError> {
    match name.split_once('/') {
        Some(("residents", _)) => id_of("residents", name).map(Subject::Resident),
        Some(("students", _)) => id_of("students", name).map(Subject::Student),
        _ if name.is_empty() => Err(KernelError::Fields(vec![Violation::required("child")])),
        _ => Err(KernelError::Fields(vec![Violation::invalid(
            "child",
            "must be students/{id} or residents/{id}",
            "应为 students/{学生标识} 或 residents/{人员标识}",
        )])),
    }
}
