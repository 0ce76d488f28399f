//! Reads what guards look at.

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::calendar::date_in_china;
use junheng_kernel::error::KernelError;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::service::Context;
use junheng_kernel::workflow::Asked;
use junheng_proto::registration::v1::dropout_notice::Kind;
use sea_orm::{ColumnTrait as _, ConnectionTrait, QueryFilter as _, QueryOrder as _};
use uuid::Uuid;

use super::content::Content;
use super::ground::Known;
use super::history;
use super::opening::{Finding, Scene};
use super::papers::Papers;
use super::rules::{Facts, Notice, Notices, Numbers, is_present_for_long};
use super::workflow::{State, looks_at_attendance, state_of};
use crate::attendance::proof::{self, Presence};
use crate::attendance::threshold;
use crate::dropout_notice::{self, service};
use crate::entity::dropout_case::Model;
use crate::entity::{dropout_notice as notice, student, transfer};
use crate::status_change;
use crate::student::store as students;
use crate::transfer::workflow::State as TransferState;

/// The facts of a step that leads from `current` to `case`, a copy with what the step says. Attendance is read for the steps that it
/// decides about.
pub(super) async fn load<'a>(
    database: &impl ConnectionTrait,
    context: &'a Context,
    scene: &Scene<'_>,
    caller: &Caller,
    (current, case): (&Model, &Model),
    content: &'a Content,
    asked: &Asked,
) -> Result<Facts<'a>, KernelError> {
    let student = match case.student {
        Some(id) => students::with_id(database, id).await?,
        None => None,
    };
    let (mut since_found, mut since_return) = (Presence::default(), Presence::default());
    let (mut leave_runs, mut transferred, mut basis_gone) = (false, false, false);
    if let Some(student) = &student {
        if looks_at_attendance(asked.step) {
            let since = Ord::min(
                case.found_date,
                case.returned_date.unwrap_or(case.found_date),
            );
            let days = proof::calls_since(database, student.id, since).await?;
            since_found = days.presence(case.found_date);
            since_return = case
                .returned_date
                .map_or_else(Presence::default, |back| days.presence(back));
        }
        let is_of_absences = case.finding == Finding::Attendance as i32;
        if looks_at_attendance(asked.step)
            && is_of_absences
            && case.state == State::Suspected as i32
        {
            basis_gone = !reaches(database, context, student, scene.today).await?
                && !reaches(database, context, student, case.found_date).await?;
        }
        let today = scene.today.to_string();
        let leave = status_change::store::running(database, student.id).await?;
        leave_runs =
            leave.is_some_and(|leave| leave.until_date.is_empty() || leave.until_date >= today);
        transferred = has_arrived(database, student.id, case).await?;
    }
    let papers = Papers::of(scene, case, asked.step)?;
    Ok(Facts {
        today: scene.today,
        calendar: &context.calendar,
        numbers: numbers(scene, &case.region)?,
        level: caller.role.level,
        evidence: papers.among(&asked.evidence),
        has_school: case.school.is_some(),
        visits: case.visits,
        ground: case.ground,
        known: Known {
            state: state_of(case.state),
            student: student
                .as_ref()
                .map(|student| (student.state, student.stage, student.placement)),
            transferred,
            leave_runs,
            evidence: papers.among(&content.closing_evidence),
        },
        papers,
        since_found,
        basis_gone,
        returned: case.returned_date,
        since_return,
        closing_open: current.ground != 0,
        official_line: content.official_line.as_ref(),
        school_line: content.school_line.as_ref(),
        notices: notices(database, scene, case).await?,
    })
}

/// Whether the child of a case that is back has attended for long enough.
pub(super) async fn is_settled(
    database: &impl ConnectionTrait,
    scene: &Scene<'_>,
    case: &Model,
) -> Result<bool, KernelError> {
    let (Some(student), Some(back)) = (case.student, case.returned_date) else {
        return Ok(false);
    };
    let days = proof::calls_since(database, student, back).await?;
    let numbers = numbers(scene, &case.region)?;
    Ok(is_present_for_long(&days.presence(back), &numbers))
}

