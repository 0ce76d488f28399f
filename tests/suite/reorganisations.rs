//! The network of schools changes: what opens, takes another name or kind, is merged, split or closed, and what follows it.

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::reorganisation::{Kind, State};
use junheng_proto::registration::v1::{
    CreateReorganisationRequest, CreateSchoolRequest, GetReorganisationRequest, GetSchoolRequest,
    GetSchoolSeriesRequest, ListSchoolClassesRequest, RecodeCountyRequest, Reorganisation,
    School as Entry, SchoolClass, SchoolSeries,
};
use junheng_proto::workflow::v1::{Evidence, StepRequest};
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{class_row, enrol, header, import_classes};
use junheng_tests::world::PROVINCE;
use junheng_tests::{County, Officer, School, Story, World, days_from_now, request_id, story};
use tonic::Code;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a school that closes gives its classes and pupils to one that stands and its years stay in the series", |world| Box::pin(closure(world))),
    story("a school takes another name or kind and its old code is never given again", |world| Box::pin(entries(world))),
    story("a new school opens and another is split with the classes that go", |world| Box::pin(openings(world))),
    story("a reorganisation is refused whoever skips a step or names a school that cannot", |world| Box::pin(wrong_turns(world))),
    story("the schools of a county whose code has ended go to its successor", |world| Box::pin(recoded(world))),
];

/// Public notice is over, and the day has come, this many days later.
pub const LATER: i64 = 15;

async fn closure(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let county = county(&world).await;
    let (closing, standing) = (primary(&county, 40).await, primary(&county, 30).await);
    let plan = Reorganisation {
        school: closing.name.clone(),
        receiving_school: standing.name.clone(),
        ..plan(Kind::Closure)
    };
    let drafted = draft(&county, plan).await;

    let unargued = county.clerk.reorganisations();
    let unargued = unargued
        .clone()
        .publish_reorganisation(step(&drafted))
        .await;
    let wrong = refused(unargued, Code::FailedPrecondition, "STEP_NOT_READY");
    assert!(wrong.sentence.contains("论证"), "{}", wrong.sentence);
    publish(&county.clerk, &drafted.name).await;
    let approver = world.sign_in("county.approver", &county.place.county).await;
    let now = get(&approver, &drafted.name).await;
    let early = approver
        .reorganisations()
        .approve_reorganisation(step(&now))
        .await;
    refused(early, Code::FailedPrecondition, "STEP_TOO_EARLY");

    world.later(LATER).expect("a later day");
    let county = County::at(&world, county.place).await;
    approve(&world, &county, &drafted.name).await;
    let done = execute(&county.clerk, &drafted.name).await;
    assert_eq!(done.state(), State::Done);
    assert_eq!(done.moved_student_count, 40);

    assert_eq!(pupils(&county.clerk, &closing.name).await, 0);
    assert_eq!(pupils(&county.clerk, &standing.name).await, 70);
    let numbers: Vec<i32> = classes(&county.clerk, &standing.name)
        .await
        .iter()
        .map(|class| class.number)
        .collect();
    assert_eq!(numbers.len(), 2, "each class came with its pupils");
    assert!(numbers.contains(&1) && numbers.contains(&2), "{numbers:?}");
    let closed = get_school(&county.clerk, &closing.name).await;
    assert_eq!(
        closed.state(),
        junheng_proto::registration::v1::school::State::Closed
    );
    let row = class_row(&closing, Stage::Primary, 2, 1);
    let result =
        answered(import_classes(&county.clerk, header(&county.place.county), vec![row]).await);
    assert_eq!(result.rejected_count, 1, "a closed school opens no class");

    world.later(300).expect("the next school year");
    let county = County::at(&world, county.place).await;
    let series = series(&county.clerk, &standing.name).await;
    let years: Vec<(usize, i64)> = series
        .years
        .iter()
        .rev()
        .take(2)
        .map(|year| (year.parts.len(), year.student_count))
        .collect();
    assert_eq!(years, [(1, 70), (2, 70)], "{series:?}");
    assert_eq!(series.predecessors, [closing.name]);
}

