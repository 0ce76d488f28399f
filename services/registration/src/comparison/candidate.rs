//! Pairs of a child of a list and a student who may be the same: found by machine, decided by people.

use std::collections::{HashMap, HashSet};

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::journal::Entry;
use junheng_kernel::label;
use junheng_kernel::name::{Parent, check_etag, etag, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::scope::Scope;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_kernel::workflow::{check_evidence, check_reason, kept, read_kept};
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::resident_candidate::Decision;
use junheng_proto::registration::v1::{
    DecideResidentCandidateRequest, ListResidentCandidatesRequest, ListResidentCandidatesResponse,
    ResidentCandidate,
};
use sea_orm::{ColumnTrait as _, Condition, ConnectionTrait};
use tonic::Request;
use uuid::Uuid;

use super::error::ComparisonError;
use super::matching::{self, Part};
use super::person::{self, ResidentPerson};
use super::store;
use crate::entity::resident_candidate::{Column, Entity, Model};
use crate::entity::{comparison, resident};
use crate::student::name_key;
use crate::student::person::Person;

/// Pairs that are opened at a time.
const PAIRS: usize = 200;

/// Finds who may be whom in a part of the list, and leaves those children open.
pub(super) async fn find(
    context: &Context,
    tx: &Tx,
    run: &comparison::Model,
    part: Part,
) -> Result<(), KernelError> {
    let keys = &context.store.keys;
    let mut open = HashSet::new();
    let pairs = matching::namesakes(&**tx, run, part).await?;
    for some in pairs.chunks(PAIRS) {
        let residents = store::residents_by_id(&**tx, some.iter().map(|pair| pair.0)).await?;
        let students = store::students_by_id(&**tx, some.iter().map(|pair| pair.1)).await?;
        let mut found = Vec::new();
        for (resident, student) in some {
            let (Some(resident), Some(student)) = (residents.get(resident), students.get(student))
            else {
                continue;
            };
            let (child, pupil) = (
                ResidentPerson::of(keys, resident)?,
                Person::of(keys, student)?,
            );
            let Some(guardian_agrees) = may_be_one(&child, &pupil) else {
                continue;
            };
            open.insert(resident.person);
            found.push(Model {
                id: Uuid::now_v7(),
                person: resident.person,
                student: student.id,
                place: resident.place,
                guardian_agrees,
                decision: Decision::Unspecified as i32,
                note: String::new(),
                evidence: String::new(),
                create_micros: context.clock.now_micros(),
                version: 1,
            });
        }
        store::insert_candidates(&**tx, found).await?;
    }
    let open: Vec<Uuid> = open.into_iter().collect();
    Ok(matching::leave_open(&**tx, run, &open).await?)
}

/// Whether name, day of birth and guardian let two be one child, and then whether both sides name that guardian. A guardian
/// that only one side knows says nothing; two different ones say no.
fn may_be_one(child: &ResidentPerson, pupil: &Person) -> Option<bool> {
    let same = |one: &str, other: &str| name_key::normalize(one) == name_key::normalize(other);
    if child.birth_date != pupil.birth_date || !same(&child.display_name, &pupil.display_name) {
        return None;
    }
    let (ours, theirs) = (&child.guardian_display_name, &pupil.guardian_display_name);
    match ours.trim().is_empty() || theirs.trim().is_empty() {
        true => Some(false),
        false => same(ours, theirs).then_some(true),
    }
}

/// One page of the pairs of a region.
pub(super) async fn list(
    context: &Context,
    request: Request<ListResidentCandidatesRequest>,
) -> Result<ListResidentCandidatesResponse, ComparisonError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let store = &context.store;
    let parent = Parent::of(&caller, &context.regions, "parent", &message.parent)?;
    let with_decided = message.include_decided.to_string();
    let fields = [message.parent.as_str(), &with_decided];
    let page = Page::of(
        &caller.method,
        message.page_size,
        &message.page_token,
        &fields,
    )?;
    let open = Column::Decision.eq(Decision::Unspecified as i32);
    let only = Condition::all().add_option((!message.include_decided).then_some(open));
    let (rows, next_page_token) =
        resource::list_only::<Entity>(store.reader(), &caller.scope, &parent, only, &page).await?;
    let place = parent.place().unwrap_or_default();
    let entry = Entry::about(&message.parent, place, None, DataClass::Sensitive);
    store.record_read(&caller, entry).await?;
    Ok(ListResidentCandidatesResponse {
        candidates: encode(context, store.reader(), &caller.scope, &rows).await?,
        next_page_token,
    })
}

