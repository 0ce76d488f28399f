//! A school closes when nobody holds anything for it any more: its teachers are placed, its sites are handed over.

use junheng_proto::assets::v1::{HandOverSiteRequest, ListSitesRequest, Site};
use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::obstacle::v1::{ListObstaclesRequest, Obstacle};
use junheng_proto::registration::v1::Reorganisation;
use junheng_proto::registration::v1::reorganisation::{Kind, State};
use junheng_proto::registration::v1::school::State as SchoolState;
use junheng_proto::staffing::v1::{ListTeachersRequest, MoveTeacherRequest, Teacher};
use junheng_tests::person::adult;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{
    all_in, employ, furnish, header, import_sites, import_teachers, site_row, teacher_row,
};
use junheng_tests::{County, Officer, School, Story, World, request_id, story};
use tonic::Code;

use crate::reorganisations::{
    LATER, approve, county, draft, execute, get, get_school, plan, primary, publish, step,
};

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a school does not close before its teachers and sites are with other schools", |world| Box::pin(emptied(world))),
    story("a closing that is withdrawn lets the school take teachers again", |world| Box::pin(withdrawn(world))),
];

/// A school whose closing is approved, with one teacher and one site, and the school that receives its pupils.
async fn closing(world: &mut World) -> (County, School, School, Reorganisation) {
    let county = county(world).await;
    let (closing, standing) = (primary(&county, 2).await, primary(&county, 1).await);
    employ(&county.clerk, &closing, Stage::Primary, 1).await;
    furnish(&county.clerk, &closing, 200).await;
    let drafted = Reorganisation {
        school: closing.name.clone(),
        receiving_school: standing.name.clone(),
        ..plan(Kind::Closure)
    };
    let drafted = draft(&county, drafted).await;
    publish(&county.clerk, &drafted.name).await;
    world.later(LATER).expect("a later day");
    let county = County::at(world, county.place).await;
    let before = get_school(&county.clerk, &closing.name).await;
    assert_eq!(before.closing_reorganisation, "");
    approve(world, &county, &drafted.name).await;
    let marked = get_school(&county.clerk, &closing.name).await;
    assert_eq!(marked.closing_reorganisation, drafted.name);
    (county, closing, standing, drafted)
}

async fn emptied(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let (county, closing, standing, plan) = closing(&mut world).await;
    let clerk = &county.clerk;
    // Once a service has answered for good, nothing new comes to the school.
    for (service, label, list) in [
        ("staffing", "教职工", "teachers"),
        ("assets", "校园", "sites"),
    ] {
        let found = obstacles(clerk, service, &closing).await;
        let told: Vec<_> = found
            .iter()
            .map(|one| (one.label.as_str(), one.count))
            .collect();
        assert_eq!(told, [(label, 1)]);
        assert_eq!(found[0].source, format!("{}/{list}", closing.name));
    }
    let late = teacher_row(&closing, Stage::Primary, &adult());
    let late = import_teachers(clerk, header(&closing.name), vec![late]).await;
    assert_eq!(reasons(&answered(late)), ["REASON_SCHOOL_CLOSES"]);
    let mut branch = site_row(&closing, 10);
    "分校区".clone_into(&mut branch.display_name);
    let late = import_sites(clerk, header(&closing.name), vec![branch]).await;
    assert_eq!(reasons(&answered(late)), ["REASON_SCHOOL_CLOSES"]);
    // What it has may still be corrected.
    let known = import_sites(clerk, header(&closing.name), vec![site_row(&closing, 210)]).await;
    all_in(answered(known));

    let told = hindered(clerk, &plan).await;
    assert!(
        told.contains("教职工1项") && told.contains("校园1项"),
        "{told}"
    );
    let teacher = teachers(clerk, &closing.name).await.remove(0);
    let to = |teacher: &Teacher, school: &School| MoveTeacherRequest {
        name: teacher.name.clone(),
        school: school.name.clone(),
        note: "学校撤并,分流安置".into(),
        etag: teacher.etag.clone(),
        request_id: request_id(),
        ..MoveTeacherRequest::default()
    };
    let junior = county.school(SchoolKind::Junior).await;
    let wrong = clerk.teachers().move_teacher(to(&teacher, &junior)).await;
    refused(wrong, Code::FailedPrecondition, "STAGE_NOT_RUN");
    let silent = MoveTeacherRequest {
        note: String::new(),
        ..to(&teacher, &standing)
    };
    let silent = clerk.teachers().move_teacher(silent).await;
    assert_eq!(
        refused(silent, Code::InvalidArgument, "FIELD_INVALID").fields,
        ["note"]
    );
    let stranger = County::fresh(&world).await.clerk;
    let theirs = stranger
        .teachers()
        .move_teacher(to(&teacher, &standing))
        .await;
    refused(theirs, Code::NotFound, "NOT_FOUND");
    let moved = answered(clerk.teachers().move_teacher(to(&teacher, &standing)).await);
    assert_eq!(
        (&moved.school, &moved.name),
        (&standing.name, &teacher.name)
    );
    let back = clerk.teachers().move_teacher(to(&moved, &closing)).await;
    refused(back, Code::FailedPrecondition, "SCHOOL_CLOSES");

    let told = hindered(clerk, &plan).await;
    assert!(
        !told.contains("教职工") && told.contains("校园1项"),
        "{told}"
    );
    furnish(clerk, &standing, 5).await;
    let site = sites(clerk, &closing.name).await.remove(0);
    let to = |name: &str| HandOverSiteRequest {
        name: site.name.clone(),
        school: standing.name.clone(),
        display_name: name.to_owned(),
        note: "学校撤并,校产划转".into(),
        etag: site.etag.clone(),
        request_id: request_id(),
        ..HandOverSiteRequest::default()
    };
    let taken = clerk.sites().hand_over_site(to("")).await;
    refused(taken, Code::AlreadyExists, "SITE_TAKEN");
    let handed = answered(clerk.sites().hand_over_site(to("东校区")).await);
    assert_eq!(
        (handed.book_count, handed.display_name.as_str()),
        (210, "东校区")
    );
    for service in ["staffing", "assets"] {
        assert_eq!(obstacles(clerk, service, &closing).await, []);
    }

    let done = execute(clerk, &plan.name).await;
    assert_eq!((done.state(), done.moved_student_count), (State::Done, 2));
    let closed = get_school(clerk, &closing.name).await;
    assert_eq!(closed.state(), SchoolState::Closed);
    assert_eq!(teachers(clerk, &standing.name).await.len(), 1);
    assert_eq!(sites(clerk, &standing.name).await.len(), 2);
    let late = teacher_row(&closing, Stage::Primary, &adult());
    let late = import_teachers(clerk, header(&closing.name), vec![late]).await;
    assert_eq!(reasons(&answered(late)), ["REASON_SCHOOL_CLOSES"]);
}