async fn entries(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let county = county(&world).await;
    let (renamed, changed) = (primary(&county, 2).await, primary(&county, 2).await);
    let name = Reorganisation {
        school: renamed.name.clone(),
        new_school: Some(Entry {
            display_name: "育才小学".into(),
            ..Entry::default()
        }),
        ..plan(Kind::Renaming)
    };
    let spare = county.entry(SchoolKind::NineYear);
    let kind = Reorganisation {
        school: changed.name.clone(),
        new_school: Some(Entry {
            school_code: spare.school_code.clone(),
            kind: SchoolKind::NineYear.into(),
            ..Entry::default()
        }),
        ..plan(Kind::ChangeOfKind)
    };
    let (name, kind) = (draft(&county, name).await, draft(&county, kind).await);
    for plan in [&name, &kind] {
        publish(&county.clerk, &plan.name).await;
    }
    world.later(LATER).expect("a later day");
    let county = County::at(&world, county.place).await;
    for plan in [&name, &kind] {
        approve(&world, &county, &plan.name).await;
        execute(&county.clerk, &plan.name).await;
    }
    let school = get_school(&county.clerk, &renamed.name).await;
    assert_eq!(
        (school.display_name.as_str(), &school.school_code),
        ("育才小学", &renamed.code)
    );
    let school = get_school(&county.clerk, &changed.name).await;
    assert_eq!(school.kind(), SchoolKind::NineYear);
    assert_eq!(school.school_code, spare.school_code);
    assert_eq!(
        pupils(&county.clerk, &changed.name).await,
        2,
        "the pupils stay"
    );
    let again = CreateSchoolRequest {
        parent: county.place.county.clone(),
        school: Some(Entry {
            school_code: changed.code.clone(),
            ..county.entry(SchoolKind::Primary)
        }),
        request_id: request_id(),
    };
    let again = county.clerk.schools().create_school(again).await;
    refused(again, Code::AlreadyExists, "SCHOOL_CODE_TAKEN");
}

async fn openings(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let county = county(&world).await;
    let split = primary(&county, 80).await;
    let going = classes(&county.clerk, &split.name).await;
    let opening = Reorganisation {
        new_school: Some(county.entry(SchoolKind::Primary)),
        ..plan(Kind::Opening)
    };
    let division = Reorganisation {
        school: split.name.clone(),
        new_school: Some(county.entry(SchoolKind::Primary)),
        school_classes: vec![going[1].name.clone()],
        ..plan(Kind::Split)
    };
    let (opening, division) = (
        draft(&county, opening).await,
        draft(&county, division).await,
    );
    for plan in [&opening, &division] {
        publish(&county.clerk, &plan.name).await;
    }
    world.later(LATER).expect("a later day");
    let county = County::at(&world, county.place).await;
    for plan in [&opening, &division] {
        approve(&world, &county, &plan.name).await;
    }
    let opened = execute(&county.clerk, &opening.name).await;
    let opened = get_school(&county.clerk, &opened.created_school).await;
    assert_eq!(opened.open_date, opening.effective_date);
    let divided = execute(&county.clerk, &division.name).await;
    assert_eq!(divided.moved_student_count, 40);
    assert_eq!(pupils(&county.clerk, &split.name).await, 40);
    assert_eq!(pupils(&county.clerk, &divided.created_school).await, 40);
    let series = series(&county.clerk, &divided.created_school).await;
    assert_eq!(series.predecessors, [split.name]);
    let this_year = series.years.last().expect("this year");
    assert_eq!(
        this_year.student_count, 40,
        "of a school that was split nothing is added"
    );
}

