//! Attendance zones 学区: drafted, announced, published, then fixed for the year.

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::zone_plan::State;
use junheng_proto::registration::v1::{
    AmendZonePlanRequest, AttendanceZone, CheckZonePlanRequest, CreateZonePlanRequest,
    GetZonePlanRequest, LookUpZoneRequest, ZonePlan,
};
use junheng_proto::workflow::v1::StepRequest;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::{County, Story, World, request_id, story};
use tonic::Code;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("zones that meet or leave a town out are not announced and the list says where", |world| Box::pin(overlaps(world))),
    story("published zones are found by place and by name and stay as they are for the year", |world| Box::pin(published(world))),
    story("a county cannot draw another's zones nor feed another's school", |world| Box::pin(foreign(world))),
];

/// The school year that stories draw zones for.
const YEAR: i32 = 2026;

/// The step of a plan.
pub fn step(name: &str, etag: &str) -> StepRequest {
    StepRequest {
        name: name.to_owned(),
        etag: etag.to_owned(),
        note: "办理".to_owned(),
        evidence: Vec::new(),
        request_id: request_id(),
    }
}

/// A zone over places that feeds schools.
pub fn zone(number: i32, places: &[&str], areas: &[&str], schools: &[&str]) -> AttendanceZone {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    AttendanceZone {
        number,
        display_name: format!("第{number}片区"),
        places: owned(places),
        areas: owned(areas),
        schools: owned(schools),
        place_count: 90,
    }
}

/// A request that drafts zones of primary schools.
pub fn draft(
    county: &County,
    school_year: i32,
    zones: Vec<AttendanceZone>,
) -> CreateZonePlanRequest {
    CreateZonePlanRequest {
        parent: county.place.county.clone(),
        zone_plan: Some(ZonePlan {
            school_year,
            stage: Stage::Primary.into(),
            zones,
            ..ZonePlan::default()
        }),
        request_id: request_id(),
    }
}

/// Publishes one zone over the whole county; the installation goes on eight days later.
pub async fn publish_whole_county(
    world: &mut World,
    county: &County,
    school_year: i32,
    school: &str,
) -> ZonePlan {
    let whole = zone(1, &[county.code()], &["翠园小区"], &[school]);
    let request = draft(county, school_year, vec![whole]);
    let plan = answered(county.clerk.zones().create_zone_plan(request).await);
    let approver = world.sign_in("county.approver", &county.place.county).await;
    let announced = approver
        .zones()
        .announce_zone_plan(step(&plan.name, &plan.etag))
        .await;
    let announced = answered(announced);
    world.later(8).expect("eight days later");
    let approver = world.sign_in("county.approver", &county.place.county).await;
    let published = approver
        .zones()
        .publish_zone_plan(step(&plan.name, &announced.etag))
        .await;
    answered(published)
}

async fn overlaps(world: &World) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await;
    let village = format!("{}001002", county.code());
    let town = format!("{}001", county.code());
    let zones = vec![
        zone(1, &[&town], &["翠园小区"], &[&school.name]),
        zone(2, &[&village], &["翠园小区"], &[&school.name]),
    ];
    let request = draft(&county, YEAR, zones.clone());
    let plan = answered(county.clerk.zones().create_zone_plan(request.clone()).await);
    let again = CreateZonePlanRequest {
        request_id: request_id(),
        ..request
    };
    let taken = county.clerk.zones().create_zone_plan(again).await;
    let taken = refused(taken, Code::AlreadyExists, "PLAN_TAKEN");
    assert_eq!(taken.metadata["name"], plan.name);

    let check = CheckZonePlanRequest {
        name: plan.name.clone(),
    };
    let found = answered(county.clerk.zones().check_zone_plan(check.clone()).await);
    let met: Vec<&str> = found
        .overlaps
        .iter()
        .map(|one| one.r#where.as_str())
        .collect();
    assert_eq!(met, [village.as_str(), "翠园小区"]);
    assert!(
        !found.uncovered_towns.is_empty(),
        "only one town is covered"
    );

    let approver = world.sign_in("county.approver", &county.place.county).await;
    let announce = async |etag: &str| {
        let request = step(&plan.name, etag);
        approver.zones().announce_zone_plan(request).await
    };
    let unready = announce(&plan.etag).await;
    let unready = refused(unready, Code::FailedPrecondition, "STEP_NOT_READY");
    assert!(unready.sentence.contains(&village), "{unready:?}");

    let apart = AmendZonePlanRequest {
        name: plan.name.clone(),
        etag: plan.etag.clone(),
        zones: vec![zones[0].clone()],
        request_id: request_id(),
    };
    let plan_now = answered(county.clerk.zones().amend_zone_plan(apart).await);
    let unready = announce(&plan_now.etag).await;
    let unready = refused(unready, Code::FailedPrecondition, "STEP_NOT_READY");
    assert!(unready.sentence.contains("未划入"), "{unready:?}");
}

