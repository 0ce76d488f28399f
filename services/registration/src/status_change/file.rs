//! Files a change.

use chrono::{Days, Months, NaiveDate};
use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::id_of;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_kernel::workflow::{WorkflowError, check_evidence, check_reason, kept};
use junheng_kernel::{identity_number, label};
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::{CreateStatusChangeRequest, StatusChange};
use tonic::Request;
use uuid::Uuid;

use super::content::Content;
use super::effect::class_in;
use super::error::StatusChangeError;
use super::rpc::encode;
use super::rules::{self, Facts, Filing, KindRule, Until};
use super::store;
use super::workflow::{CREATE, state_name};
use crate::entity::status_change;
use crate::rule_book::{RegionPath, RuleBook};
use crate::school::parent;
use crate::student::store as students;

pub(super) async fn create(
    context: &Context,
    request: Request<CreateStatusChangeRequest>,
) -> Result<StatusChange, StatusChangeError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let (store, regions) = (&context.store, &context.regions);
    let key = RequestKey::of(&message.request_id, &message)?;
    let school =
        parent::school_of(store.reader(), &caller, regions, "parent", &message.parent).await?;
    let given = message
        .status_change
        .ok_or_else(|| KernelError::Fields(vec![Violation::required("status_change")]))?;
    let path = RegionPath::of(regions, &school.region);
    let context = context.clone();
    let (scope, keys) = (caller.scope.clone(), store.keys.clone());
    let role = caller.role;
    store
        .write(&caller, key, move |tx| async move {
            let school = parent::hold_school(&*tx, school.id).await?;
            let unknown = || KernelError::not_found(given.student.clone());
            let id = id_of("students", &given.student)?;
            let student = students::hold_one(&*tx, &scope, id).await?;
            if student.school != school.id {
                return Err(unknown().into());
            }
            rules::refuse_leaving(given.kind, student.stage)?;
            let (book, today) = (RuleBook::builtin()?, context.clock.today());
            // Wide, so that it catches slips only.
            let years = book.count("status_change.most_years_away", &path, today)?;
            let (rule, filing) = check_form(&given, today, years)?;
            if rule.filed_by != role {
                return Err(KernelError::from(not_filed_by(rule)).into());
            }
            let class = class_in(&*tx, school.id, class_id(rule, &given)?).await?;
            if rule.takes_class && class.is_none() {
                let class = given.school_class.clone();
                return Err(StatusChangeError::ClassUnknown { class });
            }
            if let Some(open) = store::open_of(&*tx, student.id).await? {
                let name = format!("statusChanges/{}", open.id);
                return Err(StatusChangeError::UnderWay { name });
            }
            let leave = store::running(&*tx, student.id).await?;
            let ended = store::last_ended(&*tx, student.id).await?;
            let run_start = run_start(leave.as_ref(), ended.as_ref(), filing.effective);
            let facts = Facts {
                student: &student,
                leave: leave.as_ref(),
                run_start,
                class: class.as_ref(),
                path: &path,
                today,
                calendar: &context.calendar,
                book,
            };
            rules::judge_filing(rule, &filing, &facts)?;
            let due = rules::first_due(rule, filing.effective, &facts)?;
            let id = Uuid::now_v7();
            let documents = given.proofs.iter().flat_map(|one| one.document.clone());
            let documents: Vec<_> = documents.collect();
            let content = Content {
                reason: given.reason.trim().to_owned(),
                proofs: given.proofs.clone(),
            };
            let change = status_change::Model {
                id,
                student: student.id,
                school: school.id,
                place: school.place,
                region: school.region,
                kind: given.kind,
                state: rule.workflow.start as i32,
                stage: student.stage,
                grade: student.grade,
                effective_date: given.effective_date.clone(),
                until_date: given.until_date.clone(),
                run_start: run_start.unwrap_or(filing.effective).to_string(),
                closed_date: String::new(),
                school_class: class.as_ref().map(|class| class.id),
                leave: leave.as_ref().map(|leave| leave.id),
                content: content.seal(&keys, id)?,
                due_date: due.date.to_string(),
                due_provisional: due.provisional,
                update_micros: context.clock.now_micros(),
                version: 1,
            };
            store::insert(&*tx, change.clone()).await?;
            let answer = encode(&keys, &change, today)?;
            let entry = about(&change)
                .change(None, &answer)
                .step(CREATE, "", state_name(rule.workflow.start))
                .evidence(&kept(&documents));
            Ok((answer, entry))
        })
        .await
}

