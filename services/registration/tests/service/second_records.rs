//! One child, one record: what a second registration meets, by whatever way it comes.

use crate::support::{Officer, World, child, id, number, row};
use junheng_proto::error::v1::Reason;
use junheng_proto::registration::v1::create_student_response::Outcome;
use junheng_proto::registration::v1::dropout_case_service_client::DropoutCaseServiceClient;
use junheng_proto::registration::v1::duplicate_case_service_client::DuplicateCaseServiceClient;
use junheng_proto::registration::v1::key_change_service_client::KeyChangeServiceClient;
use junheng_proto::registration::v1::transfer_service_client::TransferServiceClient;
use junheng_proto::registration::v1::*;
use junheng_proto::workflow::v1::evidence::Kind;
use junheng_proto::workflow::v1::{Evidence, StepRequest};
use tonic::{Response, Status};
use tonic_types::StatusExt as _;

const COUNTY: &str = "regions/630103";

fn proof(title: &str) -> Vec<Evidence> {
    vec![Evidence {
        title: title.into(),
        digest: "0123456789abcdef".repeat(4),
        kind: Kind::HouseholdRegister.into(),
    }]
}

fn step(name: &str, etag: &str) -> StepRequest {
    StepRequest {
        name: name.into(),
        etag: etag.into(),
        note: "按规定办理".into(),
        evidence: proof("学籍档案"),
        request_id: id(),
    }
}

fn done<T>(answer: Result<Response<T>, Status>) -> T {
    answer.unwrap().into_inner()
}

fn refusal<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> (String, String) {
    let status = answer.unwrap_err();
    let info = status.get_details_error_info().unwrap();
    (info.reason, status.message().to_owned())
}

/// The same child with a passport.
fn with_passport(serial: u32) -> Student {
    Student {
        identity_type: 2,
        identity_number: format!("E{serial:08}"),
        ..child(serial)
    }
}

fn registering(class: &SchoolClass, student: Student) -> CreateStudentRequest {
    CreateStudentRequest {
        parent: class.school.clone(),
        student: Some(Student {
            school_class: class.name.clone(),
            ..student
        }),
        request_id: id(),
    }
}

async fn cases(officer: &Officer<'_>, world: &World, parent: &str) -> Vec<DuplicateCase> {
    let request = officer.ask(ListDuplicateCasesRequest {
        parent: parent.into(),
        ..ListDuplicateCasesRequest::default()
    });
    let mut client = DuplicateCaseServiceClient::new(world.link.clone());
    done(client.list_duplicate_cases(request).await).duplicate_cases
}

async fn change_number(world: &World, school: &School, student: &Student, serial: u32) {
    let mut changes = KeyChangeServiceClient::new(world.link.clone());
    let clerk = world.officer("school.clerk", &school.name);
    let other = child(serial);
    let request = clerk.ask(CreateKeyChangeRequest {
        student: student.name.clone(),
        etag: student.etag.clone(),
        wanted: Some(KeyFields {
            identity_number: number(serial),
            birth_date: other.birth_date,
            sex: other.sex,
            ..KeyFields::default()
        }),
        note: "证件号登记有误".into(),
        evidence: proof("户口簿"),
        request_id: id(),
    });
    let filed = done(changes.create_key_change(request).await);
    let head = world.officer("school.approver", &school.name);
    let request = head.ask(step(&filed.name, &filed.etag));
    let endorsed = done(changes.endorse_key_change(request).await);
    let county = world.officer("county.approver", COUNTY);
    let request = county.ask(step(&endorsed.name, &endorsed.etag));
    done(changes.approve_key_change(request).await);
}

#[tokio::test]
async fn an_import_moves_nobody_to_another_grade() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    for (grade, number) in [(1, 1), (1, 2), (2, 1)] {
        clerk.class(&school, grade, number).await;
    }
    let first = clerk
        .import(COUNTY, vec![row(1, "2163000001", 1, 1, 1)])
        .await;
    assert_eq!(first.created_count, 1);
    let up = clerk
        .import(COUNTY, vec![row(1, "2163000001", 2, 1, 1)])
        .await;
    assert_eq!((up.updated_count, up.rejected_count), (0, 1));
    let verdict = &up.verdicts[0];
    assert_eq!(verdict.reason(), Reason::FieldInvalid);
    assert!(
        format!("{verdict:?}").contains("class_number"),
        "{verdict:?}"
    );
    let beside = clerk
        .import(COUNTY, vec![row(1, "2163000001", 1, 2, 1)])
        .await;
    assert_eq!((beside.updated_count, beside.rejected_count), (1, 0));
}

