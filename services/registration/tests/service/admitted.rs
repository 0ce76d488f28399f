//! Children who were admitted and did not arrive: whoever has no record has a case all the same.

use std::time::Duration;

use crate::comparisons::{client, compare, send};
use crate::support::{Officer, World, id};
use junheng_kernel::bulk::ImportResult;
use junheng_kernel::identity_number::check_character;
use junheng_kernel::service::Link;
use junheng_proto::registration::v1::admission_entry::Kind;
use junheng_proto::registration::v1::admission_plan::{Basis, State as PlanState};
use junheng_proto::registration::v1::admission_service_client::AdmissionServiceClient;
use junheng_proto::registration::v1::dropout_case::{Finding, State};
use junheng_proto::registration::v1::dropout_case_service_client::DropoutCaseServiceClient;
use junheng_proto::registration::v1::finding_service_client::FindingServiceClient;
use junheng_proto::registration::v1::resident_list::Kind as ListKind;
use junheng_proto::registration::v1::*;
use junheng_proto::workflow::v1::StepRequest;
use tonic::Code;

const COUNTY: &str = "regions/630103";
const DAY: i64 = 86_400;
const SOON: Duration = Duration::from_secs(30);

/// A child who is six in the summer of 2018; the number belongs to nobody.
pub fn entrant(serial: u32) -> AdmittedChild {
    let digits = format!("63010320120301{serial:03}");
    AdmittedChild {
        display_name: format!("苗{serial}"),
        identity_type: 1,
        identity_number: format!("{digits}{}", check_character(&digits).unwrap()),
        sex: if serial % 2 == 1 { 1 } else { 2 },
        birth_date: "2012-03-01".into(),
        ethnicity: "01".into(),
        hukou_place: "630103001".into(),
        residence_place: "630103001002".into(),
        residence: "某某路1号".into(),
        guardian_display_name: "苗大".into(),
        guardian_phone: "13800005678".into(),
        ..AdmittedChild::default()
    }
}

fn listed(row: i64, serial: u32) -> ResidentRow {
    let child = entrant(serial);
    ResidentRow {
        row,
        display_name: child.display_name,
        identity_type: child.identity_type,
        identity_number: child.identity_number,
        birth_date: child.birth_date,
        sex: child.sex,
        region: "630103".into(),
        ..ResidentRow::default()
    }
}

pub fn step(plan: &AdmissionPlan) -> StepRequest {
    StepRequest {
        name: plan.name.clone(),
        etag: plan.etag.clone(),
        request_id: id(),
        ..StepRequest::default()
    }
}

pub fn admissions(world: &World) -> AdmissionServiceClient<Link> {
    AdmissionServiceClient::new(world.link.clone())
}

/// A list of children that the county has confirmed.
async fn confirmed(world: &World, school: &School, children: &[u32]) -> AdmissionPlan {
    let (plan, added) = listed_in(world, school, 40, children).await;
    assert_eq!(added.created_count, children.len() as i64, "{added:?}");
    confirm(world, school, &plan).await
}

/// A new list of a school with these children.
pub async fn listed_in(
    world: &World,
    school: &School,
    places: i32,
    children: &[u32],
) -> (AdmissionPlan, ImportResult) {
    let mut service = admissions(world);
    let clerk = world.officer("school.clerk", &school.name);
    let create = CreateAdmissionPlanRequest {
        parent: school.name.clone(),
        admission_plan: Some(AdmissionPlan {
            school_year: 2018,
            stage: 1,
            basis: Basis::Assigned.into(),
            place_count: places,
            class_count: 1,
            ..AdmissionPlan::default()
        }),
        request_id: id(),
    };
    let plan = service.create_admission_plan(clerk.ask(create)).await;
    let plan = plan.unwrap().into_inner();
    let added = add(world, school, &plan, children).await;
    let get = GetAdmissionPlanRequest {
        name: plan.name.clone(),
    };
    let plan = service.get_admission_plan(clerk.ask(get)).await.unwrap();
    (plan.into_inner(), added)
}

/// Enters children into a list.
pub async fn add(
    world: &World,
    school: &School,
    plan: &AdmissionPlan,
    children: &[u32],
) -> ImportResult {
    let clerk = world.officer("school.clerk", &school.name);
    let row = |(row, serial): (i64, &u32)| AdmissionRow {
        row,
        kind: Kind::Local.into(),
        child: Some(entrant(*serial)),
    };
    let add = AddAdmissionEntriesRequest {
        name: plan.name.clone(),
        rows: (2..).zip(children).map(row).collect(),
        validate_only: false,
        request_id: id(),
    };
    let added = admissions(world)
        .add_admission_entries(clerk.ask(add))
        .await;
    added.unwrap().into_inner()
}

/// Takes a list to the county's confirmation, by a draw where there are too many.
pub async fn confirm(world: &World, school: &School, plan: &AdmissionPlan) -> AdmissionPlan {
    let plan = publish(world, school, plan).await;
    world.context.clock.advance_seconds(8 * DAY);
    let county = world.officer("county.approver", COUNTY);
    let confirm = county.ask(step(&plan));
    let plan = admissions(world).confirm_admission_plan(confirm).await;
    let plan = plan.unwrap().into_inner();
    assert_eq!(plan.state(), PlanState::Confirmed);
    plan
}

