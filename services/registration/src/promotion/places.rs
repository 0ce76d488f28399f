//! Places of primary graduates in junior schools: given by the county, confirmed by the junior school.

use std::collections::{HashMap, HashSet};

use junheng_kernel::bulk::{ImportResult, Report, SET, duplicate_of};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::journal::record;
use junheng_kernel::name::{Parent, etag, id_of};
use junheng_kernel::resource;
use junheng_kernel::scope::Scope;
use junheng_kernel::store::Tx;
use junheng_proto::education::v1::Stage;
use junheng_proto::error::v1::Reason;
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::junior_place::State;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::student_change::Kind as Happened;
use junheng_proto::registration::v1::{
    JuniorPlace, assign_junior_places_request, confirm_enrolment_request,
};
use sea_orm::sea_query::LockType;
use uuid::Uuid;

use super::error::PromotionError;
use super::store;
use crate::admission::store as admissions;
use crate::entity::{junior_place, school, school_class, student};
use crate::school::parent;
use crate::school::rules::stages_of;
use crate::school::store as schools;
use crate::school_class::rules::last_grade;
use crate::school_class::store as classes;
use crate::student::advance::{Arrival, advanced, may_advance};
use crate::student::ledger::{self, Happening, Move, Pen};
use crate::student::store as students;

/// What a call leaves: its report and what the journal keeps.
pub(super) type Outcome = (ImportResult, Vec<Record>);

/// Fails with `FIELD_INVALID` when a call brings more rows than one write takes.
pub(super) fn check_length(rows: usize) -> Result<(), KernelError> {
    if rows <= SET {
        return Ok(());
    }
    Err(KernelError::Fields(vec![Violation::invalid(
        "rows",
        format!("must be at most {SET}; send the rest in another call"),
        format!("每次不得超过{SET}行,请分次提交"),
    )]))
}

/// Gives places, a row each.
pub(super) async fn assign(
    tx: &Tx,
    county: &Parent,
    school_year: i32,
    rows: Vec<assign_junior_places_request::Row>,
    now_micros: i64,
) -> Result<Outcome, PromotionError> {
    let mut report = Report::new(false);
    report.read(rows.len());
    let parsed: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.row,
                id_of("students", &row.student).unwrap_or_default(),
                id_of("schools", &row.junior_school).unwrap_or_default(),
            )
        })
        .collect();
    let students: Vec<Uuid> = parsed.iter().map(|(_, student, _)| *student).collect();
    let everywhere = Scope::everything("each school is judged against the call's parent below");
    let found: HashSet<Uuid> = parsed.iter().map(|(_, _, school)| *school).collect();
    // Schools before students, as everywhere. A list that takes a student this moment comes before, or finds the place.
    parent::hold_open(&**tx, found.iter().copied()).await?;
    students::hold_all(&**tx, &students, LockType::Update).await?;
    let standing = store::places_of(&**tx, &students, school_year).await?;
    let students = store::students_with(&**tx, &students).await?;
    let listed = listed(tx, &students, school_year).await?;
    let found = schools::with_ids(&**tx, &everywhere, found).await?;
    let schools: HashMap<Uuid, school::Model> =
        found.into_iter().map(|one| (one.id, one)).collect();
    let mut first: HashMap<Uuid, i64> = HashMap::new();
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for (row, student, school) in parsed {
        if let Some(earlier) = first.insert(student, row) {
            report.reject(row, &[duplicate_of("student", earlier)]);
            continue;
        }
        let student = students.get(&student);
        let school = schools.get(&school);
        match judge(county, student, school) {
            Err(wrong) => report.reject(row, &[wrong]),
            Ok((student, _)) if listed.contains(&student.identity_hash) => {
                report.reject(row, &[listed_already()]);
            }
            Ok((student, school)) => match standing.get(&student.id) {
                Some(place) if place.state == State::Confirmed as i32 => {
                    report.reject(row, &[confirmed()]);
                }
                Some(place) if place.school == school.id => report.unchanged(),
                Some(place) => {
                    report.updated();
                    let mut after = place.clone();
                    (after.school, after.place) = (school.id, school.place);
                    (after.version, after.update_micros) = (place.version + 1, now_micros);
                    changed.push((place.clone(), after));
                }
                None => {
                    report.created();
                    new.push(model_of(student, school, school_year, now_micros));
                }
            },
        }
    }
    let mut records: Vec<Record> = new.iter().map(|place| told(None, place)).collect();
    if !new.is_empty() {
        let wanted = new.len();
        if store::insert_places(&**tx, new).await?.len() != wanted {
            return Err(KernelError::WriteConflict.into());
        }
    }
    for (before, after) in changed {
        records.push(told(Some(&before), &after));
        resource::replace::<junior_place::Entity>(&**tx, after, before.version).await?;
    }
    Ok((report.finish(), records))
}