#[tokio::test]
async fn a_second_record_under_another_document_is_a_suspicion_for_people_to_decide() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let other = clerk.school("2163000002", "630103").await;
    let elsewhere = clerk.class(&other, 1, 1).await;
    let standing = clerk.student(&class, 1).await.unwrap();

    let request = registering(&elsewhere, with_passport(1));
    let Outcome::Student(second) = clerk.create(request.clone()).await.unwrap() else {
        panic!("registered all the same");
    };
    let again = clerk.create(request).await.unwrap();
    assert_eq!(again, Outcome::Student(second.clone()), "the same answer");
    let found = cases(&clerk, &world, COUNTY).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].student, standing.name);
    assert_eq!(found[0].claims.len(), 1);
    assert_eq!(found[0].claims[0].student, second.name);
    assert_eq!(found[0].claims[0].school_class, elsewhere.name);

    // By import as well, and within one file.
    let third = clerk.school("2163000003", "630103").await;
    clerk.class(&third, 1, 1).await;
    let passport = |number: i64, serial: u32| StudentRow {
        identity_type: 2,
        identity_number: with_passport(serial).identity_number,
        ..row(number, "2163000003", 1, 1, serial)
    };
    let rows = vec![
        passport(1, 101),
        row(2, "2163000003", 1, 1, 3),
        passport(3, 3),
    ];
    let result = clerk.import(COUNTY, rows).await;
    assert_eq!((result.created_count, result.rejected_count), (3, 0));
    let own = cases(&clerk, &world, &third.name).await;
    assert_eq!(own.len(), 1, "{own:?}");
    assert_ne!(own[0].student, own[0].claims[0].student);

    // Two resident numbers are two persons.
    clerk.student(&class, 7).await.unwrap();
    let namesake = Student {
        display_name: child(7).display_name,
        ..child(9)
    };
    let request = registering(&elsewhere, namesake);
    clerk.create(request).await.unwrap();
    assert_eq!(cases(&clerk, &world, COUNTY).await.len(), 2);

    // The decision moves nothing, and no record was held still meanwhile.
    let mut duplicates = DuplicateCaseServiceClient::new(world.link.clone());
    let school_clerk = world.officer("school.clerk", &other.name);
    let case = &found[0];
    let request = school_clerk.ask(step(&case.name, &case.etag));
    let proved = done(duplicates.state_duplicate_evidence(request).await);
    let county = world.officer("county.approver", COUNTY);
    let request = county.ask(SettleDuplicateRequest {
        name: proved.name.clone(),
        etag: proved.etag,
        outcome: duplicate_case::Outcome::ClaimantTakes.into(),
        claim: proved.claims[0].name.clone(),
        note: "经核查为同一人".into(),
        evidence: Vec::new(),
        request_id: id(),
    });
    let settled = done(duplicates.settle_duplicate_case(request).await);
    assert_eq!(settled.state(), duplicate_case::State::Settled);
    let request = clerk.ask(GetStudentRequest {
        name: standing.name.clone(),
    });
    let after = done(clerk.students.get_student(request).await);
    assert_eq!((after.school, after.state), (school.name, standing.state));
}

#[tokio::test]
async fn a_document_that_a_record_had_before_is_not_free_for_another() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let other = clerk.school("2163000002", "630103").await;
    let elsewhere = clerk.class(&other, 1, 1).await;
    let student = clerk.student(&class, 1).await.unwrap();
    change_number(&world, &school, &student, 3).await;

    let case = clerk.claim(&elsewhere, 1).await;
    assert_eq!(case.student, student.name);
    let imported = clerk
        .import(COUNTY, vec![row(1, "2163000002", 1, 1, 1)])
        .await;
    assert_eq!((imported.created_count, imported.rejected_count), (0, 1));
    assert_eq!(imported.verdicts[0].reason(), Reason::PersonRegistered);
    let third = clerk.student(&class, 5).await.unwrap();
    let mut changes = KeyChangeServiceClient::new(world.link.clone());
    let officer = world.officer("school.clerk", &school.name);
    let request = officer.ask(CreateKeyChangeRequest {
        student: third.name.clone(),
        etag: third.etag.clone(),
        wanted: Some(KeyFields {
            identity_number: number(1),
            birth_date: child(1).birth_date,
            ..KeyFields::default()
        }),
        note: String::new(),
        evidence: proof("户口簿"),
        request_id: id(),
    });
    let (reason, _) = refusal(changes.create_key_change(request).await);
    assert_eq!(reason, "PERSON_REGISTERED");

    // It was the other child's all along: then it is, and the child is registered.
    let mut duplicates = DuplicateCaseServiceClient::new(world.link.clone());
    let school_clerk = world.officer("school.clerk", &other.name);
    let found = cases(&clerk, &world, COUNTY).await.remove(0);
    let request = school_clerk.ask(step(&found.name, &found.etag));
    let proved = done(duplicates.state_duplicate_evidence(request).await);
    let county = world.officer("county.approver", COUNTY);
    let request = county.ask(SettleDuplicateRequest {
        name: proved.name.clone(),
        etag: proved.etag,
        outcome: duplicate_case::Outcome::OtherPerson.into(),
        claim: proved.claims[0].name.clone(),
        note: "原登记证件号有误".into(),
        evidence: Vec::new(),
        request_id: id(),
    });
    done(duplicates.settle_duplicate_case(request).await);
    clerk.student(&elsewhere, 1).await.unwrap();
}

