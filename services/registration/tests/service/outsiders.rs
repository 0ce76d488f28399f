//! Pupils who come from another province, with the number that they have.

use junheng_kernel::service::Link;
use junheng_proto::registration::v1::duplicate_case_service_client::DuplicateCaseServiceClient;
use junheng_proto::registration::v1::student_number_service_client::StudentNumberServiceClient;
use junheng_proto::registration::v1::transfer_service_client::TransferServiceClient;
use junheng_proto::registration::v1::*;
use junheng_proto::workflow::v1::StepRequest;
use sea_orm::{ConnectionTrait as _, Statement};
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

use crate::dropout::{done, evidence, refused};
use crate::support::{World, child, id, number, row};

const COUNTY: &str = "regions/630103";

fn client(world: &World) -> TransferServiceClient<Link> {
    TransferServiceClient::new(world.link.clone())
}

async fn begin(
    world: &World,
    class: &SchoolClass,
    serial: u32,
    student_number: &str,
) -> Result<Response<Transfer>, Status> {
    let own = child(serial);
    let clerk = world.officer("school.clerk", &class.school);
    let request = clerk.ask(CreateTransferRequest {
        parent: class.school.clone(),
        applicant: Some(TransferApplicant {
            display_name: own.display_name,
            identity_type: own.identity_type,
            identity_number: own.identity_number,
            birth_date: own.birth_date,
            sex: own.sex,
            ethnicity: own.ethnicity,
            student_number: student_number.into(),
            guardian_display_name: "马父".into(),
            ..TransferApplicant::default()
        }),
        receiving_class: class.name.clone(),
        outside_school: "某省某小学".into(),
        outside_region: "regions/510104".into(),
        reason: "随父母迁居".into(),
        evidence: vec![evidence("户口簿")],
        request_id: id(),
    });
    client(world).create_transfer(request).await
}