async fn wrong_turns(world: &World) {
    let county = County::fresh(world).await;
    let elsewhere = County::fresh(world).await;
    let (closing, standing) = (primary(&county, 1).await, primary(&county, 1).await);
    let junior = county.school(SchoolKind::Junior).await;
    let closure = |receiving: &School| Reorganisation {
        school: closing.name.clone(),
        receiving_school: receiving.name.clone(),
        ..plan(Kind::Closure)
    };
    let clerk = &county.clerk;
    let nowhere = Reorganisation {
        receiving_school: String::new(),
        ..closure(&standing)
    };
    let nowhere = create(&county, nowhere);
    let answer = clerk.reorganisations().create_reorganisation(nowhere).await;
    let wrong = refused(answer, Code::InvalidArgument, "FIELD_REQUIRED");
    assert_eq!(wrong.fields, ["reorganisation.receiving_school"]);
    let foreign = create(
        &county,
        closure(&elsewhere.school(SchoolKind::Primary).await),
    );
    let answer = clerk.reorganisations().create_reorganisation(foreign).await;
    refused(answer, Code::PermissionDenied, "OUT_OF_SCOPE");

    let drafted = draft(&county, closure(&junior)).await;
    let mut argued = step(&drafted);
    argued.evidence = vec![evidence()];
    let answer = clerk.reorganisations().publish_reorganisation(argued).await;
    let wrong = refused(answer, Code::FailedPrecondition, "STEP_NOT_READY");
    assert!(wrong.sentence.contains("未设小学"), "{}", wrong.sentence);
    let second = create(&county, closure(&standing));
    let answer = clerk.reorganisations().create_reorganisation(second).await;
    refused(answer, Code::AlreadyExists, "REORGANISATION_UNDER_WAY");
    let executed = clerk
        .reorganisations()
        .execute_reorganisation(step(&drafted))
        .await;
    refused(executed, Code::FailedPrecondition, "STEP_NOT_ALLOWED");
    let theirs = elsewhere.clerk.reorganisations();
    let theirs = theirs.clone().withdraw_reorganisation(step(&drafted)).await;
    refused(theirs, Code::NotFound, "NOT_FOUND");
    let withdrawn = clerk
        .reorganisations()
        .withdraw_reorganisation(step(&drafted))
        .await;
    assert_eq!(answered(withdrawn).state(), State::Withdrawn);
    draft(&county, closure(&standing)).await;
}

async fn recoded(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let [ended, successor, _] = world.neighbours();
    let county = County::at(&world, ended.clone()).await;
    let school = primary(&county, 3).await;
    let province = world.sign_in("province.approver", PROVINCE).await;
    let code = county.code().to_owned();
    let recode = |code: &str| RecodeCountyRequest {
        parent: PROVINCE.to_owned(),
        ended_code: code.to_owned(),
        request_id: request_id(),
    };
    let answer = province
        .reorganisations()
        .recode_county(recode(&code))
        .await;
    refused(answer, Code::FailedPrecondition, "REGION_IN_FORCE");

    let new = successor.county["regions/".len()..].to_owned();
    let city = successor.city.clone().expect("a city")["regions/".len()..].to_owned();
    let line = format!("{new}\t新设区\t{city}\tcounty\tordinary\t{code}\n");
    let file = world.setup().folder.join("regions.tsv");
    std::fs::write(&file, line).expect("a file of regions");
    let file = file.to_str().expect("a path").to_owned();
    world
        .again_with("JUNHENG_REGION__EXTRA_FILE", file)
        .expect("a start with the new regions");
    let province = world.sign_in("province.approver", PROVINCE).await;
    // The answer to the first is lost: the same request has it again.
    let request = recode(&code);
    for _ in 0..2 {
        let mut reorganisations = province.reorganisations();
        let moved = answered(reorganisations.recode_county(request.clone()).await);
        assert_eq!(
            (moved.region.as_str(), moved.school_count),
            (successor.county.as_str(), 1)
        );
    }
    let clerk = world.sign_in("county.clerk", &successor.county).await;
    assert_eq!(
        get_school(&clerk, &school.name).await.region,
        successor.county
    );
    assert_eq!(
        pupils(&clerk, &successor.county).await,
        3,
        "the pupils follow"
    );
    let again = answered(
        province
            .reorganisations()
            .recode_county(recode(&code))
            .await,
    );
    assert_eq!(again.school_count, 0);
}