/// The documents of those students who stand on an admission list of the year: one place a child, by one way.
async fn listed(
    tx: &Tx,
    students: &HashMap<Uuid, student::Model>,
    school_year: i32,
) -> Result<HashSet<Vec<u8>>, PromotionError> {
    let claims = students
        .values()
        .map(|student| student.identity_hash.clone());
    let listed = admissions::with_claims(&**tx, school_year, claims.collect()).await?;
    Ok(listed.into_iter().map(|entry| entry.claim).collect())
}

fn listed_already() -> Violation {
    Violation {
        field: "student".into(),
        reason: Reason::ListedAlready,
        why: "stands on an admission list of this school year".into(),
        why_zh: "本学年已列入招生名单,不能另行安排学位".into(),
    }
}

fn model_of(
    student: &student::Model,
    school: &school::Model,
    school_year: i32,
    now_micros: i64,
) -> junior_place::Model {
    junior_place::Model {
        id: Uuid::now_v7(),
        student: student.id,
        school: school.id,
        place: school.place,
        primary_school: student.school,
        primary_place: student.place,
        school_year,
        state: State::Assigned as i32,
        update_micros: now_micros,
        version: 1,
    }
}

/// Whether a student of the parent's can be given a place in a school.
fn judge<'a>(
    county: &Parent,
    student: Option<&'a student::Model>,
    school: Option<&'a school::Model>,
) -> Result<(&'a student::Model, &'a school::Model), Violation> {
    let own = |one: &&student::Model| county.contains(one.place, Some(one.school));
    let Some(student) = student.filter(own) else {
        return Err(Violation {
            field: "student".into(),
            reason: Reason::RowOutOfParent,
            why: "is no student of a school of this county".into(),
            why_zh: "不是本县学校的学生".into(),
        });
    };
    let last = last_grade(Stage::Primary as i32);
    let in_last = student.stage == Stage::Primary as i32 && student.grade == last;
    let here = [
        StudentState::Enrolled as i32,
        StudentState::Graduated as i32,
    ];
    if !in_last || !here.contains(&student.state) {
        return Err(Violation::invalid(
            "student",
            "must be in or have finished the last grade of primary school",
            "应为小学毕业年级在读或小学毕业的学生",
        ));
    }
    let Some(school) = school else {
        return Err(Violation {
            field: "junior_school".into(),
            reason: Reason::SchoolUnknown,
            why: "is not registered".into(),
            why_zh: "该校尚未登记".into(),
        });
    };
    if !county.contains(school.place, Some(school.id)) {
        return Err(Violation {
            field: "junior_school".into(),
            reason: Reason::RowOutOfParent,
            why: "lies outside this county".into(),
            why_zh: "该校不在本县".into(),
        });
    }
    if let Some(closed) = parent::not_open(school) {
        return Err(Violation::of("junior_school", &closed));
    }
    if !stages_of(school.kind).contains(&Stage::Junior) {
        return Err(Violation {
            field: "junior_school".into(),
            reason: Reason::StageNotRun,
            why: format!("{} does not run the junior stage", school.display_name),
            why_zh: format!("{}未举办初中", school.display_name),
        });
    }
    Ok((student, school))
}

fn confirmed() -> Violation {
    Violation::invalid(
        "student",
        "has arrived in the junior school already; a move is a transfer",
        "已在初中确认入学,变更学校请办理转学",
    )
}