#[tokio::test]
async fn a_disputed_record_changes_no_key_field() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let other = clerk.school("2163000002", "630103").await;
    let elsewhere = clerk.class(&other, 1, 1).await;
    let student = clerk.student(&class, 1).await.unwrap();
    let mut changes = KeyChangeServiceClient::new(world.link.clone());
    let officer = world.officer("school.clerk", &school.name);
    let request = officer.ask(CreateKeyChangeRequest {
        student: student.name.clone(),
        etag: student.etag.clone(),
        wanted: Some(KeyFields {
            display_name: "马一".into(),
            ..KeyFields::default()
        }),
        note: String::new(),
        evidence: proof("户口簿"),
        request_id: id(),
    });
    let filed = done(changes.create_key_change(request).await);
    let head = world.officer("school.approver", &school.name);
    let request = head.ask(step(&filed.name, &filed.etag));
    let endorsed = done(changes.endorse_key_change(request).await);
    clerk.claim(&elsewhere, 1).await;
    let county = world.officer("county.approver", COUNTY);
    let request = county.ask(step(&endorsed.name, &endorsed.etag));
    let (reason, message) = refusal(changes.approve_key_change(request).await);
    assert_eq!(reason, "STEP_NOT_READY");
    assert!(message.contains("disputed"), "{message}");
}

#[tokio::test]
async fn a_transfer_ends_when_the_old_school_has_ended_what_it_began() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let other = clerk.school("2163000002", "630103").await;
    let elsewhere = clerk.class(&other, 1, 1).await;
    let student = clerk.student(&class, 1).await.unwrap();

    let mut transfers = TransferServiceClient::new(world.link.clone());
    let receiving = world.officer_of("accounts/r1", "school.clerk", &other.name);
    let sending = world.officer_of("accounts/s1", "school.clerk", &school.name);
    let asked = child(1);
    let applying = CreateTransferRequest {
        parent: other.name.clone(),
        applicant: Some(TransferApplicant {
            display_name: asked.display_name,
            identity_type: 1,
            identity_number: asked.identity_number,
            birth_date: asked.birth_date,
            sex: asked.sex,
            ethnicity: asked.ethnicity,
            guardian_display_name: "马父".into(),
            ..TransferApplicant::default()
        }),
        receiving_class: elsewhere.name.clone(),
        reason: "随父母迁居".into(),
        evidence: proof("户口簿"),
        request_id: id(),
        ..CreateTransferRequest::default()
    };
    let own_province = CreateTransferRequest {
        outside_school: "省内某小学".into(),
        outside_region: "regions/630104".into(),
        request_id: id(),
        ..applying.clone()
    };
    let request = receiving.ask(own_province);
    let (reason, message) = refusal(transfers.create_transfer(request).await);
    assert_eq!(reason, "FIELD_INVALID", "{message}");

    let begun = done(transfers.create_transfer(receiving.ask(applying)).await);
    let head = world.officer_of("accounts/r2", "school.approver", &other.name);
    let request = head.ask(step(&begun.name, &begun.etag));
    let submitted = done(transfers.submit_transfer(request).await);
    let head = world.officer_of("accounts/s2", "school.approver", &school.name);
    let request = head.ask(step(&submitted.name, &submitted.etag));
    let released = done(transfers.release_transfer(request).await);
    let county = world.officer_of("accounts/c", "county.approver", COUNTY);
    let request = county.ask(step(&released.name, &released.etag));
    let approved = done(transfers.approve_transfer(request).await);
    let request = sending.ask(step(&approved.name, &approved.etag));
    let handed = done(transfers.hand_over_transfer(request).await);

    let mut changes = KeyChangeServiceClient::new(world.link.clone());
    let request = sending.ask(CreateKeyChangeRequest {
        student: student.name.clone(),
        etag: student.etag.clone(),
        wanted: Some(KeyFields {
            display_name: "马一".into(),
            ..KeyFields::default()
        }),
        note: String::new(),
        evidence: proof("户口簿"),
        request_id: id(),
    });
    let filed = done(changes.create_key_change(request).await);
    let request = receiving.ask(step(&handed.name, &handed.etag));
    let (reason, message) = refusal(transfers.complete_transfer(request).await);
    assert_eq!(reason, "STEP_NOT_READY");
    assert!(message.contains(&filed.name), "{message}");
    let request = sending.ask(step(&filed.name, &filed.etag));
    done(changes.withdraw_key_change(request).await);
    let request = receiving.ask(step(&handed.name, &handed.etag));
    let ended = done(transfers.complete_transfer(request).await);
    assert_eq!(ended.state(), transfer::State::Done);
}

