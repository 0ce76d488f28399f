//! Admission 招生: one child, one list; without examination; the same conditions for all.

use std::sync::atomic::{AtomicU32, Ordering};

use junheng_proto::bulk::v1::ImportResult;
use junheng_proto::education::v1::{SchoolKind, Sex, Stage};
use junheng_proto::registration::v1::admission_entry::{Kind, Outcome};
use junheng_proto::registration::v1::admission_plan::{Basis, Document, State};
use junheng_proto::registration::v1::student::IdentityType;
use junheng_proto::registration::v1::*;
use junheng_tests::person::with_check_digit;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::{County, Officer, School, Story, World, request_id, story};
use tonic::Code;

use crate::zones::{publish_whole_county, step};

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a plan may ask neither examination nor large classes nor documents beyond the list", |world| Box::pin(plans(world))),
    story("a child stands on one list and enters at six by the same conditions wherever the household is", |world| Box::pin(lists(world))),
    story("a list is drawn by a seed named before and confirmed by the county and who arrives is registered", |world| Box::pin(whole_way(world))),
];

/// The school year that stories admit for.
pub const YEAR: i32 = 2026;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A child who is six in the summer of the year, of a household in the county.
pub fn entrant(county: &County) -> AdmittedChild {
    born(county, "20200301")
}

fn born(county: &County, date: &str) -> AdmittedChild {
    let count = NEXT.fetch_add(1, Ordering::Relaxed);
    let serial = 1 + count % 998;
    // The area codes went out of force in 1999; the number belongs to nobody.
    let area = 630_111 + count / 998;
    AdmittedChild {
        display_name: "苗苗".to_owned(),
        identity_type: IdentityType::ResidentCard.into(),
        identity_number: with_check_digit(&format!("{area}{date}{serial:03}")),
        sex: (if serial % 2 == 1 {
            Sex::Male
        } else {
            Sex::Female
        })
        .into(),
        birth_date: format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..]),
        ethnicity: "01".to_owned(),
        hukou_place: format!("{}001", county.code()),
        residence_place: format!("{}001002", county.code()),
        residence: "某某路1号".to_owned(),
        guardian_display_name: "苗大".to_owned(),
        guardian_phone: "13800005678".to_owned(),
        ..AdmittedChild::default()
    }
}

/// Rows of children, numbered from 1.
pub fn rows(children: Vec<(Kind, AdmittedChild)>) -> Vec<AdmissionRow> {
    let row = |(row, (kind, child)): (i64, (Kind, AdmittedChild))| AdmissionRow {
        row,
        kind: kind.into(),
        child: Some(child),
    };
    (1..).zip(children).map(row).collect()
}

/// A plan of so many places in so many classes.
pub fn plan(basis: Basis, place_count: i32, class_count: i32) -> AdmissionPlan {
    AdmissionPlan {
        school_year: YEAR,
        stage: Stage::Primary.into(),
        basis: basis.into(),
        place_count,
        class_count,
        ..AdmissionPlan::default()
    }
}

/// Opens a plan.
pub fn open(school: &str, plan: AdmissionPlan) -> CreateAdmissionPlanRequest {
    CreateAdmissionPlanRequest {
        parent: school.to_owned(),
        admission_plan: Some(plan),
        request_id: request_id(),
    }
}

/// Enters rows.
pub async fn enter(officer: &Officer, plan: &str, rows: Vec<AdmissionRow>) -> ImportResult {
    let request = AddAdmissionEntriesRequest {
        name: plan.to_owned(),
        rows,
        validate_only: false,
        request_id: request_id(),
    };
    answered(officer.admissions().add_admission_entries(request).await)
}

fn reasons(result: &ImportResult) -> Vec<(i64, &'static str)> {
    result
        .verdicts
        .iter()
        .map(|verdict| {
            let name = verdict.reason().as_str_name();
            (verdict.row, name.trim_start_matches("REASON_"))
        })
        .collect()
}

async fn get(officer: &Officer, name: &str) -> AdmissionPlan {
    let name = name.to_owned();
    let request = GetAdmissionPlanRequest { name };
    answered(officer.admissions().get_admission_plan(request).await)
}