/// Confirms arrivals in a school, a row each.
pub(super) async fn confirm(
    tx: &Tx,
    pen: Pen<'_>,
    school: &school::Model,
    place_number: i64,
    rows: Vec<confirm_enrolment_request::Row>,
) -> Result<Outcome, PromotionError> {
    let mut report = Report::new(false);
    report.read(rows.len());
    let ids: Vec<Uuid> = rows
        .iter()
        .map(|row| id_of("juniorPlaces", &row.junior_place).unwrap_or_default())
        .collect();
    let places = store::places_in(&**tx, school.id, &ids).await?;
    let students: Vec<Uuid> = places.values().map(|place| place.student).collect();
    let students = store::students_with(&**tx, &students).await?;
    let own = classes::of_schools(&**tx, &[school.id]).await?;
    let own: HashMap<Uuid, school_class::Model> =
        own.into_iter().map(|class| (class.id, class)).collect();
    let mut first: HashMap<Uuid, i64> = HashMap::new();
    let (mut moves, mut records) = (Vec::new(), Vec::new());
    for (row, id) in rows.iter().zip(ids) {
        if let Some(earlier) = first.insert(id, row.row) {
            report.reject(row.row, &[duplicate_of("junior_place", earlier)]);
            continue;
        }
        let class = id_of("classes", &row.school_class).ok();
        let class = class.and_then(|id| own.get(&id));
        let place = places.get(&id);
        match arrives(place, class, &students) {
            Err(wrong) => report.reject(row.row, &[wrong]),
            Ok(None) => report.unchanged(),
            Ok(Some((place, class, student))) => {
                report.updated();
                let mut after = place.clone();
                after.state = State::Confirmed as i32;
                (after.version, after.update_micros) = (place.version + 1, pen.now_micros);
                records.push(told(Some(place), &after));
                resource::replace::<junior_place::Entity>(&**tx, after, place.version).await?;
                let arrival = Arrival {
                    school: school.id,
                    place: place_number,
                    school_class: Some(class.id),
                    entry_year: place.school_year,
                };
                let (before, after) = (Some(student.clone()), advanced(student, arrival));
                moves.push(Move { before, after });
            }
        }
    }
    let happening = Happening {
        kind: Happened::Advanced,
        date: pen.today,
        process: String::new(),
    };
    let done = ledger::change_all(&**tx, pen, moves, Some(&happening), false).await?;
    records.extend(done.records);
    Ok((report.finish(), records))
}

type Arriving<'a> = (
    &'a junior_place::Model,
    &'a school_class::Model,
    &'a student::Model,
);

/// Whether the student of a place can come over into a class; `None` when that has been done.
fn arrives<'a>(
    place: Option<&'a junior_place::Model>,
    class: Option<&'a school_class::Model>,
    students: &'a HashMap<Uuid, student::Model>,
) -> Result<Option<Arriving<'a>>, Violation> {
    let Some((place, student)) =
        place.and_then(|place| Some((place, students.get(&place.student)?)))
    else {
        return Err(Violation {
            field: "junior_place".into(),
            reason: Reason::NotFound,
            why: "is no place in this school".into(),
            why_zh: "不是本校的学位".into(),
        });
    };
    if place.state == State::Confirmed as i32 {
        return Ok(None);
    }
    let Some(class) = class else {
        return Err(Violation {
            field: "school_class".into(),
            reason: Reason::ClassUnknown,
            why: "is no class of this school".into(),
            why_zh: "不是本校的班级".into(),
        });
    };
    if (class.stage, class.grade) != (Stage::Junior as i32, 1) {
        return Err(Violation {
            field: "school_class".into(),
            reason: Reason::GradeNotFitting,
            why: "must be of the first junior grade".into(),
            why_zh: "应为七年级的班级".into(),
        });
    }
    if !may_advance(student) || student.school != place.primary_school {
        return Err(Violation {
            field: "junior_place".into(),
            reason: Reason::StepNotReady,
            why: "the student has not graduated from the primary school".into(),
            why_zh: "该生尚未办理小学毕业".into(),
        });
    }
    Ok(Some((place, class, student)))
}

pub(crate) fn told(before: Option<&junior_place::Model>, after: &junior_place::Model) -> Record {
    let before = before.map(|before| encode(before, String::new()));
    let shown = encode(after, String::new());
    let school = Some(after.school);
    record(
        &shown.name,
        after.place,
        school,
        before.as_ref(),
        &shown,
        true,
    )
}

/// The place as callers see it, with the student's name where they may.
pub(super) fn encode(place: &junior_place::Model, display_name: String) -> JuniorPlace {
    JuniorPlace {
        name: format!("juniorPlaces/{}", place.id),
        student: format!("students/{}", place.student),
        display_name,
        primary_school: format!("schools/{}", place.primary_school),
        junior_school: format!("schools/{}", place.school),
        school_year: place.school_year,
        state: place.state,
        etag: etag(place.version),
    }
}
