//! One pupil's record 学籍.

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::create_student_response::Outcome;
use junheng_proto::registration::v1::student::IdentityType;
use junheng_proto::registration::v1::{
    CreateSchoolClassRequest, CreateStudentRequest, GetStudentRequest, SchoolClass, Student,
    UpdateStudentRequest,
};
use junheng_tests::person::{Person, child, with_wrong_check_digit};
use junheng_tests::pupils::student_of;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::{County, School, Story, World, request_id, story};
use prost_types::FieldMask;
use tonic::Code;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a wrong check digit is refused with the field and the digit that would be right", |world| Box::pin(wrong_check_digit(world))),
    story("of two officers who register the same pupil at once one wins and the other opens a case", |world| Box::pin(registered_twice(world))),
    story("a pupil number follows from the identity document", |world| Box::pin(student_numbers(world))),
    story("sex and date of birth must agree with the identity number", |world| Box::pin(contradictions(world))),
    story("a pupil of another county does not exist for its officers", |world| Box::pin(foreign_pupil(world))),
    story("name and identity of a pupil are not changed by the school alone", |world| Box::pin(key_fields(world))),
    story("the same request twice has one effect and gives the first answer", |world| Box::pin(same_request(world))),
    story("a request id that is used for another request is refused", |world| Box::pin(reused_request_id(world))),
];

async fn wrong_check_digit(world: &World) {
    let (county, school, class) = classroom(world).await;
    let person = child();
    let wrong = Person {
        number: with_wrong_check_digit(&person.number),
        ..person.clone()
    };
    let answer = county
        .clerk
        .students()
        .create_student(create(&school, &class, &wrong))
        .await;
    let refused = refused(answer, Code::InvalidArgument, "CHECK_DIGIT_WRONG");
    assert!(
        refused.metadata["field"].ends_with("identity_number"),
        "{refused:?}"
    );
    assert_eq!(
        refused.metadata["expected"],
        person.number[17..],
        "{refused:?}"
    );
    assert!(
        !format!("{refused:?}").contains(&wrong.number),
        "the number itself is not repeated"
    );
}

async fn registered_twice(world: &World) {
    let (here, our_school, our_class) = classroom(world).await;
    let there = County::fresh(world).await;
    let (their_school, their_class) = open_class(&there).await;
    let person = child();
    let (mut our_students, mut their_students) = (here.clerk.students(), there.clerk.students());
    let (ours, theirs) = tokio::join!(
        our_students.create_student(create(&our_school, &our_class, &person)),
        their_students.create_student(create(&their_school, &their_class, &person)),
    );
    let (ours, theirs) = (answered(ours).outcome, answered(theirs).outcome);
    let ((student, case), claimant) = match (ours, theirs) {
        (Some(Outcome::Student(won)), Some(Outcome::DuplicateCase(case))) => {
            ((won, case), &their_school)
        }
        (Some(Outcome::DuplicateCase(case)), Some(Outcome::Student(won))) => {
            ((won, case), &our_school)
        }
        both => panic!("one record and one case, but {both:?}"),
    };
    assert_eq!(case.student, student.name);
    assert_eq!(case.standing_school, student.school);
    assert_eq!(case.claims.len(), 1);
    assert_eq!(case.claims[0].school, claimant.name);
    assert!(!format!("{case:?}").contains(&person.number), "{case:?}");

    let mut own = if student.school == our_school.name {
        our_students
    } else {
        their_students
    };
    let class = if student.school == our_school.name {
        &our_class
    } else {
        &their_class
    };
    let school = if student.school == our_school.name {
        &our_school
    } else {
        &their_school
    };
    let again = own.create_student(create(school, class, &person)).await;
    let refused = refused(again, Code::AlreadyExists, "PERSON_REGISTERED");
    assert!(!refused.metadata["where"].is_empty(), "{refused:?}");
    assert!(
        !format!("{refused:?}").contains(&person.number),
        "{refused:?}"
    );
}

async fn student_numbers(world: &World) {
    let (county, school, class) = classroom(world).await;
    let with_card = create(&school, &class, &child());
    let with_card = student_of(answered(
        county.clerk.students().create_student(with_card).await,
    ));
    let prefix = with_card.student_number.chars().next().expect("a number");
    assert!("GL".contains(prefix), "{}", with_card.student_number);
    let mut without = create(&school, &class, &child());
    if let Some(student) = &mut without.student {
        student.identity_type = IdentityType::None.into();
        student.identity_number = String::new();
    }
    let without = student_of(answered(
        county.clerk.students().create_student(without).await,
    ));
    assert!(
        without.student_number.starts_with('J'),
        "{}",
        without.student_number
    );
}