async fn take(world: &World, moving: &Transfer) -> Result<Response<Transfer>, Status> {
    let awaited = moving.awaited.clone().unwrap();
    let (role, organisation) = (&awaited.roles[0], &awaited.organisation);
    // Each seat is somebody else's.
    let account = format!("accounts/{role}.{organisation}.{}", awaited.step);
    let officer = world.officer_of(&account, role, organisation);
    let request = officer.ask(StepRequest {
        name: moving.name.clone(),
        etag: moving.etag.clone(),
        note: "情况属实".into(),
        evidence: vec![evidence("学籍档案")],
        request_id: id(),
    });
    let mut client = client(world);
    match awaited.step.as_str() {
        "SubmitTransfer" => client.submit_transfer(request).await,
        "AdmitTransfer" => client.admit_transfer(request).await,
        "EndorseTransfer" => client.endorse_transfer(request).await,
        "ReleaseTransfer" => client.release_transfer(request).await,
        "ApproveTransfer" => client.approve_transfer(request).await,
        "ClearTransfer" => client.clear_transfer(request).await,
        "HandOverTransfer" => client.hand_over_transfer(request).await,
        "CompleteTransfer" => client.complete_transfer(request).await,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_number_that_comes_along_is_nobody_elses_when_it_is_asked_for_and_when_it_arrives() {
    let world = World::new().await;
    // Past the first term, in which the first grade takes nobody.
    world.context.clock.advance_seconds(180 * 86_400);
    let mut county = world.officer("county.clerk", COUNTY);
    let school = county.school("2163000001", "630103").await;
    let class = county.class(&school, 2, 1).await;
    let formal = |serial: u32| format!("G{}", number(serial));
    county.student(&class, 1).await.unwrap();
    let foreign = begin(&world, &class, 2, &formal(1)).await;
    refused(foreign, Code::AlreadyExists, "STUDENT_NUMBER_TAKEN");

    let mut moving = done(begin(&world, &class, 3, &formal(3)).await);
    while moving.awaited.as_ref().unwrap().step != "CompleteTransfer" {
        moving = done(take(&world, &moving).await);
    }
    // Meanwhile somebody comes by the number: registered with a passport, and a number that was never checked against.
    let mut county = world.officer("county.clerk", COUNTY);
    let request = CreateStudentRequest {
        parent: school.name.clone(),
        student: Some(Student {
            identity_type: 2,
            identity_number: "E00000009".into(),
            student_number: formal(3),
            school_class: class.name.clone(),
            ..child(9)
        }),
        request_id: id(),
    };
    county.create(request).await.unwrap();
    refused(
        take(&world, &moving).await,
        Code::AlreadyExists,
        "STUDENT_NUMBER_TAKEN",
    );
}

/// The record's pupil has left for another province, by a transfer that is told elsewhere.
async fn gone(world: &World, student: &Student) {
    let database = world.context.store.derived();
    let id: uuid::Uuid = student.name["students/".len()..].parse().unwrap();
    let statement = Statement::from_sql_and_values(
        database.get_database_backend(),
        "UPDATE students SET state = $1 WHERE id = $2",
        [(student::State::TransferredOut as i32).into(), id.into()],
    );
    let gone = database.execute_raw(statement).await.unwrap();
    assert_eq!(gone.rows_affected(), 1);
}

#[tokio::test]
async fn who_comes_back_with_a_formal_number_keeps_it_and_the_temporary_one_stays_in_the_history() {
    let world = World::new().await;
    world.context.clock.advance_seconds(180 * 86_400);
    let mut county = world.officer("county.clerk", COUNTY);
    let school = county.school("2163000001", "630103").await;
    let class = county.class(&school, 2, 1).await;
    let student = county.student(&class, 1).await.unwrap();
    county.student(&class, 3).await.unwrap();
    assert!(student.student_number.starts_with('L'), "{student:?}");
    gone(&world, &student).await;

    let temporary = begin(&world, &class, 1, "L123456789012345678").await;
    refused(temporary, Code::InvalidArgument, "FIELD_INVALID");
    let anothers = begin(&world, &class, 1, &format!("G{}", number(3))).await;
    refused(anothers, Code::AlreadyExists, "STUDENT_NUMBER_TAKEN");
    let brought = format!("G{}", number(1));
    let mut moving = done(begin(&world, &class, 1, &brought).await);
    while moving.awaited.is_some() {
        moving = done(take(&world, &moving).await);
    }
    assert_eq!(moving.student, student.name);
    let mut county = world.officer("county.clerk", COUNTY);
    let request = county.ask(GetStudentRequest {
        name: student.name.clone(),
    });
    let back = done(county.students.get_student(request).await);
    assert!(back.student_number.starts_with('G'), "{back:?}");
    let request = county.ask(ListStudentNumbersRequest {
        student: student.name.clone(),
    });
    let mut numbers = StudentNumberServiceClient::new(world.link.clone());
    let told = done(numbers.list_student_numbers(request).await).student_numbers;
    let why: Vec<_> = told.iter().map(|one| one.replaced_why()).collect();
    use student_number::Why::{BroughtBack, Unspecified};
    assert_eq!(why, [BroughtBack, Unspecified], "{told:?}");
}

#[tokio::test]
async fn an_import_that_states_another_number_than_the_records_is_told_so() {
    let world = World::new().await;
    let mut county = world.officer("county.clerk", COUNTY);
    let school = county.school("2163000001", "630103").await;
    county.class(&school, 2, 1).await;
    let own = "L123456789012345674";
    let stating = |number: &str| StudentRow {
        student_number: number.into(),
        ..row(1, "2163000001", 2, 1, 1)
    };
    let first = county.import(COUNTY, vec![stating(own)]).await;
    assert_eq!(first.created_count, 1, "{first:?}");
    for same in [own, ""] {
        let again = county.import(COUNTY, vec![stating(same)]).await;
        assert_eq!(again.unchanged_count, 1, "{same} {again:?}");
    }
    let other = format!("G{}", number(1));
    let other = county.import(COUNTY, vec![stating(&other)]).await;
    assert_eq!((other.unchanged_count, other.rejected_count), (0, 1));
    assert_eq!(other.verdicts[0].field, "student_number");
}

#[tokio::test]
async fn a_school_that_registered_the_pupil_itself_meanwhile_is_told_so_and_claims_nothing() {
    let world = World::new().await;
    world.context.clock.advance_seconds(180 * 86_400);
    let mut county = world.officer("county.clerk", COUNTY);
    let school = county.school("2163000001", "630103").await;
    let class = county.class(&school, 2, 1).await;
    let mut moving = done(begin(&world, &class, 3, "").await);
    while moving.awaited.as_ref().unwrap().step != "CompleteTransfer" {
        moving = done(take(&world, &moving).await);
    }
    let mut county = world.officer("county.clerk", COUNTY);
    county.student(&class, 3).await.unwrap();
    for _ in 0..2 {
        let late = take(&world, &moving).await.unwrap_err();
        assert_eq!(late.code(), Code::AlreadyExists, "{late:?}");
        let told = late.get_details_error_info().unwrap();
        assert_eq!(told.reason, "PERSON_REGISTERED");
        assert_eq!(told.metadata["where"], school.display_name);
    }
    let mut duplicates = DuplicateCaseServiceClient::new(world.link.clone());
    let list = county.ask(ListDuplicateCasesRequest {
        parent: COUNTY.into(),
        ..ListDuplicateCasesRequest::default()
    });
    let listed = done(duplicates.list_duplicate_cases(list).await);
    assert_eq!(listed.duplicate_cases, []);
}