async fn withdrawn(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let (county, closing, _, plan) = closing(&mut world).await;
    let clerk = &county.clerk;
    obstacles(clerk, "staffing", &closing).await;
    let now = get(clerk, &plan.name).await;
    let ended = clerk
        .reorganisations()
        .withdraw_reorganisation(step(&now))
        .await;
    assert_eq!(answered(ended).state(), State::Withdrawn);
    assert_eq!(
        get_school(clerk, &closing.name)
            .await
            .closing_reorganisation,
        ""
    );
    // A school registered afterwards comes later by the same feed.
    let after = county.school(SchoolKind::Primary).await;
    employ(clerk, &after, Stage::Primary, 1).await;
    employ(clerk, &closing, Stage::Primary, 1).await;
    assert_eq!(teachers(clerk, &closing.name).await.len(), 2);
}

async fn obstacles(clerk: &Officer, service: &str, school: &School) -> Vec<Obstacle> {
    let request = ListObstaclesRequest {
        service: service.to_owned(),
        school: school.name.clone(),
        settled: true,
    };
    answered(clerk.obstacles().list_obstacles(request).await).obstacles
}

/// What an execution is refused with.
async fn hindered(clerk: &Officer, plan: &Reorganisation) -> String {
    let now = get(clerk, &plan.name).await;
    let answer = clerk
        .reorganisations()
        .execute_reorganisation(step(&now))
        .await;
    refused(answer, Code::FailedPrecondition, "STEP_NOT_READY").sentence
}

fn reasons(result: &junheng_proto::bulk::v1::ImportResult) -> Vec<&'static str> {
    let verdicts = result.verdicts.iter();
    verdicts
        .map(|verdict| verdict.reason().as_str_name())
        .collect()
}

async fn teachers(clerk: &Officer, parent: &str) -> Vec<Teacher> {
    let request = ListTeachersRequest {
        parent: parent.to_owned(),
        ..ListTeachersRequest::default()
    };
    answered(clerk.teachers().list_teachers(request).await).teachers
}

async fn sites(clerk: &Officer, parent: &str) -> Vec<Site> {
    let request = ListSitesRequest {
        parent: parent.to_owned(),
        ..ListSitesRequest::default()
    };
    answered(clerk.sites().list_sites(request).await).sites
}
