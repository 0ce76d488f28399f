//! Entries of a ledger as callers see them: of a page of children, their cases, records and groups in one statement each.

use std::collections::HashMap;

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::privacy::Keyring;
use junheng_kernel::scope::Scope;
use junheng_proto::registration::v1::LedgerEntry;
use junheng_proto::registration::v1::list_ledger_request::Event;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::groups::{GROUPS, Known, bit, of_bits};
use super::people::Child;
use super::{cases, rules};
use crate::approval::region_of;
use crate::attendance::proof::{self, Away};
use crate::entity::{dropout_case, dropout_case_event, student};
use crate::special_group;
use crate::student::person::Person;

/// What is known beside the rows of a page.
struct Beside {
    students: HashMap<Uuid, student::Model>,
    cases: HashMap<Uuid, dropout_case::Model>,
    recognised: HashMap<Uuid, Vec<i32>>,
    away: HashMap<Uuid, Away>,
}

/// The entries of a page.
pub(super) async fn entries(
    database: &impl ConnectionTrait,
    keys: &Keyring,
    scope: &Scope,
    children: &[Child],
    today: NaiveDate,
) -> Result<Vec<LedgerEntry>, KernelError> {
    let beside = Beside::of(database, children, today).await?;
    let entry = |child: &Child| match child {
        Child::Event(event, case) => beside.tell_event(keys, scope, event, case),
        Child::Student(row) => {
            let mut entry = LedgerEntry::default();
            let case = beside.cases.get(&row.id);
            beside.tell_student(keys, &mut entry, row, case)?;
            if let Some(case) = case {
                tell_case(&mut entry, case);
            }
            Ok(entry)
        }
        Child::Case(case) => beside.tell_child(keys, case),
    };
    children.iter().map(entry).collect()
}

// === impl Beside ===

impl Beside {
    async fn of(
        database: &impl ConnectionTrait,
        children: &[Child],
        today: NaiveDate,
    ) -> Result<Self, KernelError> {
        let listed = children.iter().filter_map(|child| match child {
            Child::Student(row) => Some(row.id),
            Child::Case(_) | Child::Event(..) => None,
        });
        let of_cases = children.iter().filter_map(|child| match child {
            Child::Student(_) => None,
            Child::Case(row) => row.student,
            Child::Event(event, case) => event.student.or(case.student),
        });
        let (listed, of_cases): (Vec<Uuid>, Vec<Uuid>) = (listed.collect(), of_cases.collect());
        let all: Vec<Uuid> = listed.iter().chain(&of_cases).copied().collect();
        let students = match of_cases.is_empty() {
            true => HashMap::new(),
            false => crate::student::store::with_ids(database, of_cases).await?,
        };
        let open = match listed.is_empty() {
            true => Vec::new(),
            false => cases::open_of(database, listed).await?,
        };
        let recognised = match all.is_empty() {
            true => HashMap::new(),
            false => special_group::store::recognised(database, all).await?,
        };
        let rows = children.iter().filter_map(|child| match child {
            Child::Student(row) => Some((row.id, row.place)),
            Child::Case(_) | Child::Event(..) => None,
        });
        let of_cases = students.values().map(|row| (row.id, row.place));
        let pupils: Vec<(Uuid, i64)> = rows.chain(of_cases).collect();
        let away = proof::away_in_term(database, &pupils, today).await?;
        let cases = open.into_iter();
        Ok(Self {
            away,
            students,
            cases: cases.filter_map(|row| Some((row.student?, row))).collect(),
            recognised,
        })
    }

    /// A child by its case.
    fn tell_child(
        &self,
        keys: &Keyring,
        case: &dropout_case::Model,
    ) -> Result<LedgerEntry, KernelError> {
        let mut entry = LedgerEntry::default();
        match case.student.and_then(|id| self.students.get(&id)) {
            Some(row) => self.tell_student(keys, &mut entry, row, Some(case))?,
            None => {
                entry.attendance = rules::attendance(None, Some(case.state)).into();
                entry.groups = of_bits(case.groups);
            }
        }
        tell_case(&mut entry, case);
        // What the case was about, wherever the student is by now.
        (entry.stage, entry.grade) = (case.stage, case.grade);
        entry.school = school(case.school);
        entry.region = format!("regions/{}", case.region);
        Ok(entry)
    }