/// The numbers of a county today.
pub(crate) fn numbers(scene: &Scene<'_>, region: &str) -> Result<Numbers, KernelError> {
    let days = |id: &str| -> Result<u32, KernelError> {
        Ok(u32::try_from(scene.number(id, region)?).unwrap_or_default())
    };
    Ok(Numbers {
        least_visits: scene.number("dropout.least_visits", region)?,
        stable_days: scene.number("dropout.stable_school_days", region)?,
        most_absent: scene.number("dropout.most_absent_while_stable", region)?,
        most_fine_fen: scene.number("dropout.most_fine_fen", region)?,
        hearing_days: days("dropout.hearing_working_days")?,
    })
}

/// Whether the absences of a student up to a day reach a threshold.
async fn reaches(
    database: &impl ConnectionTrait,
    context: &Context,
    student: &student::Model,
    until: NaiveDate,
) -> Result<bool, KernelError> {
    let pupil = [(student.id, student.place)];
    let reached = threshold::reached(database, context, &pupil, until).await?;
    Ok(!reached.is_empty())
}

/// Whether a transfer that finished since the case was last confirmed has taken the child where it is: to another province, whose
/// school has asked for the file, or to a school of this one that has found it there on a later day. Papers alone prove nothing.
async fn has_arrived(
    database: &impl ConnectionTrait,
    student: Uuid,
    case: &Model,
) -> Result<bool, KernelError> {
    let since = history::confirmed(database, case.id).await?;
    let judged = Scope::everything("a transfer of the student of a case that the caller covers");
    let done = transfer::Entity::visible_to(&judged)
        .filter(transfer::Column::Student.eq(student))
        .filter(transfer::Column::State.eq(TransferState::Done as i32))
        .filter(transfer::Column::UpdateMicros.gte(since.unwrap_or(case.create_micros)))
        .order_by_desc(transfer::Column::UpdateMicros)
        .one(database)
        .await?;
    let Some(done) = done else {
        return Ok(false);
    };
    let arrival = date_in_china(done.update_micros).succ_opt();
    let (Some(_), Some(arrival)) = (done.receiving_school, arrival) else {
        return Ok(true);
    };
    let days = proof::calls_since(database, student, arrival).await?;
    Ok(days.presence(arrival).days > 0)
}

/// The last day on which a penalty may be decided: counted from when it was first told of since the case was last confirmed, also by
/// a notice that was revoked. None where it was not told of, or no rule sets days.
pub(crate) async fn decide_until(
    database: &impl ConnectionTrait,
    scene: &Scene<'_>,
    case: &Model,
) -> Result<Option<NaiveDate>, KernelError> {
    let judged = Scope::everything("the notices of a case that the caller covers");
    let told = notice::Entity::visible_to(&judged)
        .filter(notice::Column::DropoutCase.eq(case.id))
        .filter(notice::Column::Kind.eq(Kind::PenaltyPriorNotice as i32))
        .filter(notice::Column::Relapses.eq(case.relapses))
        .order_by_asc(notice::Column::Id)
        .one(database)
        .await?;
    match told {
        Some(told) => service::decided_by(scene, &case.region, told.drawn_date),
        None => Ok(None),
    }
}

/// The notices on which the case rests since it was last confirmed.
async fn notices(
    database: &impl ConnectionTrait,
    scene: &Scene<'_>,
    case: &Model,
) -> Result<Notices, KernelError> {
    let rows = dropout_notice::store::holding(database, case.id).await?;
    let resting = |kind: Kind| -> Result<Option<Notice>, KernelError> {
        let Some(row) = service::resting(&rows, kind, case.relapses) else {
            return Ok(None);
        };
        let served = row
            .served_date
            .map(|day| service::counts_from(scene, &case.region, row.service_method, day));
        Ok(Some(Notice {
            served: served.transpose()?,
            comply: row.comply_date,
        }))
    };
    Ok(Notices {
        decide_until: decide_until(database, scene, case).await?,
        report: resting(Kind::WrittenReport)?,
        order: resting(Kind::Order)?,
        prior: resting(Kind::PenaltyPriorNotice)?,
        decision: resting(Kind::PenaltyDecision)?,
        urge: resting(Kind::PenaltyUrge)?,
    })
}
