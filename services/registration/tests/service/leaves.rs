//! Leaves of absence: who takes their steps, and what becomes of them when the record goes on without them.

use junheng_kernel::service::Link;
use junheng_proto::registration::v1::duplicate_case::Outcome;
use junheng_proto::registration::v1::duplicate_case_service_client::DuplicateCaseServiceClient;
use junheng_proto::registration::v1::status_change::{Kind, State};
use junheng_proto::registration::v1::status_change_service_client::StatusChangeServiceClient;
use junheng_proto::registration::v1::status_proof::Kind as Proof;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::*;
use junheng_proto::workflow::v1::StepRequest;
use tonic::{Code, Response, Status};

use crate::dropout::{done, evidence, ground, refused};
use crate::support::{Officer, World, id};

const COUNTY: &str = "regions/630103";

pub(crate) fn changes(world: &World) -> StatusChangeServiceClient<Link> {
    StatusChangeServiceClient::new(world.link.clone())
}

pub(crate) fn step(name: &str, etag: &str) -> StepRequest {
    StepRequest {
        name: name.into(),
        etag: etag.into(),
        note: "已核实".into(),
        evidence: vec![evidence("材料扫描件")],
        request_id: id(),
    }
}

/// Files a change, and has it agreed and approved.
pub(crate) async fn through(world: &World, change: StatusChange, school: &str) -> StatusChange {
    let clerk = world.officer("school.clerk", school);
    let request = clerk.ask(CreateStatusChangeRequest {
        parent: school.into(),
        status_change: Some(change),
        request_id: id(),
    });
    let filed = done(changes(world).create_status_change(request).await);
    let head = world.officer("school.approver", school);
    let request = head.ask(step(&filed.name, &filed.etag));
    let agreed = done(changes(world).agree_status_change(request).await);
    let county = world.officer("county.approver", COUNTY);
    let request = county.ask(step(&agreed.name, &agreed.etag));
    done(changes(world).approve_status_change(request).await)
}

/// A leave from today on.
fn asked(world: &World, student: &Student) -> StatusChange {
    let proof = |kind: Proof| StatusProof {
        kind: kind.into(),
        document: Some(evidence("材料扫描件")),
        rest_months: 3,
        county_hospital: true,
    };
    let today = world.context.clock.today();
    StatusChange {
        student: student.name.clone(),
        kind: Kind::Suspension.into(),
        effective_date: today.to_string(),
        until_date: (today + chrono::Days::new(120)).to_string(),
        reason: "因病须休养".into(),
        proofs: vec![proof(Proof::GuardianApplication), proof(Proof::Medical)],
        ..StatusChange::default()
    }
}

async fn file(world: &World, clerk: &Officer<'_>, student: &Student, school: &str) -> StatusChange {
    let request = CreateStatusChangeRequest {
        parent: school.into(),
        status_change: Some(asked(world, student)),
        request_id: id(),
    };
    done(
        changes(world)
            .create_status_change(clerk.ask(request))
            .await,
    )
}

/// A leave that runs.
pub(crate) async fn leave(world: &World, student: &Student, school: &str) -> StatusChange {
    through(world, asked(world, student), school).await
}

pub(crate) async fn read(world: &World, name: &str, by: &Officer<'_>) -> StatusChange {
    let request = by.ask(GetStatusChangeRequest { name: name.into() });
    done(changes(world).get_status_change(request).await)
}

#[tokio::test]
async fn who_filed_does_not_agree_however_the_record_is_spelt() {
    let world = World::new().await;
    let mut county = world.officer("county.clerk", COUNTY);
    let school = county.school("2163000001", "630103").await;
    let class = county.class(&school, 1, 1).await;
    let student = county.student(&class, 1).await.unwrap();
    let same = "accounts/one";
    let clerk = world.officer_of(same, "school.clerk", &school.name);
    let filed = file(&world, &clerk, &student, &school.name).await;
    let head = world.officer_of(same, "school.approver", &school.name);
    let (_, written) = filed.name.split_once('/').unwrap();
    let others = [
        written.to_uppercase(),
        written.replace('-', ""),
        format!("{{{written}}}"),
        format!("urn:uuid:{written}"),
    ];
    for other in others {
        let asked = step(&format!("statusChanges/{other}"), &filed.etag);
        let answer = changes(&world).agree_status_change(head.ask(asked)).await;
        refused(answer, Code::NotFound, "NOT_FOUND");
    }
    let asked = head.ask(step(&filed.name, &filed.etag));
    let answer = changes(&world).agree_status_change(asked).await;
    refused(answer, Code::PermissionDenied, "SAME_PERSON");
    let mut clerk = world.officer("school.clerk", &school.name);
    let request = clerk.ask(ListStudentsRequest {
        parent: school.name.to_uppercase().replace("SCHOOLS", "schools"),
        ..ListStudentsRequest::default()
    });
    let answer = clerk.students.list_students(request).await;
    refused(answer, Code::InvalidArgument, "FIELD_INVALID");
}