    /// A child by what happened: the case as it stands for whoever has it, for others that it happened.
    fn tell_event(
        &self,
        keys: &Keyring,
        scope: &Scope,
        event: &dropout_case_event::Model,
        case: &dropout_case::Model,
    ) -> Result<LedgerEntry, KernelError> {
        let mut entry = match scope.covers(case.place, case.school) {
            true => self.tell_child(keys, case)?,
            false => LedgerEntry {
                dropout_case: format!("dropoutCases/{}", case.id),
                finding: event.finding,
                found_date: case.found_date.to_string(),
                ..LedgerEntry::default()
            },
        };
        if let Some(row) = event.student.and_then(|id| self.students.get(&id)) {
            entry.student = format!("students/{}", row.id);
            entry.display_name = Person::of(keys, row)?.display_name;
        }
        entry.groups = of_bits(event.groups);
        (entry.stage, entry.grade) = (event.stage, event.grade);
        entry.school = school(event.school);
        entry.region = format!("regions/{}", region_of(event.place));
        let day = event.date.to_string();
        match Event::try_from(event.event).unwrap_or_default() {
            Event::Confirmed | Event::Relapsed => entry.confirmed_date = day,
            Event::Returned => entry.returned_date = day,
            Event::Cleared | Event::Closed => entry.closed_date = day,
            _ => {}
        }
        Ok(entry)
    }

    fn tell_student(
        &self,
        keys: &Keyring,
        entry: &mut LedgerEntry,
        row: &student::Model,
        case: Option<&dropout_case::Model>,
    ) -> Result<(), KernelError> {
        let recognised = self.recognised.get(&row.id).map_or(&[][..], Vec::as_slice);
        let bits = case.map_or(0, |case| case.groups);
        let belongs = |known: &Known, number: i32| match known {
            Known::Flag(_, is_set) => is_set(row),
            Known::Recognition(kind) => recognised.contains(&(*kind as i32)),
            Known::Case => bits & bit(number) != 0,
        };
        let groups = GROUPS.iter().map(|(group, known)| (*group as i32, known));
        entry.groups = groups
            .filter(|(number, known)| belongs(known, *number) || bits & bit(*number) != 0)
            .map(|(number, _)| number)
            .collect();
        entry.student = format!("students/{}", row.id);
        entry.display_name = Person::of(keys, row)?.display_name;
        entry.school = school(Some(row.school));
        entry.region = format!("regions/{}", region_of(row.place));
        (entry.stage, entry.grade) = (row.stage, row.grade);
        let away = self.away.get(&row.id).copied().unwrap_or_default();
        let count = |days: u32| i32::try_from(days).unwrap_or(i32::MAX);
        entry.absent_day_count = count(away.days);
        entry.unexcused_day_count = count(away.unexcused);
        entry.student_state = row.state;
        entry.attendance = rules::attendance(Some(row.state), case.map(|case| case.state)).into();
        Ok(())
    }
}

fn tell_case(entry: &mut LedgerEntry, case: &dropout_case::Model) {
    let day = |day: Option<NaiveDate>| day.map_or_else(String::new, |day| day.to_string());
    entry.dropout_case = format!("dropoutCases/{}", case.id);
    match (case.admission_entry, case.resident) {
        (Some(id), _) => entry.admission_entry = format!("admissionEntries/{id}"),
        (None, Some(id)) => entry.resident = format!("residents/{id}"),
        (None, None) => {}
    }
    entry.case_state = case.state;
    entry.finding = case.finding;
    entry.reason = case.reason;
    entry.found_date = case.found_date.to_string();
    entry.last_day = day(case.last_day);
    entry.confirmed_date = day(case.confirmed_date);
    entry.returned_date = day(case.returned_date);
    entry.closed_date = day(case.closed_date);
    entry.ground = case.ground;
    entry.visit_count = case.visits;
    entry.due_date = case.due_date.clone();
}

fn school(id: Option<Uuid>) -> String {
    id.map_or_else(String::new, |id| format!("schools/{id}"))
}
