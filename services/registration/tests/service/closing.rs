//! A school closes only when the services that keep its teachers and sites have said that nothing is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::support::{World, id, row};
use junheng_kernel::service::Link;
use junheng_proto::obstacle::v1::obstacle_service_server::{
    ObstacleService, ObstacleServiceServer,
};
use junheng_proto::obstacle::v1::{ListObstaclesRequest, ListObstaclesResponse, Obstacle};
use junheng_proto::registration::v1::admission_service_client::AdmissionServiceClient;
use junheng_proto::registration::v1::reorganisation::{Kind, State};
use junheng_proto::registration::v1::reorganisation_service_client::ReorganisationServiceClient;
use junheng_proto::registration::v1::school_service_client::SchoolServiceClient;
use junheng_proto::registration::v1::*;
use junheng_proto::workflow::v1::{Evidence, StepRequest};
use tonic::{Request, Response, Status};
use tonic_types::StatusExt as _;

const COUNTY: &str = "regions/630103";

/// A service that keeps so many teachers.
pub(crate) struct Keeps(pub(crate) Arc<AtomicI64>);

#[tonic::async_trait]
impl ObstacleService for Keeps {
    async fn list_obstacles(
        &self,
        request: Request<ListObstaclesRequest>,
    ) -> Result<Response<ListObstaclesResponse>, Status> {
        assert!(request.into_inner().settled, "an answer that stays");
        let count = self.0.load(Ordering::SeqCst);
        let found = (count > 0).then(|| Obstacle {
            kind: "teachers".into(),
            label: "教职工".into(),
            count,
            source: String::new(),
        });
        Ok(Response::new(ListObstaclesResponse {
            obstacles: found.into_iter().collect(),
        }))
    }
}

pub(crate) fn step(plan: &Reorganisation) -> StepRequest {
    StepRequest {
        name: plan.name.clone(),
        etag: plan.etag.clone(),
        request_id: id(),
        evidence: vec![Evidence {
            title: "论证报告".into(),
            digest: "ab".repeat(32),
            ..Evidence::default()
        }],
        ..StepRequest::default()
    }
}

/// A plan for a school, as yet without what its kind needs.
pub(crate) fn plan(world: &World, kind: Kind, school: &School) -> Reorganisation {
    Reorganisation {
        kind: kind.into(),
        school: school.name.clone(),
        reason: "学龄人口变化,按县域布局规划调整".into(),
        effective_date: world.context.clock.today().to_string(),
        ..Reorganisation::default()
    }
}

pub(crate) fn refusal<T: std::fmt::Debug>(
    answer: Result<Response<T>, Status>,
) -> (tonic::Code, String, String) {
    let status = answer.unwrap_err();
    let details = status.get_error_details();
    let sentence = details.localized_message().unwrap().message.clone();
    let reason = details.error_info().unwrap().reason.clone();
    (status.code(), reason, sentence)
}

/// A school closes, and another takes its pupils in.
fn closure(world: &World, closing: &School, standing: &School) -> Reorganisation {
    Reorganisation {
        kind: Kind::Closure.into(),
        school: closing.name.clone(),
        receiving_school: standing.name.clone(),
        reason: "学龄人口减少,按县域布局规划调整".into(),
        effective_date: world.context.clock.today().to_string(),
        ..Reorganisation::default()
    }
}