/// Decides about a pair.
pub(super) async fn decide(
    context: &Context,
    request: Request<DecideResidentCandidateRequest>,
) -> Result<ResidentCandidate, ComparisonError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let key = RequestKey::of(&message.request_id, &message)?;
    let id = id_of("residentCandidates", &message.name)?;
    KernelError::unless_empty(check(&message))?;
    let (context_of_work, own) = (context.clone(), caller.clone());
    context
        .store
        .write(&caller, key, move |tx| async move {
            let context = context_of_work;
            let before = resource::get::<Entity>(&*tx, &own.scope, id).await?;
            check_etag(&message.name, &message.etag, before.version)?;
            let is_same = message.decision() == Decision::Same;
            let other = match is_same {
                true => store::same_as(&*tx, before.person).await?,
                false => None,
            };
            let decided = (before.decision != Decision::Unspecified as i32).then_some(before.id);
            if let Some(id) = decided.or(other) {
                let name = format!("residentCandidates/{id}");
                return Err(ComparisonError::Decided { name });
            }
            let evidence = kept(&message.evidence);
            let after = Model {
                decision: message.decision,
                note: message.note.trim().to_owned(),
                evidence: evidence.join("\n"),
                version: before.version + 1,
                ..before.clone()
            };
            resource::replace::<Entity>(&*tx, after.clone(), before.version).await?;
            let shown = encode_one(&context, &*tx, &own.scope, &after).await?;
            let was = encode_one(&context, &*tx, &own.scope, &before).await?;
            let entry = Entry::about(&message.name, after.place, None, DataClass::Sensitive)
                .change(Some(&was), &shown)
                .note(&after.note)
                .evidence(&evidence);
            Ok((shown, entry))
        })
        .await
}

fn check(message: &DecideResidentCandidateRequest) -> Vec<Violation> {
    let full_name = "junheng.registration.v1.ResidentCandidate.Decision";
    let mut wrong = Vec::from_iter(label::check("decision", full_name, message.decision));
    wrong.extend(check_reason("note", &message.note));
    wrong.extend(check_evidence("evidence", &message.evidence));
    if message.evidence.is_empty() {
        wrong.push(Violation::required("evidence"));
    }
    wrong
}

async fn encode_one(
    context: &Context,
    database: &impl ConnectionTrait,
    scope: &Scope,
    row: &Model,
) -> Result<ResidentCandidate, KernelError> {
    let mut encoded = encode(context, database, scope, std::slice::from_ref(row)).await?;
    encoded
        .pop()
        .ok_or_else(|| KernelError::not_found(format!("residentCandidates/{}", row.id)))
}

/// Pairs as callers see them. Of a student outside the scope only the county is told, to ask there.
async fn encode(
    context: &Context,
    database: &impl ConnectionTrait,
    scope: &Scope,
    rows: &[Model],
) -> Result<Vec<ResidentCandidate>, KernelError> {
    let keys = &context.store.keys;
    let persons = rows.iter().map(|row| row.person).collect();
    let residents = store::last_residents(database, persons).await?;
    // The newest row of a child comes last and stays.
    let residents: HashMap<Uuid, resident::Model> = residents
        .into_iter()
        .map(|resident| (resident.person, resident))
        .collect();
    let students = store::students_by_id(database, rows.iter().map(|row| row.student)).await?;
    let schools = students.values().map(|student| student.school);
    let regions = store::regions_of(database, schools).await?;
    let mut encoded = Vec::with_capacity(rows.len());
    for row in rows {
        let resident = residents.get(&row.person);
        let student = students.get(&row.student);
        let seen = student.filter(|one| scope.covers(one.place, Some(one.school)));
        let pupil = seen.map(|one| Person::of(keys, one)).transpose()?;
        let pupil = pupil.unwrap_or_default();
        let region = student.and_then(|one| regions.get(&one.school));
        encoded.push(ResidentCandidate {
            name: format!("residentCandidates/{}", row.id),
            resident: resident
                .map(|resident| person::encode(keys, resident))
                .transpose()?,
            student: seen.map_or_else(String::new, |one| format!("students/{}", one.id)),
            student_display_name: pupil.display_name,
            student_birth_date: pupil.birth_date,
            student_guardian_display_name: pupil.guardian_display_name,
            student_region: region.map_or_else(String::new, |code| format!("regions/{code}")),
            guardian_agrees: row.guardian_agrees,
            decision: row.decision,
            note: row.note.clone(),
            evidence: row.evidence.lines().filter_map(read_kept).collect(),
            etag: etag(row.version),
        });
    }
    Ok(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(guardians: (&str, &str), births: (&str, &str)) -> Option<bool> {
        let child = ResidentPerson {
            display_name: "买买提•艾力".into(),
            birth_date: births.0.into(),
            guardian_display_name: guardians.0.into(),
            ..ResidentPerson::default()
        };
        let pupil = Person {
            display_name: "买买提·艾力".into(),
            birth_date: births.1.into(),
            guardian_display_name: guardians.1.into(),
            ..Person::default()
        };
        may_be_one(&child, &pupil)
    }

    #[test]
    fn name_day_of_birth_and_guardian_make_a_candidate_and_another_guardian_makes_none() {
        let day = ("2014-03-15", "2014-03-15");
        assert_eq!(pair(("艾力", "艾力"), day), Some(true));
        assert_eq!(pair(("艾力", ""), day), Some(false), "one side knows none");
        assert_eq!(pair(("艾力", "吐尔逊"), day), None);
        assert_eq!(pair(("艾力", "艾力"), ("2014-03-15", "2014-03-16")), None);
    }
}