/// The first day of the leaves that run into one that begins on `effective`.
fn run_start(
    leave: Option<&status_change::Model>,
    ended: Option<&status_change::Model>,
    effective: NaiveDate,
) -> Option<NaiveDate> {
    if let Some(leave) = leave {
        return identity_number::date_of(&leave.run_start);
    }
    let ended = ended?;
    let last = identity_number::date_of(&ended.closed_date)?;
    // Who is back for less than a day of school has not interrupted the leave.
    let follows = effective <= last.checked_add_days(Days::new(1))?;
    follows
        .then(|| identity_number::date_of(&ended.run_start))
        .flatten()
}

/// What is wrong with the form of an application, whoever it is about. Its days lie at most some years before or after today.
fn check_form(
    given: &StatusChange,
    today: NaiveDate,
    years: u32,
) -> Result<(&'static KindRule, Filing), KernelError> {
    let kinds = "junheng.registration.v1.StatusChange.Kind";
    let mut wrong = Vec::from_iter(label::check("status_change.kind", kinds, given.kind));
    wrong.extend(check_reason("status_change.reason", &given.reason));
    let documents = given.proofs.iter().flat_map(|one| one.document.clone());
    let documents: Vec<_> = documents.collect();
    wrong.extend(check_evidence("status_change.proofs", &documents));
    if documents.len() != given.proofs.len() {
        wrong.push(Violation::required("status_change.proofs.document"));
    }
    let span = Months::new(12 * years);
    let first = today.checked_sub_months(span).unwrap_or(today);
    let last = today.checked_add_months(span).unwrap_or(today);
    let mut day = |field: &str, text: &str, needed: bool| {
        if text.is_empty() {
            wrong.extend(needed.then(|| Violation::required(field)));
            return None;
        }
        let date = identity_number::date_of(text);
        let near = date.filter(|date| (first..=last).contains(date));
        if near.is_none() {
            wrong.push(Violation::invalid(
                field,
                format!("must be a date written YYYY-MM-DD, within {years} years of today"),
                format!("应为YYYY-MM-DD格式、距今{years}年以内的日期"),
            ));
        }
        near
    };
    let rule = rules::rule_of(given.kind);
    let needs_until = rule.is_some_and(|rule| rule.until == Until::Always);
    let effective = day("status_change.effective_date", &given.effective_date, true);
    let until = day("status_change.until_date", &given.until_date, needs_until);
    if let (Some(effective), Some(until)) = (effective, until)
        && until < effective
    {
        wrong.push(Violation::invalid(
            "status_change.until_date",
            "must not lie before the first day",
            "不得早于起始日期",
        ));
    }
    if until.is_some() && rule.is_some_and(|rule| rule.until == Until::Never) {
        wrong.push(Violation::invalid(
            "status_change.until_date",
            "must be empty for this kind of change",
            "该类异动不填截止日期",
        ));
    }
    KernelError::unless_empty(wrong)?;
    match (rule, effective) {
        (Some(rule), Some(effective)) => Ok((
            rule,
            Filing {
                effective,
                until,
                proofs: given.proofs.clone(),
            },
        )),
        _ => Err(KernelError::Fields(vec![Violation::required(
            "status_change.kind",
        )])),
    }
}

fn class_id(rule: &KindRule, given: &StatusChange) -> Result<Option<Uuid>, StatusChangeError> {
    if !rule.takes_class {
        return Ok(None);
    }
    if given.school_class.is_empty() {
        let field = Violation::required("status_change.school_class");
        return Err(KernelError::Fields(vec![field]).into());
    }
    let unknown = |_| StatusChangeError::ClassUnknown {
        class: given.school_class.clone(),
    };
    id_of("classes", &given.school_class)
        .map(Some)
        .map_err(unknown)
}

fn not_filed_by(rule: &KindRule) -> WorkflowError {
    WorkflowError::StepNotYours {
        name: "statusChanges/-".to_owned(),
        step: rule.workflow.begin.1,
        method: CREATE.to_owned(),
        by: rule.filed_by.to_string(),
        by_label: rule.filed_by.label(),
    }
}

/// The entry about a change.
pub(super) fn about(change: &status_change::Model) -> Entry {
    let name = format!("statusChanges/{}", change.id);
    let school = Some(change.school);
    Entry::about(name, change.place, school, DataClass::Sensitive)
}