/// The plan, drafted, published, approved by the county and its city: ready to be carried out.
pub(crate) async fn approved(world: &World, plan: Reorganisation) -> Reorganisation {
    let clerk = world.officer("county.clerk", COUNTY);
    let mut client = ReorganisationServiceClient::new(world.link.clone());
    let create = CreateReorganisationRequest {
        parent: COUNTY.into(),
        reorganisation: Some(plan),
        request_id: id(),
    };
    let plan = client
        .create_reorganisation(clerk.ask(create))
        .await
        .unwrap()
        .into_inner();
    let plan = client
        .publish_reorganisation(clerk.ask(step(&plan)))
        .await
        .unwrap()
        .into_inner();
    world.context.clock.advance_seconds(30 * 86_400);
    let approver = world.officer("county.approver", COUNTY);
    let plan = client
        .approve_reorganisation(approver.ask(step(&plan)))
        .await
        .unwrap()
        .into_inner();
    let city = world.officer("city.approver", "regions/630100");
    let plan = client
        .endorse_reorganisation(city.ask(step(&plan)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(plan.state(), State::Approved);
    plan
}

#[tokio::test]
async fn a_school_waits_for_services_that_are_down_and_for_the_last_teacher() {
    let (world, staffing, assets) = World::with_neighbours().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let closing = clerk.school("2163900001", "630103").await;
    let standing = clerk.school("2163900002", "630103").await;
    let mut client = ReorganisationServiceClient::new(world.link.clone());
    let plan = approved(&world, closure(&world, &closing, &standing)).await;

    // No list of children is opened for it any more.
    let school_clerk = world.officer("school.clerk", &closing.name);
    let list = CreateAdmissionPlanRequest {
        parent: closing.name.clone(),
        admission_plan: Some(AdmissionPlan {
            school_year: 2019,
            stage: 1,
            basis: admission_plan::Basis::Assigned.into(),
            place_count: 40,
            class_count: 1,
            ..AdmissionPlan::default()
        }),
        request_id: id(),
    };
    let mut lists = AdmissionServiceClient::new(world.link.clone());
    let (_, reason, _) = refusal(lists.create_admission_plan(school_clerk.ask(list)).await);
    assert_eq!(reason, "SCHOOL_CLOSES");

    // Nobody answers: not refused for good, and not passed.
    let clerk = world.officer("county.clerk", COUNTY);
    let (code, reason, sentence) =
        refusal(client.execute_reorganisation(clerk.ask(step(&plan))).await);
    assert_eq!(
        (code, reason.as_str()),
        (tonic::Code::Unavailable, "OBSTACLES_UNKNOWN")
    );
    assert!(
        sentence.contains("staffing") && sentence.contains("重试"),
        "{sentence}"
    );
    let kept = Arc::new(AtomicI64::new(2));
    let serve = |kept: &Arc<AtomicI64>| -> Link {
        let routes = tonic::service::Routes::new(ObstacleServiceServer::new(Keeps(kept.clone())));
        world.context.guard(routes)
    };
    staffing.fill(serve(&kept));
    // One of the two is still down.
    let (_, reason, sentence) =
        refusal(client.execute_reorganisation(clerk.ask(step(&plan))).await);
    assert_eq!(reason, "OBSTACLES_UNKNOWN");
    assert!(sentence.contains("assets"), "{sentence}");
    assets.fill(serve(&Arc::new(AtomicI64::new(0))));
    let (_, reason, sentence) =
        refusal(client.execute_reorganisation(clerk.ask(step(&plan))).await);
    assert_eq!(reason, "STEP_NOT_READY");
    assert!(sentence.contains("教职工2项"), "{sentence}");
    let mut schools = SchoolServiceClient::new(world.link.clone());
    let read = GetSchoolRequest {
        name: closing.name.clone(),
    };
    let school = schools
        .get_school(clerk.ask(read.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(school.state(), school::State::Open);
    assert_eq!(school.closing_reorganisation, plan.name);

    kept.store(0, Ordering::SeqCst);
    let last = step(&plan);
    let done = client
        .execute_reorganisation(clerk.ask(last.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(done.state(), State::Done);
    let school = schools
        .get_school(clerk.ask(read))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(school.state(), school::State::Closed);
    // The same request again is the same answer, whoever holds what now.
    kept.store(1, Ordering::SeqCst);
    let again = client
        .execute_reorganisation(clerk.ask(last))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, done);
}

#[tokio::test]
async fn a_child_without_a_document_is_found_in_the_roster_of_the_school_that_took_it_in() {
    let (world, staffing, assets) = World::with_neighbours().await;
    let nothing = || {
        let keeps = Keeps(Arc::new(AtomicI64::new(0)));
        let routes = tonic::service::Routes::new(ObstacleServiceServer::new(keeps));
        world.context.guard(routes)
    };
    staffing.fill(nothing());
    assets.fill(nothing());
    let mut clerk = world.officer("county.clerk", COUNTY);
    let closing = clerk.school("2163900001", "630103").await;
    clerk.class(&closing, 1, 1).await;
    let standing = clerk.school("2163900002", "630103").await;
    let child = |code: &str| StudentRow {
        identity_type: student::IdentityType::None.into(),
        identity_number: String::new(),
        ..row(1, code, 1, 1, 1)
    };
    let first = clerk.import(COUNTY, vec![child("2163900001")]).await;
    assert_eq!(first.created_count, 1, "{first:?}");
    let plan = approved(&world, closure(&world, &closing, &standing)).await;
    let mut client = ReorganisationServiceClient::new(world.link.clone());
    let mut clerk = world.officer("county.clerk", COUNTY);
    let executed = client.execute_reorganisation(clerk.ask(step(&plan))).await;
    assert_eq!(executed.unwrap().into_inner().state(), State::Done);
    let roster = clerk.import(COUNTY, vec![child("2163900002")]).await;
    assert_eq!(
        (roster.created_count, roster.unchanged_count),
        (0, 1),
        "{roster:?}"
    );
}