#[tokio::test]
async fn rows_that_are_all_refused_leave_a_list_as_it_was_and_a_closed_school_takes_no_step() {
    use junheng_proto::registration::v1::admission_service_client::AdmissionServiceClient;
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let mut admissions = AdmissionServiceClient::new(world.link.clone());
    let officer = world.officer("school.clerk", &school.name);
    let plan = |school_year: i32| CreateAdmissionPlanRequest {
        parent: school.name.clone(),
        admission_plan: Some(AdmissionPlan {
            school_year,
            stage: 1,
            basis: admission_plan::Basis::Assigned.into(),
            place_count: 40,
            class_count: 1,
            ..AdmissionPlan::default()
        }),
        request_id: id(),
    };
    let far = admissions.create_admission_plan(officer.ask(plan(2040)));
    let (reason, message) = refusal(far.await);
    assert_eq!(reason, "FIELD_INVALID", "{message}");
    let plan = done(
        admissions
            .create_admission_plan(officer.ask(plan(2018)))
            .await,
    );
    let rows = || AddAdmissionEntriesRequest {
        name: plan.name.clone(),
        rows: vec![AdmissionRow {
            row: 1,
            kind: 1,
            child: None,
        }],
        validate_only: false,
        request_id: id(),
    };
    let result = done(admissions.add_admission_entries(officer.ask(rows())).await);
    assert_eq!((result.created_count, result.rejected_count), (0, 1));
    let request = officer.ask(GetAdmissionPlanRequest {
        name: plan.name.clone(),
    });
    let after = done(admissions.get_admission_plan(request).await);
    assert_eq!(after.etag, plan.etag);

    world.close(&school).await;
    let (reason, _) = refusal(admissions.add_admission_entries(officer.ask(rows())).await);
    assert_eq!(reason, "SCHOOL_NOT_OPEN");
    let head = world.officer("school.approver", &school.name);
    let request = head.ask(step(&plan.name, &after.etag));
    let (reason, _) = refusal(admissions.publish_admission_plan(request).await);
    assert_eq!(reason, "SCHOOL_NOT_OPEN");
}

#[tokio::test]
async fn a_child_who_dropped_out_goes_to_the_school_that_takes_it_in() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let other = clerk.school("2163000002", "630103").await;
    let elsewhere = clerk.class(&other, 1, 1).await;
    let student = clerk.student(&class, 1).await.unwrap();
    let mut cases = DropoutCaseServiceClient::new(world.link.clone());
    let report = clerk.ask(ReportDropoutSuspicionRequest {
        child: student.name.clone(),
        note: "多日未到校".into(),
        request_id: id(),
        ..Default::default()
    });
    let case = done(cases.report_dropout_suspicion(report).await);
    let head = world.officer("school.approver", &school.name);
    let confirm = head.ask(ConfirmDropoutCaseRequest {
        name: case.name,
        etag: case.etag,
        reason: dropout_case::Reason::Weary.into(),
        request_id: id(),
        ..Default::default()
    });
    done(cases.confirm_dropout_case(confirm).await);

    let claimed = clerk.claim(&elsewhere, 1).await;
    let mut duplicates = DuplicateCaseServiceClient::new(world.link.clone());
    let claimant = world.officer("school.clerk", &other.name);
    let proved = claimant.ask(step(&claimed.name, &claimed.etag));
    let proved = done(duplicates.state_duplicate_evidence(proved).await);
    let county = world.officer("county.approver", COUNTY);
    let settle = county.ask(SettleDuplicateRequest {
        name: proved.name.clone(),
        etag: proved.etag,
        outcome: duplicate_case::Outcome::ClaimantTakes.into(),
        claim: proved.claims[0].name.clone(),
        note: "该生现就读于申报学校".into(),
        evidence: Vec::new(),
        request_id: id(),
    });
    done(duplicates.settle_duplicate_case(settle).await);
    let request = clerk.ask(GetStudentRequest { name: student.name });
    let moved = done(clerk.students.get_student(request).await);
    assert_eq!(moved.school, other.name);
}