async fn contradictions(world: &World) {
    let (county, school, class) = classroom(world).await;
    let mut request = create(&school, &class, &child());
    if let Some(student) = &mut request.student {
        student.sex = 3 - student.sex;
    }
    let answer = county.clerk.students().create_student(request).await;
    let found = refused(answer, Code::InvalidArgument, "FIELD_INVALID");
    assert!(
        found.fields.iter().any(|field| field.ends_with("sex")),
        "{found:?}"
    );
    let mut request = create(&school, &class, &child());
    if let Some(student) = &mut request.student {
        student.birth_date = "2012-02-29".to_owned();
    }
    let answer = county.clerk.students().create_student(request).await;
    let found = refused(answer, Code::InvalidArgument, "FIELD_INVALID");
    assert!(
        found
            .fields
            .iter()
            .any(|field| field.ends_with("birth_date")),
        "{found:?}"
    );
}

async fn foreign_pupil(world: &World) {
    let (here, school, class) = classroom(world).await;
    let there = County::fresh(world).await;
    let request = create(&school, &class, &child());
    let student = student_of(answered(
        here.clerk.students().create_student(request).await,
    ));
    let get = |name: &str| GetStudentRequest {
        name: name.to_owned(),
    };
    let foreign = there.clerk.students().get_student(get(&student.name)).await;
    let foreign = refused(foreign, Code::NotFound, "NOT_FOUND");
    let missing = format!("students/{}", request_id());
    let missing = there.clerk.students().get_student(get(&missing)).await;
    let missing = refused(missing, Code::NotFound, "NOT_FOUND");
    assert_eq!(
        foreign.metadata.len(),
        missing.metadata.len(),
        "both look alike"
    );
    let update = UpdateStudentRequest {
        student: Some(student.clone()),
        update_mask: None,
        request_id: request_id(),
    };
    refused(
        there.clerk.students().update_student(update).await,
        Code::NotFound,
        "NOT_FOUND",
    );
}

async fn key_fields(world: &World) {
    let (county, school, class) = classroom(world).await;
    let person = child();
    let request = create(&school, &class, &person);
    let student = student_of(answered(
        county.clerk.students().create_student(request).await,
    ));
    for path in ["display_name", "identity_number", "sex", "birth_date"] {
        let other = child();
        let changed = Student {
            display_name: other.display_name.clone(),
            identity_number: other.number.clone(),
            sex: 3 - student.sex,
            birth_date: "2013-12-31".to_owned(),
            ..student.clone()
        };
        let answer = county
            .clerk
            .students()
            .update_student(update(changed, path))
            .await;
        let status = answer.expect_err(path);
        let refused = junheng_tests::Refused::read(&status);
        assert_eq!(refused.code, Code::InvalidArgument, "{path}: {refused:?}");
    }
    let boarding = Student {
        boarder: true,
        ..student.clone()
    };
    let changed = answered(
        county
            .clerk
            .students()
            .update_student(update(boarding, "boarder"))
            .await,
    );
    assert!(changed.boarder);
    assert_eq!(changed.identity_number, student.identity_number);
}

async fn same_request(world: &World) {
    let (county, school, class) = classroom(world).await;
    let request = create(&school, &class, &child());
    let first = answered(
        county
            .clerk
            .students()
            .create_student(request.clone())
            .await,
    );
    let (mut one, mut two) = (county.clerk.students(), county.clerk.students());
    let (again, at_once) = tokio::join!(
        one.create_student(request.clone()),
        two.create_student(request.clone()),
    );
    assert_eq!(answered(again), first);
    assert_eq!(answered(at_once), first);
}

async fn reused_request_id(world: &World) {
    let (county, school, class) = classroom(world).await;
    let request = create(&school, &class, &child());
    answered(
        county
            .clerk
            .students()
            .create_student(request.clone())
            .await,
    );
    let other = CreateStudentRequest {
        request_id: request.request_id.clone(),
        ..create(&school, &class, &child())
    };
    let answer = county.clerk.students().create_student(other).await;
    let refused = refused(answer, Code::InvalidArgument, "REQUEST_ID_REUSED");
    assert_eq!(refused.metadata["request_id"], request.request_id);
}

async fn classroom(world: &World) -> (County, School, SchoolClass) {
    let county = County::shared(world).await;
    let (school, class) = open_class(&county).await;
    (county, school, class)
}

async fn open_class(county: &County) -> (School, SchoolClass) {
    let school = county.school(SchoolKind::Primary).await;
    let request = CreateSchoolClassRequest {
        parent: school.name.clone(),
        school_class: Some(SchoolClass {
            stage: Stage::Primary.into(),
            grade: 1,
            number: 1,
            ..SchoolClass::default()
        }),
        request_id: request_id(),
    };
    let class = answered(county.clerk.classes().create_school_class(request).await);
    (school, class)
}

fn create(school: &School, class: &SchoolClass, person: &Person) -> CreateStudentRequest {
    CreateStudentRequest {
        parent: school.name.clone(),
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

fn update(student: Student, path: &str) -> UpdateStudentRequest {
    UpdateStudentRequest {
        student: Some(student),
        update_mask: Some(FieldMask {
            paths: vec![path.to_owned()],
        }),
        request_id: request_id(),
    }
}
