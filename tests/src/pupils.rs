//! Single pupils, registered through the gateway.

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::create_student_response::Outcome;
use junheng_proto::registration::v1::student::IdentityType;
use junheng_proto::registration::v1::{
    CreateSchoolClassRequest, CreateStudentRequest, CreateStudentResponse, DuplicateCase,
    SchoolClass, Student,
};
use junheng_proto::workflow::v1::Evidence;

use crate::county::{County, School};
use crate::officer::Officer;
use crate::person::Person;
use crate::refusal::answered;
use crate::request_id;

/// A primary school with class 1 of a grade.
pub async fn school_with_class(county: &County, grade: i32) -> (School, SchoolClass) {
    let school = county.school(SchoolKind::Primary).await;
    let class = open_class(&county.clerk, &school, grade, 1).await;
    (school, class)
}

/// Opens a class of a primary school.
pub async fn open_class(
    officer: &Officer,
    school: &School,
    grade: i32,
    number: i32,
) -> SchoolClass {
    let request = CreateSchoolClassRequest {
        parent: school.name.clone(),
        school_class: Some(SchoolClass {
            stage: Stage::Primary.into(),
            grade,
            number,
            ..SchoolClass::default()
        }),
        request_id: request_id(),
    };
    answered(officer.classes().create_school_class(request).await)
}

/// The request that registers a person in a class.
pub fn registration(school: &str, class: &SchoolClass, person: &Person) -> CreateStudentRequest {
    CreateStudentRequest {
        parent: school.to_owned(),
        student: Some(Student {
            school_class: class.name.clone(),
            display_name: person.display_name.clone(),
            identity_type: IdentityType::ResidentCard.into(),
            identity_number: person.number.clone(),
            sex: person.sex.into(),
            birth_date: person.birth_date.clone(),
            ethnicity: "01".to_owned(),
            ..Student::default()
        }),
        request_id: request_id(),
    }
}

/// Registers a person who has no record.
pub async fn register(officer: &Officer, class: &SchoolClass, person: &Person) -> Student {
    let request = registration(&class.school, class, person);
    student_of(answered(officer.students().create_student(request).await))
}

/// Registers a person who has a record elsewhere.
pub async fn claim(officer: &Officer, class: &SchoolClass, person: &Person) -> DuplicateCase {
    let request = registration(&class.school, class, person);
    let response = answered(officer.students().create_student(request).await);
    match response.outcome {
        Some(Outcome::DuplicateCase(case)) => case,
        other => panic!("no case, but {other:?}"),
    }
}

/// The student of an answer that must have one.
///
/// # Panics
/// When it is a case of double registration.
#[track_caller]
pub fn student_of(response: CreateStudentResponse) -> Student {
    match response.outcome {
        Some(Outcome::Student(student)) => student,
        other => panic!("no student, but {other:?}"),
    }
}

/// A page of the household register, or a certificate of the police about it.
pub fn household_proof(title: &str) -> Evidence {
    Evidence {
        kind: junheng_proto::workflow::v1::evidence::Kind::PoliceCertificate.into(),
        ..proof(title)
    }
}

/// A document of an administration.
pub fn official(title: &str) -> Evidence {
    Evidence {
        kind: junheng_proto::workflow::v1::evidence::Kind::OfficialRecord.into(),
        ..proof(title)
    }
}

/// A document that proves something.
pub fn proof(title: &str) -> Evidence {
    Evidence {
        title: title.to_owned(),
        digest: "5a".repeat(32),
        ..Evidence::default()
    }
}