async fn entries(officer: &Officer, school: &str) -> Vec<AdmissionEntry> {
    let request = ListAdmissionEntriesRequest {
        parent: school.to_owned(),
        page_size: 500,
        ..Default::default()
    };
    let listed = officer.admissions().list_admission_entries(request).await;
    answered(listed).admission_entries
}

/// Admits children the whole way and registers all of them, without a class. The installation goes on six days later.
pub async fn admit(world: &mut World, county: &County, school: &School, rows: Vec<AdmissionRow>) {
    let places = i32::try_from(rows.len()).expect("few");
    let clerk = world.sign_in("school.clerk", &school.name).await;
    let classes = (places + 39) / 40;
    let request = open(&school.name, plan(Basis::Assigned, places, classes));
    let opened = answered(clerk.admissions().create_admission_plan(request).await);
    for some in rows.chunks(500) {
        let entered = enter(&clerk, &opened.name, some.to_vec()).await;
        assert_eq!(reasons(&entered), []);
    }
    let name = opened.name;
    let approver = world.sign_in("school.approver", &school.name).await;
    let close = CloseAdmissionPlanRequest {
        name: name.clone(),
        etag: get(&clerk, &name).await.etag,
        seed_source: String::new(),
        request_id: request_id(),
    };
    let closed = answered(approver.admissions().close_admission_plan(close).await);
    let published = approver
        .admissions()
        .publish_admission_plan(step(&name, &closed.etag))
        .await;
    let published = answered(published);
    world.later(6).expect("six days later");
    let approver = world.sign_in("county.approver", &county.place.county).await;
    let confirmed = approver
        .admissions()
        .confirm_admission_plan(step(&name, &published.etag))
        .await;
    answered(confirmed);
    let clerk = world.sign_in("school.clerk", &school.name).await;
    let all: Vec<String> = entries(&clerk, &school.name)
        .await
        .into_iter()
        .map(|entry| entry.name)
        .collect();
    let mut etag = String::new();
    for some in all.chunks(500) {
        let arrived = RecordArrivalsRequest {
            name: name.clone(),
            entries: some.to_vec(),
            request_id: request_id(),
        };
        etag = answered(clerk.admissions().record_arrivals(arrived).await).etag;
    }
    let enrolled = clerk.admissions().enrol_admitted(step(&name, &etag)).await;
    let enrolled = answered(enrolled);
    assert_eq!(enrolled.unregistered, []);
    assert_eq!(enrolled.enrolled_count, places);
}

async fn plans(world: &World) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await;
    let clerk = world.sign_in("school.clerk", &school.name).await;
    let create = async |plan: AdmissionPlan| {
        let request = open(&school.name, plan);
        clerk.admissions().create_admission_plan(request).await
    };
    let examined = create(plan(Basis::Examination, 45, 1)).await;
    let examined = refused(examined, Code::FailedPrecondition, "EXAMINATION_FORBIDDEN");
    assert!(
        examined.sentence.contains("义务教育法第十二条"),
        "{examined:?}"
    );
    let large = create(plan(Basis::Assigned, 112, 2)).await;
    let large = refused(large, Code::FailedPrecondition, "CLASS_SIZE_EXCEEDED");
    assert_eq!(
        (
            large.metadata["size"].as_str(),
            large.metadata["most"].as_str()
        ),
        ("56", "55")
    );
    let above = create(plan(Basis::Assigned, 100, 2)).await;
    let above = refused(above, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(above.fields, ["over_standard_reason"]);
    let asking = AdmissionPlan {
        migrant_documents: vec![
            Document::ResidencePermit.into(),
            Document::SocialInsurance.into(),
        ],
        ..plan(Basis::Assigned, 90, 2)
    };
    let asking = refused(
        create(asking).await,
        Code::FailedPrecondition,
        "DOCUMENT_FORBIDDEN",
    );
    assert_eq!(asking.metadata["document"], "社保缴费证明");
    let unzoned = create(plan(Basis::Zone, 90, 2)).await;
    refused(unzoned, Code::FailedPrecondition, "ZONE_NOT_PUBLISHED");
    let junior = AdmissionPlan {
        stage: Stage::Junior.into(),
        ..plan(Basis::Assigned, 90, 2)
    };
    refused(
        create(junior).await,
        Code::FailedPrecondition,
        "STAGE_NOT_RUN",
    );
    let opened = answered(create(plan(Basis::Assigned, 90, 2)).await);
    let again = refused(
        create(plan(Basis::Assigned, 45, 1)).await,
        Code::AlreadyExists,
        "PLAN_TAKEN",
    );
    assert_eq!(again.metadata["name"], opened.name);
    let other = world.shared_place();
    let stranger = world.sign_in("county.clerk", &other.county).await;
    let request = open(&school.name, plan(Basis::Assigned, 45, 1));
    let answer = stranger.admissions().create_admission_plan(request).await;
    refused(answer, Code::PermissionDenied, "OUT_OF_SCOPE");
}