/// A county below a city, in an installation of the story's own.
pub async fn county(world: &World) -> County {
    let [place, _, _] = world.neighbours();
    County::at(world, place).await
}

pub async fn primary(county: &County, pupils: usize) -> School {
    let school = county.school(SchoolKind::Primary).await;
    enrol(&county.clerk, &school, Stage::Primary, pupils).await;
    school
}

pub fn plan(kind: Kind) -> Reorganisation {
    Reorganisation {
        kind: kind.into(),
        reason: "学龄人口减少,按县域布局规划调整".into(),
        effective_date: days_from_now(3),
        ..Reorganisation::default()
    }
}

fn create(county: &County, plan: Reorganisation) -> CreateReorganisationRequest {
    CreateReorganisationRequest {
        parent: county.place.county.clone(),
        reorganisation: Some(plan),
        request_id: request_id(),
    }
}

pub async fn draft(county: &County, plan: Reorganisation) -> Reorganisation {
    let request = create(county, plan);
    answered(
        county
            .clerk
            .reorganisations()
            .create_reorganisation(request)
            .await,
    )
}

pub fn step(record: &Reorganisation) -> StepRequest {
    StepRequest {
        name: record.name.clone(),
        etag: record.etag.clone(),
        request_id: request_id(),
        ..StepRequest::default()
    }
}

fn evidence() -> Evidence {
    Evidence {
        title: "论证报告".into(),
        digest: "ab".repeat(32),
        ..Evidence::default()
    }
}

pub async fn get(officer: &Officer, name: &str) -> Reorganisation {
    let request = GetReorganisationRequest { name: name.into() };
    answered(officer.reorganisations().get_reorganisation(request).await)
}

pub async fn publish(clerk: &Officer, name: &str) -> Reorganisation {
    let mut argued = step(&get(clerk, name).await);
    argued.evidence = vec![evidence()];
    answered(clerk.reorganisations().publish_reorganisation(argued).await)
}

/// The county approves and the city endorses.
pub async fn approve(world: &World, county: &County, name: &str) {
    let approver = world.sign_in("county.approver", &county.place.county).await;
    let now = get(&approver, name).await;
    let approved = answered(
        approver
            .reorganisations()
            .approve_reorganisation(step(&now))
            .await,
    );
    assert_eq!(approved.state(), State::CityReview);
    let city = county.place.city.clone().expect("a city");
    let city = world.sign_in("city.approver", &city).await;
    let endorsed = answered(
        city.reorganisations()
            .endorse_reorganisation(step(&approved))
            .await,
    );
    assert_eq!(endorsed.state(), State::Approved);
}

pub async fn execute(clerk: &Officer, name: &str) -> Reorganisation {
    let now = get(clerk, name).await;
    answered(
        clerk
            .reorganisations()
            .execute_reorganisation(step(&now))
            .await,
    )
}

pub async fn get_school(officer: &Officer, name: &str) -> Entry {
    let request = GetSchoolRequest { name: name.into() };
    answered(officer.schools().get_school(request).await)
}

async fn classes(officer: &Officer, parent: &str) -> Vec<SchoolClass> {
    let request = ListSchoolClassesRequest {
        parent: parent.into(),
        ..ListSchoolClassesRequest::default()
    };
    answered(officer.classes().list_school_classes(request).await).school_classes
}

pub async fn pupils(officer: &Officer, parent: &str) -> i64 {
    let request = junheng_proto::registration::v1::CountStudentsRequest {
        parent: parent.into(),
        grouping: 0,
    };
    answered(officer.students().count_students(request).await).total_count
}

async fn series(officer: &Officer, name: &str) -> SchoolSeries {
    let request = GetSchoolSeriesRequest {
        name: name.into(),
        year_count: 0,
    };
    answered(officer.reorganisations().get_school_series(request).await)
}