/// The claiming county decides that the claimant takes the record.
async fn settle(world: &World, case: &DuplicateCase) -> Result<Response<DuplicateCase>, Status> {
    let mut client = DuplicateCaseServiceClient::new(world.link.clone());
    let claimant = world.officer("school.clerk", &case.claims[0].school);
    let request = claimant.ask(step(&case.name, &case.etag));
    let proved = done(client.state_duplicate_evidence(request).await);
    let county = world.officer("county.approver", COUNTY);
    let request = county.ask(SettleDuplicateRequest {
        name: proved.name.clone(),
        etag: proved.etag.clone(),
        outcome: Outcome::ClaimantTakes.into(),
        claim: proved.claims[0].name.clone(),
        note: "学生实际在该校就读".into(),
        evidence: vec![evidence("核查表")],
        request_id: id(),
    });
    client.settle_duplicate_case(request).await
}

#[tokio::test]
async fn a_leave_ends_when_the_record_is_settled_elsewhere_and_raises_no_suspicion_then() {
    let world = World::new().await;
    let mut county = world.officer("county.clerk", COUNTY);
    let school = county.school("2163000001", "630103").await;
    let class = county.class(&school, 1, 1).await;
    let student = county.student(&class, 1).await.unwrap();
    let other = county.school("2163000002", "630103").await;
    let elsewhere = county.class(&other, 1, 1).await;
    let leave = leave(&world, &student, &school.name).await;
    assert_eq!(leave.state(), State::Effective);
    let case = county.claim(&elsewhere, 1).await;
    done(settle(&world, &case).await);
    let request = county.ask(GetStudentRequest {
        name: student.name.clone(),
    });
    let moved = done(county.students.get_student(request).await);
    assert_eq!(
        (moved.state(), &moved.school),
        (StudentState::Enrolled, &other.name)
    );
    let ended = read(&world, &leave.name, &county).await;
    assert_eq!(ended.state(), State::Closed);
    assert!(!ended.hangs);
    let request = county.ask(ListLeaveEndsRequest {
        parent: COUNTY.into(),
        by_date: "2099-01-01".into(),
        ..ListLeaveEndsRequest::default()
    });
    let ends = done(changes(&world).list_leave_ends(request).await);
    assert_eq!(ends.status_changes, []);
}

#[tokio::test]
async fn a_claim_of_a_school_that_has_closed_since_takes_no_record() {
    let world = World::new().await;
    let mut county = world.officer("county.clerk", COUNTY);
    let school = county.school("2163000001", "630103").await;
    let class = county.class(&school, 1, 1).await;
    let student = county.student(&class, 1).await.unwrap();
    let other = county.school("2163000002", "630103").await;
    let elsewhere = county.class(&other, 1, 1).await;
    let case = county.claim(&elsewhere, 1).await;
    world.close(&other).await;
    refused(
        settle(&world, &case).await,
        Code::FailedPrecondition,
        "SCHOOL_NOT_OPEN",
    );
    let request = county.ask(GetStudentRequest { name: student.name });
    let stays = done(county.students.get_student(request).await);
    assert_eq!(stays.school, school.name);
}

#[tokio::test]
async fn a_list_of_open_records_holds_the_child_who_dropped_out() {
    let ground = ground().await;
    let case = done(ground.report("school.clerk").await);
    ground.confirm(&case).await;
    assert_eq!(ground.state().await, StudentState::DroppedOut);
    let mut county = ground.officer("county.clerk");
    let lists = [
        (ground.school.name.as_str(), "", 0),
        (ground.school.name.as_str(), ground.class.name.as_str(), 0),
        (COUNTY, "", 0),
        (COUNTY, "", 1),
    ];
    for (parent, class, stage) in lists {
        let request = county.ask(ListStudentsRequest {
            parent: parent.into(),
            school_class: class.into(),
            stage,
            ..ListStudentsRequest::default()
        });
        let listed = done(county.students.list_students(request).await).students;
        let names: Vec<&str> = listed.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names.len(), 2, "{parent} {class} {stage}");
        assert!(names.contains(&ground.student.name.as_str()), "{names:?}");
    }
}