async fn lists(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let county = County::fresh(&world).await;
    let school = county.school(SchoolKind::Primary).await;
    let beside = county.school(SchoolKind::Primary).await;
    publish_whole_county(&mut world, &county, YEAR, &school.name).await;
    let clerk = world.sign_in("school.clerk", &school.name).await;
    let request = open(&school.name, plan(Basis::Zone, 90, 2));
    let opened = answered(clerk.admissions().create_admission_plan(request).await);

    let local = entrant(&county);
    let migrant = AdmittedChild {
        hukou_place: "500101".to_owned(),
        documents: vec![Document::ResidencePermit.into()],
        ..entrant(&county)
    };
    let young = born(&county, "20200901");
    let late = born(&county, "20160301");
    let mut asked = AdmittedChild {
        documents: vec![Document::FamilyPlanning.into()],
        ..migrant.clone()
    };
    asked.identity_number = entrant(&county).identity_number;
    asked.sex = if asked.identity_number.as_bytes()[16] % 2 == 1 {
        1
    } else {
        2
    };
    let outside = AdmittedChild {
        residence_place: "429004001".to_owned(),
        ..entrant(&county)
    };
    let list = rows(vec![
        (Kind::Local, local.clone()),
        (Kind::Migrant, migrant),
        (Kind::Local, young),
        (Kind::Local, late),
        (Kind::Migrant, asked),
        (Kind::Local, outside),
        (Kind::Local, local.clone()),
    ]);
    let entered = enter(&clerk, &opened.name, list.clone()).await;
    assert_eq!((entered.created_count, entered.rejected_count), (2, 5));
    let expected = [
        (3, "TOO_YOUNG"),
        (4, "FIELD_REQUIRED"),
        (5, "DOCUMENT_FORBIDDEN"),
        (6, "OUT_OF_ZONE"),
        (7, "ROW_DUPLICATE"),
    ];
    assert_eq!(reasons(&entered), expected);
    let again = enter(&clerk, &opened.name, list).await;
    assert_eq!((again.created_count, again.unchanged_count), (0, 2));

    // The second list of the year says where the child stands, to whom may know it.
    let other = world.sign_in("school.clerk", &beside.name).await;
    let request = open(&beside.name, plan(Basis::Assigned, 45, 1));
    let second = answered(other.admissions().create_admission_plan(request).await);
    let twice = rows(vec![(Kind::Local, local)]);
    let told = enter(&other, &second.name, twice.clone()).await;
    assert_eq!(reasons(&told), [(1, "LISTED_ALREADY")]);
    assert!(
        told.verdicts[0].message_zh.ends_with("其他学校"),
        "{told:?}"
    );
    let above = world.sign_in("county.clerk", &county.place.county).await;
    let told = enter(&above, &second.name, twice.clone()).await;
    assert!(
        told.verdicts[0]
            .message_zh
            .ends_with(&school.entry.display_name),
        "{told:?}"
    );

    // Taken off the one list, the child can stand on the other.
    let first = entries(&clerk, &school.name).await.remove(0);
    assert_eq!(
        first
            .child
            .clone()
            .unwrap_or_default()
            .identity_number
            .len(),
        5,
        "masked"
    );
    let off = clerk
        .admissions()
        .withdraw_admission_entry(step(&first.name, &first.etag))
        .await;
    assert_eq!(answered(off).outcome(), Outcome::Withdrawn);
    let told = enter(&other, &second.name, twice).await;
    assert_eq!((told.created_count, reasons(&told)), (1, Vec::new()));
    assert_eq!(get(&clerk, &opened.name).await.listed_count, 1);
}

