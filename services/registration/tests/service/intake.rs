//! Nobody is locked into a list: who was not drawn, and whose place was given up, can go elsewhere; and a list with children on
//! it keeps its school from closing.

use crate::admitted::{add, admissions, cases, confirm, entrant, listed_in, publish, round, step};
use crate::support::{Officer, World, id};
use junheng_kernel::bulk::ImportResult;
use junheng_proto::error::v1::Reason;
use junheng_proto::obstacle::v1::ListObstaclesRequest;
use junheng_proto::obstacle::v1::obstacle_service_client::ObstacleServiceClient;
use junheng_proto::registration::v1::admission_entry::Outcome;
use junheng_proto::registration::v1::*;
use junheng_proto::workflow::v1::StepRequest;
use tonic::{Code, Status};

const COUNTY: &str = "regions/630103";
const DAY: i64 = 86_400;

async fn entries(
    world: &World,
    officer: &Officer<'_>,
    plan: &AdmissionPlan,
) -> Vec<AdmissionEntry> {
    let request = ListAdmissionEntriesRequest {
        parent: COUNTY.into(),
        plan: plan.name.clone(),
        ..ListAdmissionEntriesRequest::default()
    };
    let listed = admissions(world)
        .list_admission_entries(officer.ask(request))
        .await;
    listed.unwrap().into_inner().admission_entries
}

fn reasons(result: &ImportResult) -> Vec<Reason> {
    result.verdicts.iter().map(|one| one.reason()).collect()
}

async fn release(
    world: &World,
    entry: &AdmissionEntry,
    note: &str,
) -> Result<AdmissionEntry, Status> {
    let county = world.officer("county.approver", COUNTY);
    let request = StepRequest {
        name: entry.name.clone(),
        etag: entry.etag.clone(),
        note: note.into(),
        request_id: id(),
        ..StepRequest::default()
    };
    let released = admissions(world)
        .release_admission_entry(county.ask(request))
        .await;
    Ok(released?.into_inner())
}

async fn get(world: &World, plan: &AdmissionPlan) -> AdmissionPlan {
    let clerk = world.officer("county.clerk", COUNTY);
    let name = plan.name.clone();
    let request = clerk.ask(GetAdmissionPlanRequest { name });
    let got = admissions(world).get_admission_plan(request).await;
    got.unwrap().into_inner()
}

async fn open_lists(world: &World, school: &School) -> i64 {
    let clerk = world.officer("county.clerk", COUNTY);
    let request = ListObstaclesRequest {
        service: "registration".into(),
        school: school.name.clone(),
        settled: false,
    };
    let mut client = ObstacleServiceClient::new(world.link.clone());
    let listed = client.list_obstacles(clerk.ask(request)).await.unwrap();
    let obstacles = listed.into_inner().obstacles.into_iter();
    let mut lists = obstacles.filter(|one| one.label == "招生名单");
    lists.next().map_or(0, |one| one.count)
}

#[tokio::test]
async fn who_was_not_drawn_or_does_not_come_can_stand_on_another_list_of_the_year() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let wanted = clerk.school("2163000001", "630103").await;
    let beside = clerk.school("2163000002", "630103").await;
    let (plan, _) = listed_in(&world, &wanted, 1, &[1, 2]).await;
    let (other, taken) = listed_in(&world, &beside, 40, &[1, 2]).await;
    assert_eq!(reasons(&taken), [Reason::ListedAlready; 2]);
    let published = publish(&world, &wanted, &plan).await;
    assert_eq!(published.admitted_count, 1);
    let early = add(&world, &beside, &other, &[1, 2]).await;
    assert_eq!(early.created_count, 0, "the draw can still be made void");
    world.context.clock.advance_seconds(8 * DAY);
    let county = world.officer("county.approver", COUNTY);
    let confirmed = admissions(&world)
        .confirm_admission_plan(county.ask(step(&published)))
        .await;
    let plan = confirmed.unwrap().into_inner();

    let of_outcome = |all: &[AdmissionEntry], outcome: Outcome| {
        let found = all.iter().find(|one| one.outcome() == outcome);
        found.unwrap().clone()
    };
    let all = entries(&world, &county, &plan).await;
    let (undrawn, drawn) = (
        of_outcome(&all, Outcome::NotDrawn),
        of_outcome(&all, Outcome::Admitted),
    );
    let serial = |entry: &AdmissionEntry| {
        let name = &entry.child.as_ref().unwrap().display_name;
        (1..=2)
            .find(|serial| entrant(*serial).display_name == *name)
            .unwrap()
    };
    let (undrawn_child, drawn_child) = (serial(&undrawn), serial(&drawn));
    let free = add(&world, &beside, &other, &[undrawn_child]).await;
    assert_eq!((free.created_count, reasons(&free)), (1, Vec::new()));
    let held = add(&world, &beside, &other, &[drawn_child]).await;
    assert_eq!(reasons(&held), [Reason::ListedAlready]);

    // The place is given up with a reason, and only by the county.
    let silent = release(&world, &drawn, "").await.unwrap_err();
    assert_eq!(silent.code(), Code::InvalidArgument);
    let never = release(&world, &undrawn, "随父母迁往外地")
        .await
        .unwrap_err();
    assert_eq!(never.code(), Code::FailedPrecondition, "{never:?}");
    let released = release(&world, &drawn, "随父母迁往外地").await.unwrap();
    assert_eq!(released.outcome(), Outcome::Released);
    let now = get(&world, &plan).await;
    assert_eq!((now.admitted_count, now.listed_count), (0, 2));

    // Until another list takes the child, the county looks for it.
    let early = round(&world).await;
    assert_eq!(early.cohort_count, 0, "the days to arrive run");
    world.context.clock.advance_seconds(18 * DAY);
    assert_eq!(round(&world).await.cohort_count, 1);
    let clerk = world.officer("county.clerk", COUNTY);
    let open = cases(&world, &clerk, COUNTY).await;
    assert_eq!(open.len(), 1);
    assert_eq!(
        (open[0].admission_entry.as_str(), open[0].school.as_str()),
        (drawn.name.as_str(), "")
    );
    let free = add(&world, &beside, &other, &[drawn_child]).await;
    assert_eq!(free.created_count, 1);
    let again = round(&world).await;
    assert_eq!((again.cohort_count, again.opened_count), (0, 0));
}