async fn published(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let county = County::fresh(&world).await;
    let school = county.school(SchoolKind::Primary).await;
    let request = draft(
        &county,
        YEAR,
        vec![zone(1, &[county.code()], &[], &[&school.name])],
    );
    let plan = answered(county.clerk.zones().create_zone_plan(request).await);

    // Whoever drafted a plan does not announce it, in whatever post.
    let both = [
        ("county.clerk", county.place.county.as_str()),
        ("county.approver", county.place.county.as_str()),
    ];
    world.appoint("two.posts", &both).await;
    let post = |role: &str| Some(junheng_tests::world::post(role, &county.place.county));
    let password = junheng_tests::world::PASSWORD;
    let clerk = world
        .enter("two.posts", password, post("county.clerk"))
        .await;
    let amend = AmendZonePlanRequest {
        name: plan.name.clone(),
        etag: plan.etag.clone(),
        zones: vec![zone(1, &[county.code()], &["翠园小区"], &[&school.name])],
        request_id: request_id(),
    };
    let plan = answered(clerk.zones().amend_zone_plan(amend).await);
    let same = world
        .enter("two.posts", password, post("county.approver"))
        .await;
    let own = same
        .zones()
        .announce_zone_plan(step(&plan.name, &plan.etag))
        .await;
    refused(own, Code::PermissionDenied, "SAME_PERSON");

    let approver = world.sign_in("county.approver", &county.place.county).await;
    let early = approver
        .zones()
        .publish_zone_plan(step(&plan.name, &plan.etag))
        .await;
    refused(early, Code::FailedPrecondition, "STEP_NOT_ALLOWED");
    let noticed = approver
        .zones()
        .announce_zone_plan(step(&plan.name, &plan.etag))
        .await;
    let noticed = answered(noticed);
    assert_eq!(noticed.state(), State::Notice);
    let early = approver
        .zones()
        .publish_zone_plan(step(&plan.name, &noticed.etag))
        .await;
    let early = refused(early, Code::FailedPrecondition, "STEP_TOO_EARLY");
    assert_eq!(early.metadata["not_before"], noticed.notice_end_date);
    let look_up = |place: &str, area: &str| LookUpZoneRequest {
        parent: county.place.county.clone(),
        stage: Stage::Primary.into(),
        school_year: YEAR,
        place: place.to_owned(),
        area: area.to_owned(),
    };
    let village = format!("{}001002", county.code());
    let unpublished = approver.zones().look_up_zone(look_up(&village, "")).await;
    refused(unpublished, Code::NotFound, "NOT_FOUND");

    world.later(8).expect("eight days later");
    let approver = world.sign_in("county.approver", &county.place.county).await;
    let done = approver
        .zones()
        .publish_zone_plan(step(&plan.name, &noticed.etag))
        .await;
    let done = answered(done);
    assert_eq!(done.state(), State::Published);
    let clerk = world.sign_in("county.clerk", &county.place.county).await;
    let late = AmendZonePlanRequest {
        name: plan.name.clone(),
        etag: done.etag.clone(),
        zones: Vec::new(),
        request_id: request_id(),
    };
    let late = clerk.zones().amend_zone_plan(late).await;
    refused(late, Code::FailedPrecondition, "STEP_NOT_ALLOWED");
    let back = approver
        .zones()
        .return_zone_plan(step(&plan.name, &done.etag))
        .await;
    refused(back, Code::FailedPrecondition, "STEP_NOT_ALLOWED");
    // A school elsewhere may look it up, by place and by name.
    let anybody = world.sign_in("school.clerk", &school.name).await;
    for request in [look_up(&village, ""), look_up("", "翠园小区")] {
        let found = answered(anybody.zones().look_up_zone(request).await);
        assert_eq!(found.zones.len(), 1);
        assert_eq!(found.zones[0].schools, [school.name.as_str()]);
    }
    let nowhere = answered(anybody.zones().look_up_zone(look_up("", "无此小区")).await);
    assert!(nowhere.zones.is_empty());
}

async fn foreign(world: &World) {
    let [here, there, _] = world.neighbours();
    let (here, there) = (
        County::at(world, here).await,
        County::at(world, there).await,
    );
    let school = there.school(SchoolKind::Primary).await;
    let theirs = draft(&there, YEAR, Vec::new());
    let answer = here.clerk.zones().create_zone_plan(theirs.clone()).await;
    refused(answer, Code::PermissionDenied, "OUT_OF_SCOPE");
    let plan = answered(there.clerk.zones().create_zone_plan(theirs).await);
    let get = GetZonePlanRequest { name: plan.name };
    refused(
        here.clerk.zones().get_zone_plan(get).await,
        Code::NotFound,
        "NOT_FOUND",
    );
    let feeds = vec![zone(1, &[here.code()], &[], &[&school.name])];
    let answer = here
        .clerk
        .zones()
        .create_zone_plan(draft(&here, YEAR, feeds))
        .await;
    refused(answer, Code::InvalidArgument, "FIELD_INVALID");
    let beyond = vec![zone(1, &[there.code()], &[], &[&school.name])];
    let answer = here
        .clerk
        .zones()
        .create_zone_plan(draft(&here, YEAR, beyond))
        .await;
    refused(answer, Code::InvalidArgument, "FIELD_INVALID");
    let junior = here.school(SchoolKind::Junior).await;
    let wrong_stage = vec![zone(1, &[here.code()], &[], &[&junior.name])];
    let answer = here
        .clerk
        .zones()
        .create_zone_plan(draft(&here, YEAR, wrong_stage))
        .await;
    refused(answer, Code::InvalidArgument, "FIELD_INVALID");
}