/// Takes a list to its public notice.
pub async fn publish(world: &World, school: &School, plan: &AdmissionPlan) -> AdmissionPlan {
    let mut service = admissions(world);
    let head = world.officer("school.approver", &school.name);
    let close = CloseAdmissionPlanRequest {
        name: plan.name.clone(),
        etag: plan.etag.clone(),
        seed_source: "双色球 2018-09-04 开奖号码".into(),
        request_id: id(),
    };
    let plan = service.close_admission_plan(head.ask(close)).await.unwrap();
    let mut plan = plan.into_inner();
    if plan.listed_count > plan.place_count {
        let draw = DrawAdmissionPlanRequest {
            name: plan.name.clone(),
            etag: plan.etag.clone(),
            seed: "03 08 12 19 27 33 + 05".into(),
            request_id: id(),
        };
        let county = world.officer("county.approver", COUNTY);
        let drawn = service.draw_admission_plan(county.ask(draw)).await;
        plan = drawn.unwrap().into_inner();
    }
    let publish = head.ask(step(&plan));
    let plan = service.publish_admission_plan(publish).await.unwrap();
    plan.into_inner()
}

/// A round through the county; the day's own may be under way.
pub async fn round(world: &World) -> FindingRound {
    let clerk = world.officer("county.clerk", COUNTY);
    let request = RunFindingRequest {
        parent: COUNTY.into(),
        request_id: id(),
    };
    for _ in 0..100 {
        let mut service = FindingServiceClient::new(world.link.clone());
        match service.run_finding(clerk.ask(request.clone())).await {
            Ok(round) => return round.into_inner(),
            Err(status) => assert_eq!(status.code(), Code::Aborted, "{status:?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no round came about");
}

pub async fn cases(world: &World, officer: &Officer<'_>, parent: &str) -> Vec<DropoutCase> {
    let request = ListDropoutCasesRequest {
        parent: parent.into(),
        ..ListDropoutCasesRequest::default()
    };
    let mut service = DropoutCaseServiceClient::new(world.link.clone());
    let listed = service.list_dropout_cases(officer.ask(request)).await;
    listed.unwrap().into_inner().dropout_cases
}

#[tokio::test]
async fn every_admitted_child_who_did_not_arrive_has_one_case_with_a_record_or_without() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let plan = confirmed(&world, &school, &[1, 2]).await;
    let early = round(&world).await;
    assert_eq!(early.cohort_count, 0, "the days to arrive run");
    world.context.clock.advance_seconds(10 * DAY);
    let found = round(&world).await;
    assert_eq!(found.cohort_count, 2);
    let again = round(&world).await;
    assert_eq!((again.cohort_count, again.opened_count), (2, 0));

    let head = world.officer("school.approver", &school.name);
    let open = cases(&world, &head, &school.name).await;
    assert_eq!(
        open.len(),
        2,
        "the school that admitted them looks for them"
    );
    for case in &open {
        assert_eq!(
            (case.state(), case.finding()),
            (State::Suspected, Finding::Cohort)
        );
        assert!(case.student.is_empty() && case.resident.is_empty());
        assert_eq!(case.source, case.admission_entry);
        assert_eq!((case.stage, case.grade), (1, 1));
        assert!(case.display_name.starts_with('苗') && case.guardian_display_name == "苗大");
        assert!(!case.guardian_phone.contains("13800005678"), "masked");
    }

    // The police list one of them: the same child, the same case.
    let police = world.officer("county.partner", COUNTY);
    send(&world, &police, ListKind::SchoolAge, vec![listed(2, 1)]).await;
    compare(&world, &police).await;
    let now = cases(&world, &head, &school.name).await;
    assert_eq!(now.len(), 2);
    let known: Vec<&DropoutCase> = now
        .iter()
        .filter(|case| !case.resident.is_empty())
        .collect();
    assert_eq!(known.len(), 1);
    let get = GetResidentRequest {
        name: known[0].resident.clone(),
    };
    let county = world.officer("county.clerk", COUNTY);
    let resident = client(&world).get_resident(county.ask(get)).await.unwrap();
    assert_eq!(resident.get_ref().display_name, known[0].display_name);

    // Both arrive at last: their cases go on as the students'.
    let school_clerk = world.officer("school.clerk", &school.name);
    let mut service = admissions(&world);
    let arrive = RecordArrivalsRequest {
        name: plan.name.clone(),
        entries: now
            .iter()
            .map(|case| case.admission_entry.clone())
            .collect(),
        request_id: id(),
    };
    let arrived = service.record_arrivals(school_clerk.ask(arrive)).await;
    let enrol = school_clerk.ask(step(arrived.unwrap().get_ref()));
    let enrolled = service.enrol_admitted(enrol).await.unwrap().into_inner();
    assert_eq!(enrolled.enrolled_count, 2);
    let handed_over = async {
        loop {
            let head = world.officer("school.approver", &school.name);
            let now = cases(&world, &head, &school.name).await;
            if now.iter().all(|case| !case.student.is_empty()) {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let now = tokio::time::timeout(SOON, handed_over).await.unwrap();
    assert_eq!(now.len(), 2);
    for case in &now {
        assert!(case.resident.is_empty() && case.admission_entry.is_empty());
        assert!(case.source.starts_with("admissionEntries/"));
    }
    let last = round(&world).await;
    assert_eq!((last.cohort_count, last.opened_count), (0, 0));
}