#[tokio::test]
async fn a_school_with_admitted_children_neither_registered_nor_released_has_a_list_open() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let (plan, _) = listed_in(&world, &school, 40, &[1, 2, 3]).await;
    let plan = confirm(&world, &school, &plan).await;
    assert_eq!(open_lists(&world, &school).await, 1, "nobody has arrived");
    let clerk = world.officer("school.clerk", &school.name);
    let county = world.officer("county.clerk", COUNTY);
    let all = entries(&world, &county, &plan).await;
    let arrive = RecordArrivalsRequest {
        name: plan.name.clone(),
        entries: vec![all[0].name.clone()],
        request_id: id(),
    };
    let arrived = admissions(&world).record_arrivals(clerk.ask(arrive)).await;
    let enrol = clerk.ask(step(&arrived.unwrap().into_inner()));
    let enrolled = admissions(&world).enrol_admitted(enrol).await.unwrap();
    assert_eq!(enrolled.get_ref().enrolled_count, 1);
    assert_eq!(
        open_lists(&world, &school).await,
        1,
        "two are still expected"
    );
    let arrive = RecordArrivalsRequest {
        name: plan.name.clone(),
        entries: vec![all[1].name.clone()],
        request_id: id(),
    };
    admissions(&world)
        .record_arrivals(clerk.ask(arrive))
        .await
        .unwrap();
    let now = entries(&world, &county, &plan).await;
    let registered = release(&world, &now[0], "学校撤并").await.unwrap_err();
    assert_eq!(
        registered.code(),
        Code::FailedPrecondition,
        "{registered:?}"
    );
    for entry in &now[1..] {
        release(&world, entry, "学校撤并,由接收学校另行录取")
            .await
            .unwrap();
    }
    let now = get(&world, &plan).await;
    let counts = (now.admitted_count, now.arrived_count, now.enrolled_count);
    assert_eq!(counts, (1, 1, 1));
    assert_eq!(open_lists(&world, &school).await, 0);
}

#[tokio::test]
async fn a_public_school_draws_among_the_children_of_its_zones_and_a_private_one_among_all() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let public = clerk.school("2163000001", "630103").await;
    let private = CreateSchoolRequest {
        parent: COUNTY.into(),
        school: Some(School {
            school_code: "2163000002".into(),
            display_name: "民办小学".into(),
            kind: 211,
            urban_rural: 111,
            sponsor: 10,
            ..School::default()
        }),
        request_id: id(),
    };
    let private = clerk.ask(private);
    let private = clerk
        .schools
        .create_school(private)
        .await
        .unwrap()
        .into_inner();
    let draw = async |school: &School| {
        let clerk = world.officer("school.clerk", &school.name);
        let create = CreateAdmissionPlanRequest {
            parent: school.name.clone(),
            admission_plan: Some(AdmissionPlan {
                school_year: 2018,
                stage: 1,
                basis: admission_plan::Basis::Draw.into(),
                place_count: 40,
                class_count: 1,
                ..AdmissionPlan::default()
            }),
            request_id: id(),
        };
        admissions(&world)
            .create_admission_plan(clerk.ask(create))
            .await
    };
    let unzoned = draw(&public).await.unwrap_err();
    assert_eq!(unzoned.code(), Code::FailedPrecondition, "{unzoned:?}");
    assert!(unzoned.message().contains("zones"), "{unzoned:?}");
    assert!(draw(&private).await.is_ok());
}