async fn whole_way(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let county = County::fresh(&world).await;
    let school = county.school(SchoolKind::Primary).await;
    let clerk = world.sign_in("school.clerk", &school.name).await;
    let unzoned = open(&school.name, plan(Basis::Draw, 3, 1));
    refused(
        clerk.admissions().create_admission_plan(unzoned).await,
        Code::FailedPrecondition,
        "ZONE_NOT_PUBLISHED",
    );
    let request = open(&school.name, plan(Basis::Assigned, 3, 1));
    let name = answered(clerk.admissions().create_admission_plan(request).await).name;
    let migrant = AdmittedChild {
        hukou_place: "500101".to_owned(),
        ..entrant(&county)
    };
    let list = rows(vec![
        (Kind::Local, entrant(&county)),
        (Kind::Local, entrant(&county)),
        (Kind::Migrant, migrant),
        (Kind::Policy, entrant(&county)),
    ]);
    assert_eq!(enter(&clerk, &name, list).await.created_count, 4);

    let approver = world.sign_in("school.approver", &school.name).await;
    let above = world.sign_in("county.approver", &county.place.county).await;
    let close = async |source: &str| {
        let request = CloseAdmissionPlanRequest {
            name: name.clone(),
            etag: get(&clerk, &name).await.etag,
            seed_source: source.to_owned(),
            request_id: request_id(),
        };
        approver.admissions().close_admission_plan(request).await
    };
    refused(close("").await, Code::FailedPrecondition, "STEP_NOT_READY");
    let closed = answered(close("双色球 2026-11-24 开奖号码").await);
    assert_eq!((closed.state(), closed.listed_count), (State::Closed, 4));
    let late = AddAdmissionEntriesRequest {
        name: name.clone(),
        rows: rows(vec![(Kind::Local, entrant(&county))]),
        validate_only: false,
        request_id: request_id(),
    };
    let late = clerk.admissions().add_admission_entries(late).await;
    refused(late, Code::FailedPrecondition, "LIST_CLOSED");
    let undrawn = approver
        .admissions()
        .publish_admission_plan(step(&name, &closed.etag))
        .await;
    refused(undrawn, Code::FailedPrecondition, "STEP_NOT_READY");
    let draw = async |officer: &Officer, seed: &str, etag: &str| {
        let request = DrawAdmissionPlanRequest {
            name: name.clone(),
            etag: etag.to_owned(),
            seed: seed.to_owned(),
            request_id: request_id(),
        };
        officer.admissions().draw_admission_plan(request).await
    };
    let seed = "03 08 12 19 27 33 + 05";
    let own = draw(&approver, seed, &closed.etag).await;
    refused(own, Code::PermissionDenied, "ROLE_NOT_ALLOWED");
    refused(
        draw(&above, "短", &closed.etag).await,
        Code::InvalidArgument,
        "FIELD_INVALID",
    );
    let drawn = answered(draw(&above, seed, &closed.etag).await);
    assert_eq!((drawn.admitted_count, drawn.seed.as_str()), (3, seed));
    let twice = draw(&above, "another seed for friends", &drawn.etag).await;
    refused(twice, Code::FailedPrecondition, "STEP_NOT_READY");
    let published = approver
        .admissions()
        .publish_admission_plan(step(&name, &drawn.etag))
        .await;
    let published = answered(published);
    let early = above
        .admissions()
        .confirm_admission_plan(step(&name, &published.etag))
        .await;
    refused(early, Code::FailedPrecondition, "STEP_TOO_EARLY");

    let listed = entries(&clerk, &school.name).await;
    let policy = listed.iter().find(|entry| entry.kind() == Kind::Policy);
    assert_eq!(
        policy.map(AdmissionEntry::outcome),
        Some(Outcome::Admitted),
        "first by law"
    );
    let (admitted, others): (Vec<_>, Vec<_>) = listed
        .into_iter()
        .partition(|entry| entry.outcome() == Outcome::Admitted);
    assert_eq!((admitted.len(), others.len()), (3, 1));

    world.later(6).expect("six days later");
    let above = world.sign_in("county.approver", &county.place.county).await;
    let clerk = world.sign_in("school.clerk", &school.name).await;
    let arrive = async |names: &[&AdmissionEntry]| {
        let request = RecordArrivalsRequest {
            name: name.clone(),
            entries: names.iter().map(|entry| entry.name.clone()).collect(),
            request_id: request_id(),
        };
        clerk.admissions().record_arrivals(request).await
    };
    let unconfirmed = arrive(&[&admitted[0]]).await;
    refused(unconfirmed, Code::FailedPrecondition, "STEP_NOT_READY");
    let confirmed = above
        .admissions()
        .confirm_admission_plan(step(&name, &published.etag))
        .await;
    let confirmed = answered(confirmed);
    let nobody = clerk
        .admissions()
        .enrol_admitted(step(&name, &confirmed.etag))
        .await;
    refused(nobody, Code::FailedPrecondition, "STEP_NOT_READY");
    let unplaced = arrive(&[&others[0]]).await;
    refused(unplaced, Code::InvalidArgument, "FIELD_INVALID");
    let arrived = answered(arrive(&[&admitted[0], &admitted[1]]).await);
    let enrolled = clerk
        .admissions()
        .enrol_admitted(step(&name, &arrived.etag))
        .await;
    let enrolled = answered(enrolled);
    assert_eq!(
        (enrolled.state(), enrolled.enrolled_count),
        (State::Enrolled, 2)
    );

    let students = ListStudentsRequest {
        parent: school.name.clone(),
        ..Default::default()
    };
    let roll = answered(clerk.students().list_students(students.clone()).await).students;
    assert_eq!(roll.len(), 2);
    for student in &roll {
        assert_eq!(
            (
                student.school_class.as_str(),
                student.grade,
                student.entry_year
            ),
            ("", 1, YEAR)
        );
    }
    let missing = ListNotArrivedRequest {
        parent: county.place.county.clone(),
        school_year: YEAR,
        ..Default::default()
    };
    let officer = world.sign_in("county.clerk", &county.place.county).await;
    let missing = answered(officer.admissions().list_not_arrived(missing).await);
    let names: Vec<_> = missing
        .admission_entries
        .iter()
        .map(|entry| &entry.name)
        .collect();
    assert_eq!(names, [&admitted[2].name]);
    let count = CountAdmissionsRequest {
        parent: county.place.county.clone(),
        school_year: YEAR,
    };
    let counted = answered(officer.admissions().count_admissions(count).await);
    let listed: i64 = counted.counts.iter().map(|count| count.listed_count).sum();
    let come: i64 = counted.counts.iter().map(|count| count.arrived_count).sum();
    assert_eq!((listed, come), (4, 2));
    assert_eq!(counted.migrant_public_count, counted.migrant_count);

    let arrived = answered(arrive(&[&admitted[2], &admitted[0]]).await);
    assert_eq!(arrived.arrived_count, 3);
    let late = clerk
        .admissions()
        .enrol_admitted(step(&name, &arrived.etag))
        .await;
    let late = answered(late);
    assert_eq!(late.enrolled_count, 3);
    let again = clerk
        .admissions()
        .enrol_admitted(step(&name, &late.etag))
        .await;
    refused(again, Code::FailedPrecondition, "STEP_NOT_READY");
    let roll = answered(clerk.students().list_students(students).await).students;
    assert_eq!(roll.len(), 3);
}
