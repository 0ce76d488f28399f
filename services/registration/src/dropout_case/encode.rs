//! A case as officers see it, and the little that a partner sees of a child that it reported.

use chrono::NaiveDate;
use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::etag;
use junheng_kernel::post::Level;
use junheng_kernel::privacy::{Keyring, mask};
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::{
    DropoutCase, DropoutVisit, OfficialLine, ResponsiblePerson, SchoolLine,
};
use junheng_proto::workflow::v1::Awaited;

use super::child::{self, Child};
use super::content::{Content, VisitContent};
use super::workflow::{self, State, state_of};
use crate::entity::dropout_case::Model;
use crate::entity::dropout_visit;

/// The case on a day. `child` is None where nobody is found any more.
pub(crate) fn encode(
    keys: &Keyring,
    row: &Model,
    child: Option<&Child>,
    visits: &[dropout_visit::Model],
    today: NaiveDate,
) -> Result<DropoutCase, KernelError> {
    let content = Content::of(keys, row.id, &row.personal)?;
    let nobody = Child::default();
    let child = child.unwrap_or(&nobody);
    let named = |collection: &str, id: Option<uuid::Uuid>| {
        id.map_or_else(String::new, |id| format!("{collection}/{id}"))
    };
    let date = |day: Option<NaiveDate>| day.map_or_else(String::new, |day| day.to_string());
    Ok(DropoutCase {
        name: name_of(row),
        student: named("students", row.student),
        resident: named(
            "residents",
            // An admitted child whom nobody has listed is no resident whom anybody could read.
            row.resident
                .filter(|_| row.admission_entry.is_none() || child.is_listed),
        ),
        admission_entry: named("admissionEntries", row.admission_entry),
        school: named("schools", row.school),
        region: format!("regions/{}", row.region),
        school_class: named("classes", child.school_class),
        display_name: child.display_name.clone(),
        student_number: child.student_number.clone(),
        identity_number: child.identity_number.clone(),
        sex: child.sex,
        birth_date: child.birth_date.clone(),
        household_region: child.household_region.clone(),
        residence: child.residence.clone(),
        guardian_display_name: child.guardian_display_name.clone(),
        guardian_phone: child.guardian_phone.clone(),
        finding: row.finding,
        found_date: row.found_date.to_string(),
        last_day: date(row.last_day),
        source: row.source.clone(),
        reporter: row.reporter.clone().unwrap_or_default(),
        stage: row.stage,
        grade: row.grade,
        reason: row.reason,
        state: row.state,
        groups: child::groups_of(row.groups)
            .into_iter()
            .map(Into::into)
            .collect(),
        whereabouts: content.whereabouts,
        official_line: content.official_line.map(masked_officials),
        school_line: content.school_line.map(masked_teachers),
        plan: content.plan,
        visit_count: row.visits,
        visits: self::visits(keys, visits)?,
        confirmed_date: date(row.confirmed_date),
        returned_date: date(row.returned_date),
        stable_date: date(row.stable_date),
        closed_date: date(row.closed_date),
        relapses: row.relapses,
        ground: row.ground,
        closing_evidence: content.closing_evidence,
        overdue: !row.due_date.is_empty() && *row.due_date < *today.to_string(),
        due_date: row.due_date.clone(),
        due_provisional: row.due_provisional,
        awaited: awaited(row),
        create_time: Some(timestamp(row.create_micros)),
        update_time: Some(timestamp(row.update_micros)),
        etag: etag(row.version),
        merged_into: named("dropoutCases", row.merged_into),
    })
}

/// What who reported a child may know: that and how the case goes on. No record, no school, no place, no plan, no person, no
/// reason: health is among the reasons. Of a case that has ended in another of the same child it goes on as that one does.
pub(crate) fn shown_to_reporter(case: DropoutCase, ended_in: Option<DropoutCase>) -> DropoutCase {
    if let Some(other) = ended_in {
        let own = shown_to_reporter(case, None);
        return DropoutCase {
            state: other.state,
            confirmed_date: other.confirmed_date,
            returned_date: other.returned_date,
            stable_date: other.stable_date,
            closed_date: other.closed_date,
            update_time: other.update_time,
            ..own
        };
    }
    DropoutCase {
        name: case.name,
        resident: case.resident,
        finding: case.finding,
        found_date: case.found_date,
        reporter: case.reporter,
        state: case.state,
        confirmed_date: case.confirmed_date,
        returned_date: case.returned_date,
        stable_date: case.stable_date,
        closed_date: case.closed_date,
        create_time: case.create_time,
        update_time: case.update_time,
        etag: case.etag,
        merged_into: case.merged_into,
        ..DropoutCase::default()
    }
}

/// Visits as officers see them.
pub(crate) fn visits(
    keys: &Keyring,
    rows: &[dropout_visit::Model],
) -> Result<Vec<DropoutVisit>, KernelError> {
    rows.iter().map(|row| visit_of(keys, row)).collect()
}

fn visit_of(keys: &Keyring, row: &dropout_visit::Model) -> Result<DropoutVisit, KernelError> {
    let content = VisitContent::of(keys, row.id, &row.personal)?;
    Ok(DropoutVisit {
        name: format!("dropoutVisits/{}", row.id),
        date: row.date.to_string(),
        people: content.people,
        method: row.method,
        outcome: row.outcome,
        whereabouts: content.whereabouts,
        note: content.note,
        evidence: Vec::new(),
        kept_evidence: content.evidence,
    })
}

fn masked(person: ResponsiblePerson) -> ResponsiblePerson {
    ResponsiblePerson {
        phone: mask::phone(&person.phone),
        ..person
    }
}

fn masked_officials(line: OfficialLine) -> OfficialLine {
    OfficialLine {
        county: line.county.map(masked),
        township: line.township.map(masked),
        village: line.village.map(masked),
        household: line.household.map(masked),
    }
}

fn masked_teachers(line: SchoolLine) -> SchoolLine {
    SchoolLine {
        bureau: line.bureau.map(masked),
        head: line.head.map(masked),
        class_teacher: line.class_teacher.map(masked),
    }
}

/// Who is to act next.
fn awaited(row: &Model) -> Option<Awaited> {
    let next = workflow::awaited(state_of(row.state), row.ground != 0)?;
    let by: Vec<_> = next
        .by
        .iter()
        .filter(|role| role.level != Level::Province)
        .filter(|role| row.school.is_some() || role.level == Level::County)
        .collect();
    let organisation = match (by.first().map(|role| role.level), row.school) {
        (Some(Level::School), Some(id)) => format!("schools/{id}"),
        _ => format!("regions/{}", row.region),
    };
    Some(Awaited {
        step: next.step.to_owned(),
        step_label: next.label.to_owned(),
        party: next.party.to_owned(),
        roles: by.into_iter().map(ToString::to_string).collect(),
        organisation,
    })
}

/// The resource name.
pub(crate) fn name_of(row: &Model) -> String {
    format!("dropoutCases/{}", row.id)
}

/// A journal entry about a case.
pub(crate) fn about(row: &Model) -> Entry {
    Entry::about(name_of(row), row.place, row.school, DataClass::Sensitive)
}

/// Whether the state is one in which the record of a student says 辍学.
pub(crate) fn is_away(state: State) -> bool {
    matches!(
        state,
        State::Confirmed
            | State::Persuading
            | State::Reported
            | State::Ordered
            | State::Penalty
            | State::Urged
            | State::Court
    )
}
