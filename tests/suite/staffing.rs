//! Teachers 教职工.

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::error::v1::Reason;
use junheng_proto::staffing::v1::teacher::{Education, Subject, Title};
use junheng_proto::staffing::v1::{
    CreateTeacherRequest, GetTeacherRequest, ListTeachersRequest, Teacher, UpdateTeacherRequest,
};
use junheng_tests::person::{Person, adult, with_wrong_check_digit};
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{employ, header, import_teachers, numbered, teacher_row};
use junheng_tests::{County, School, Story, World, request_id, story};
use prost_types::FieldMask;
use tonic::Code;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a teacher is registered read and listed with a masked identity number", |world| Box::pin(registered(world))),
    story("teachers are imported with row verdicts and a repeated import changes nothing", |world| Box::pin(imported(world))),
    story("a teacher of a school that nobody has registered waits and is then reported once", |world| Box::pin(unknown_school(world))),
    story("a teacher is changed by mask and etag", |world| Box::pin(changed(world))),
    story("a teacher of a stage that the school does not run is refused", |world| Box::pin(wrong_stage(world))),
    story("a teacher of another county does not exist for its officers", |world| Box::pin(foreign_teacher(world))),
];

async fn registered(world: &World) {
    let (county, school) = prepared(world).await;
    let person = adult();
    let created = answered(
        county
            .clerk
            .teachers()
            .create_teacher(create(&school, &person))
            .await,
    );
    assert_eq!(created.school, school.name);
    let get = GetTeacherRequest {
        name: created.name.clone(),
    };
    let read = answered(county.clerk.teachers().get_teacher(get).await);
    assert_eq!(read, created);
    assert!(read.identity_number.contains('*') && read.identity_number != person.number);
    let list = ListTeachersRequest {
        parent: school.name.clone(),
        ..ListTeachersRequest::default()
    };
    let listed = answered(county.clerk.teachers().list_teachers(list).await);
    assert_eq!(listed.teachers, [created]);
    let again = county
        .clerk
        .teachers()
        .create_teacher(create(&school, &person))
        .await;
    refused(again, Code::AlreadyExists, "PERSON_REGISTERED");
}

async fn imported(world: &World) {
    let (county, school) = prepared(world).await;
    let people: Vec<Person> = (0..20).map(|_| adult()).collect();
    let rows = people
        .iter()
        .map(|person| teacher_row(&school, Stage::Primary, person));
    let mut rows = numbered(rows, |row, number| row.row = number);
    rows[4].identity_number = with_wrong_check_digit(&people[4].number);
    let result = answered(import_teachers(&county.clerk, header(&school.name), rows.clone()).await);
    assert_eq!(
        (result.created_count, result.rejected_count),
        (19, 1),
        "{:?}",
        result.verdicts
    );
    let verdict = &result.verdicts[0];
    assert_eq!(
        (verdict.row, verdict.reason()),
        (6, Reason::CheckDigitWrong)
    );
    assert_eq!(verdict.field, "identity_number");
    rows.remove(4);
    rows[0].title = Title::Senior.into();
    let again = answered(import_teachers(&county.clerk, header(&school.name), rows).await);
    assert_eq!(
        (
            again.created_count,
            again.updated_count,
            again.unchanged_count
        ),
        (0, 1, 18)
    );
}

async fn unknown_school(world: &World) {
    let (county, school) = prepared(world).await;
    let nowhere = School {
        code: "2142999999".to_owned(),
        ..school.clone()
    };
    let known = (0..2).map(|_| teacher_row(&school, Stage::Primary, &adult()));
    let unknown = (0..3).map(|_| teacher_row(&nowhere, Stage::Primary, &adult()));
    let rows = numbered(known.chain(unknown), |row, number| row.row = number);
    let result = answered(import_teachers(&county.clerk, header(&county.place.county), rows).await);
    assert_eq!(
        (result.created_count, result.rejected_count),
        (2, 3),
        "{result:?}"
    );
    assert_eq!(result.missing_parents.len(), 1, "{result:?}");
    assert_eq!(result.missing_parents[0].rows, [4, 5, 6]);
    assert!(
        result.missing_parents[0].key.contains(&nowhere.code),
        "{result:?}"
    );
}

async fn changed(world: &World) {
    let (county, school) = prepared(world).await;
    let teacher = create(&school, &adult());
    let teacher = answered(county.clerk.teachers().create_teacher(teacher).await);
    let proposed = Teacher {
        education: Education::Master.into(),
        title: Title::Senior.into(),
        ..teacher.clone()
    };
    let promoted = answered(
        county
            .clerk
            .teachers()
            .update_teacher(update(proposed.clone(), &["title"]))
            .await,
    );
    assert_eq!(
        (promoted.title(), promoted.education()),
        (Title::Senior, Education::Bachelor)
    );
    let late = county
        .clerk
        .teachers()
        .update_teacher(update(proposed, &["education"]))
        .await;
    refused(late, Code::Aborted, "ETAG_MISMATCH");
    let unknown = county
        .clerk
        .teachers()
        .update_teacher(update(promoted, &["salary"]))
        .await;
    refused(unknown, Code::InvalidArgument, "FIELD_INVALID");
}

async fn wrong_stage(world: &World) {
    let (county, school) = prepared(world).await;
    let mut request = create(&school, &adult());
    if let Some(teacher) = &mut request.teacher {
        teacher.stage = Stage::Junior.into();
    }
    let answer = county.clerk.teachers().create_teacher(request).await;
    let refused = refused(answer, Code::FailedPrecondition, "STAGE_NOT_RUN");
    assert!(refused.sentence.contains("初中"), "{refused:?}");
}

async fn foreign_teacher(world: &World) {
    let (here, school) = prepared(world).await;
    let there = County::fresh(world).await;
    employ(&here.clerk, &school, Stage::Primary, 1).await;
    let list = |parent: &str| ListTeachersRequest {
        parent: parent.to_owned(),
        ..ListTeachersRequest::default()
    };
    let ours = answered(
        here.clerk
            .teachers()
            .list_teachers(list(&school.name))
            .await,
    )
    .teachers;
    let get = GetTeacherRequest {
        name: ours[0].name.clone(),
    };
    refused(
        there.clerk.teachers().get_teacher(get).await,
        Code::NotFound,
        "NOT_FOUND",
    );
    let foreign = there
        .clerk
        .teachers()
        .list_teachers(list(&here.place.county))
        .await;
    refused(foreign, Code::PermissionDenied, "OUT_OF_SCOPE");
    let update = update(ours[0].clone(), &["title"]);
    refused(
        there.clerk.teachers().update_teacher(update).await,
        Code::NotFound,
        "NOT_FOUND",
    );
}

async fn prepared(world: &World) -> (County, School) {
    let county = County::shared(world).await;
    let school = county.school(SchoolKind::Primary).await;
    (county, school)
}

fn create(school: &School, person: &Person) -> CreateTeacherRequest {
    let row = teacher_row(school, Stage::Primary, person);
    CreateTeacherRequest {
        parent: school.name.clone(),
        teacher: Some(Teacher {
            display_name: row.display_name,
            identity_number: row.identity_number,
            sex: row.sex,
            stage: row.stage,
            position: row.position,
            subject: Subject::Music.into(),
            education: row.education,
            title: row.title,
            backbone: row.backbone,
            certified: true,
            ..Teacher::default()
        }),
        request_id: request_id(),
    }
}

fn update(teacher: Teacher, paths: &[&str]) -> UpdateTeacherRequest {
    UpdateTeacherRequest {
        teacher: Some(teacher),
        update_mask: Some(FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
        request_id: request_id(),
    }
}
