//! A record that ended by mistake is corrected by school and county, and the child is back in school.

use junheng_proto::registration::v1::status_change::Kind;
use junheng_proto::registration::v1::status_proof::Kind as Proof;
use junheng_proto::registration::v1::student::State;
use junheng_proto::registration::v1::student_change_service_client::StudentChangeServiceClient;
use junheng_proto::registration::v1::*;
use tonic::Code;

use crate::dropout::{done, evidence, refused};
use crate::leaves::{changes, through};
use crate::support::{Officer, World, id};

const COUNTY: &str = "regions/630103";

fn change(world: &World, student: &Student, kind: Kind, proof: Proof) -> StatusChange {
    StatusChange {
        student: student.name.clone(),
        kind: kind.into(),
        effective_date: world.context.clock.today().to_string(),
        reason: "经核查登记有误".into(),
        proofs: vec![StatusProof {
            kind: proof.into(),
            document: Some(evidence("核查材料")),
            ..StatusProof::default()
        }],
        ..StatusChange::default()
    }
}

async fn read(county: &mut Officer<'_>, student: &Student) -> Student {
    let name = student.name.clone();
    let request = county.ask(GetStudentRequest { name });
    done(county.students.get_student(request).await)
}

#[tokio::test]
async fn a_child_recorded_as_dead_by_mistake_is_back_in_its_class_with_its_record() {
    let world = World::new().await;
    let mut county = world.officer("county.clerk", COUNTY);
    let school = county.school("2163000001", "630103").await;
    let class = county.class(&school, 3, 1).await;
    let student = county.student(&class, 1).await.unwrap();
    let correction = |student: &Student| StatusChange {
        school_class: class.name.clone(),
        ..change(&world, student, Kind::Correction, Proof::Finding)
    };
    let clerk = world.officer("school.clerk", &school.name);
    let early = clerk.ask(CreateStatusChangeRequest {
        parent: school.name.clone(),
        status_change: Some(correction(&student)),
        request_id: id(),
    });
    let answer = changes(&world).create_status_change(early).await;
    refused(
        answer,
        Code::FailedPrecondition,
        "STATUS_CHANGE_NOT_APPLICABLE",
    );
    let death = change(&world, &student, Kind::Death, Proof::Death);
    through(&world, death, &school.name).await;
    assert_eq!(read(&mut county, &student).await.state(), State::Deceased);

    through(&world, correction(&student), &school.name).await;
    let now = read(&mut county, &student).await;
    assert_eq!((now.state(), now.grade), (State::Enrolled, 3));
    assert_eq!(now.school_class, class.name);
    assert_eq!(now.student_number, student.student_number);
    let request = county.ask(ListStudentChangesRequest {
        parent: student.name.clone(),
        ..ListStudentChangesRequest::default()
    });
    let mut history = StudentChangeServiceClient::new(world.link.clone());
    let told = done(history.list_student_changes(request).await).student_changes;
    let mut kinds: Vec<student_change::Kind> = told.iter().map(StudentChange::kind).collect();
    kinds.retain(|kind| *kind != student_change::Kind::Enrolled);
    kinds.sort_unstable();
    let mut expected = [
        student_change::Kind::Deceased,
        student_change::Kind::Restored,
    ];
    expected.sort_unstable();
    assert_eq!(kinds, expected, "what was recorded stays in the history");
}

#[tokio::test]
async fn a_leave_that_lies_in_the_past_suspends_nobody_today() {
    let world = World::new().await;
    let mut county = world.officer("county.clerk", COUNTY);
    let school = county.school("2163000001", "630103").await;
    let class = county.class(&school, 3, 1).await;
    let student = county.student(&class, 1).await.unwrap();
    let application = change(
        &world,
        &student,
        Kind::Suspension,
        Proof::GuardianApplication,
    );
    let mut medical = change(&world, &student, Kind::Suspension, Proof::Medical).proofs;
    (medical[0].rest_months, medical[0].county_hospital) = (6, true);
    medical.extend(application.proofs);
    let clerk = world.officer("school.clerk", &school.name);
    let request = clerk.ask(CreateStatusChangeRequest {
        parent: school.name.clone(),
        status_change: Some(StatusChange {
            effective_date: "2017-01-01".into(),
            until_date: "2017-12-30".into(),
            proofs: medical,
            ..change(&world, &student, Kind::Suspension, Proof::Medical)
        }),
        request_id: id(),
    });
    let answer = changes(&world).create_status_change(request).await;
    refused(answer, Code::InvalidArgument, "FIELD_INVALID");
}
