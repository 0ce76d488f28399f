//! Promotion at the year's end 年度升级, and the way into junior school 小升初.

use std::collections::BTreeMap;

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::junior_place::State as PlaceState;
use junheng_proto::registration::v1::status_change::Kind;
use junheng_proto::registration::v1::status_proof::Kind as Proof;
use junheng_proto::registration::v1::student::State;
use junheng_proto::registration::v1::{
    AssignJuniorPlacesRequest, ConfirmEnrolmentRequest, CreateStatusChangeRequest,
    ListJuniorPlacesRequest, ListSchoolClassesRequest, ListStudentsRequest,
    PreviewPromotionRequest, RunPromotionRequest, RunPromotionResponse, StatusChange, StatusProof,
    Student, assign_junior_places_request, confirm_enrolment_request,
};
use junheng_proto::workflow::v1::{Evidence, StepRequest};
use junheng_tests::person::child;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{
    all_in, class_row, header, import_classes, import_students, numbered, student_row,
};
use junheng_tests::school_year::{in_summer, summer_year};
use junheng_tests::{County, Officer, School, Story, World, request_id, story};
use tonic::Code;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a county is promoted once from the top down and who is on leave stays", |world| Box::pin(once(world))),
    story("a promotion out of season is refused with its days", |world| Box::pin(out_of_season(world))),
    story("a promotion cut off by a power cut goes on and moves every pupil exactly once", |world| Box::pin(cut_off(world))),
    story("a primary graduate comes over when the junior school confirms and who did not arrive is a list", |world| Box::pin(junior_places(world))),
];

/// A class of each grade named, with so many pupils each.
pub(crate) async fn fill(
    officer: &Officer,
    school: &School,
    stage: Stage,
    grades: &[i32],
    pupils: usize,
) {
    let classes = grades
        .iter()
        .map(|grade| class_row(school, stage, *grade, 1));
    let classes = numbered(classes, |row, number| row.row = number);
    all_in(answered(
        import_classes(officer, header(&school.name), classes).await,
    ));
    let rows = grades.iter().flat_map(|grade| {
        (0..pupils).map(move |_| student_row(school, stage, *grade, 1, &child()))
    });
    let rows = numbered(rows, |row, number| row.row = number);
    all_in(answered(
        import_students(officer, header(&school.name), rows).await,
    ));
}

/// Runs a promotion to its end and gives what it told.
pub(crate) async fn promote(officer: &Officer, parent: &str) -> Vec<RunPromotionResponse> {
    let request = RunPromotionRequest {
        parent: parent.to_owned(),
        school_year: summer_year(),
        request_id: request_id(),
    };
    let mut stream = answered(officer.promotions().run_promotion(request).await);
    let mut told = Vec::new();
    while let Some(one) = stream.message().await.expect("no fault on the way") {
        told.push(one);
    }
    told
}

/// Who is with the school, and who has graduated from it.
pub(crate) async fn students(officer: &Officer, parent: &str) -> Vec<Student> {
    let mut all = Vec::new();
    for state in [0, GRADUATED] {
        let list = ListStudentsRequest {
            parent: parent.to_owned(),
            page_size: 500,
            state,
            ..Default::default()
        };
        let page = answered(officer.students().list_students(list).await);
        assert!(page.next_page_token.is_empty(), "one page holds them all");
        all.extend(page.students);
    }
    all
}

/// Students by stage, grade and state.
fn by_grade(students: &[Student]) -> BTreeMap<(i32, i32, i32), usize> {
    let mut counted = BTreeMap::new();
    for one in students {
        *counted
            .entry((one.stage, one.grade, one.state))
            .or_default() += 1;
    }
    counted
}

const ENROLLED: i32 = State::Enrolled as i32;
const GRADUATED: i32 = State::Graduated as i32;

async fn once(world: &World) {
    let world = in_summer(world).await;
    let county = County::fresh(&world).await;
    let primary = county.school(SchoolKind::Primary).await;
    fill(
        &county.clerk,
        &primary,
        Stage::Primary,
        &[1, 2, 3, 4, 5, 6],
        2,
    )
    .await;
    let nine = county.school(SchoolKind::NineYear).await;
    fill(&county.clerk, &nine, Stage::Primary, &[6], 2).await;
    fill(&county.clerk, &nine, Stage::Junior, &[1, 3], 2).await;
    let on_leave = students(&county.clerk, &primary.name).await.remove(0);
    send_on_leave(&world, &county, &primary, &on_leave).await;
    let head = world.sign_in("county.approver", &county.place.county).await;
    let preview = PreviewPromotionRequest {
        parent: county.place.county.clone(),
        school_year: summer_year(),
    };
    let preview = answered(head.promotions().preview_promotion(preview).await).schools;
    assert_eq!(preview.len(), 2);
    assert_eq!(preview[0].staying[0].student, on_leave.name);
    assert_eq!(
        (preview[0].promoted_count, preview[0].graduated_count),
        (9, 2)
    );
    assert_eq!(
        (
            preview[1].promoted_count,
            preview[1].advanced_count,
            preview[1].graduated_count
        ),
        (2, 2, 2)
    );
    let told = promote(&head, &county.place.county).await;
    assert_eq!(told.len(), 2);
    assert!(
        told.iter()
            .all(|one| !one.already_done && one.school_count == 2)
    );
    assert_eq!(told[1].done_count, 2);
    let after = students(&county.clerk, &primary.name).await;
    let expected = BTreeMap::from([
        ((1, 1, State::Suspended as i32), 1),
        ((1, 2, ENROLLED), 1),
        ((1, 3, ENROLLED), 2),
        ((1, 4, ENROLLED), 2),
        ((1, 5, ENROLLED), 2),
        ((1, 6, ENROLLED), 2),
        ((1, 6, GRADUATED), 2),
    ]);
    assert_eq!(by_grade(&after), expected);
    let straight_on = students(&county.clerk, &nine.name).await;
    let expected = BTreeMap::from([
        ((2, 1, ENROLLED), 2),
        ((2, 2, ENROLLED), 2),
        ((2, 3, GRADUATED), 2),
    ]);
    assert_eq!(by_grade(&straight_on), expected);
    let entered = straight_on.iter().find(|one| one.grade == 1);
    assert_eq!(entered.expect("who went on").entry_year, summer_year());
    let list = ListSchoolClassesRequest {
        parent: primary.name.clone(),
        ..Default::default()
    };
    let classes = answered(county.clerk.classes().list_school_classes(list).await);
    let mut grades: Vec<i32> = classes.school_classes.iter().map(|one| one.grade).collect();
    grades.sort_unstable();
    assert_eq!(grades, [2, 3, 4, 5, 6], "the sixth grade's class has ended");
    let again = promote(&head, &county.place.county).await;
    assert!(again.iter().all(|one| one.already_done));
    assert_eq!(students(&county.clerk, &primary.name).await, after);
    // Two at once do no more than one.
    tokio::join!(
        promote(&head, &primary.name),
        promote(&head, &county.place.county),
    );
    assert_eq!(students(&county.clerk, &primary.name).await, after);
}

async fn send_on_leave(world: &World, county: &County, school: &School, student: &Student) {
    let clerk = world.sign_in("school.clerk", &school.name).await;
    let head = world.sign_in("school.approver", &school.name).await;
    let county_head = world.sign_in("county.approver", &county.place.county).await;
    let proof = |kind: Proof| StatusProof {
        kind: kind.into(),
        document: Some(Evidence {
            title: "材料".to_owned(),
            digest: "cd".repeat(32),
            ..Evidence::default()
        }),
        rest_months: 6,
        county_hospital: true,
    };
    let request = CreateStatusChangeRequest {
        parent: school.name.clone(),
        status_change: Some(StatusChange {
            student: student.name.clone(),
            kind: Kind::Suspension.into(),
            effective_date: format!("{}-07-10", summer_year()),
            until_date: format!("{}-12-31", summer_year()),
            reason: "因病休学".to_owned(),
            proofs: vec![proof(Proof::GuardianApplication), proof(Proof::Medical)],
            ..StatusChange::default()
        }),
        request_id: request_id(),
    };
    let step = |change: StatusChange| StepRequest {
        name: change.name,
        etag: change.etag,
        request_id: request_id(),
        ..Default::default()
    };
    let filed = answered(clerk.status_changes().create_status_change(request).await);
    let agreed = answered(head.status_changes().agree_status_change(step(filed)).await);
    let approve = step(agreed);
    answered(
        county_head
            .status_changes()
            .approve_status_change(approve)
            .await,
    );
}

async fn out_of_season(world: &World) {
    let county = County::shared(world).await;
    let school = county.school(SchoolKind::Primary).await;
    let head = world.sign_in("school.approver", &school.name).await;
    for school_year in [summer_year() - 1, summer_year() + 1] {
        let request = RunPromotionRequest {
            parent: school.name.clone(),
            school_year,
            request_id: request_id(),
        };
        let answer = head.promotions().run_promotion(request).await;
        let found = refused(answer, Code::FailedPrecondition, "PROMOTION_OUT_OF_SEASON");
        assert_eq!(found.metadata["from"], format!("{school_year}-07-01"));
    }
}

async fn cut_off(world: &World) {
    const SCHOOLS: usize = 12;
    let mut world = in_summer(world).await;
    let county = County::fresh(&world).await;
    for _ in 0..SCHOOLS {
        let school = county.school(SchoolKind::Primary).await;
        fill(&county.clerk, &school, Stage::Primary, &[1, 2, 5, 6], 10).await;
    }
    let place = county.place.county.clone();
    let head = world.sign_in("county.approver", &place).await;
    let request = RunPromotionRequest {
        parent: place.clone(),
        school_year: summer_year(),
        request_id: request_id(),
    };
    let mut stream = answered(head.promotions().run_promotion(request.clone()).await);
    let first = stream
        .message()
        .await
        .expect("an answer")
        .expect("a school");
    assert_eq!(first.done_count, 1);
    world.cut_power().expect("restarted");
    let head = world.again(&head);
    let mut stream = answered(head.promotions().run_promotion(request).await);
    let mut told = Vec::new();
    while let Some(one) = stream.message().await.expect("no fault on the way") {
        told.push(one);
    }
    assert_eq!(told.len(), SCHOOLS);
    let clerk = world.again(&county.clerk);
    let expected = BTreeMap::from([
        ((1, 2, ENROLLED), 10 * SCHOOLS),
        ((1, 3, ENROLLED), 10 * SCHOOLS),
        ((1, 6, ENROLLED), 10 * SCHOOLS),
        ((1, 6, GRADUATED), 10 * SCHOOLS),
    ]);
    assert_eq!(by_grade(&students(&clerk, &place).await), expected);
}

async fn junior_places(world: &World) {
    let world = in_summer(world).await;
    let county = County::fresh(&world).await;
    let primary = county.school(SchoolKind::Primary).await;
    fill(&county.clerk, &primary, Stage::Primary, &[5, 6], 2).await;
    let junior = county.school(SchoolKind::Junior).await;
    let other = county.school(SchoolKind::Junior).await;
    for school in [&junior, &other] {
        fill(&county.clerk, school, Stage::Junior, &[1], 0).await;
    }
    let pupils = students(&county.clerk, &primary.name).await;
    let sixth: Vec<&Student> = pupils.iter().filter(|one| one.grade == 6).collect();
    let fifth = pupils.iter().find(|one| one.grade == 5).expect("one");
    let row = |row: i64, student: &Student, school: &str| assign_junior_places_request::Row {
        row,
        student: student.name.clone(),
        junior_school: school.to_owned(),
    };
    let assign = |rows: Vec<assign_junior_places_request::Row>| AssignJuniorPlacesRequest {
        parent: county.place.county.clone(),
        school_year: summer_year(),
        rows,
        request_id: request_id(),
    };
    let rows = vec![
        row(2, sixth[0], &other.name),
        row(3, sixth[1], &junior.name),
        row(4, fifth, &junior.name),
        row(5, sixth[1], &other.name),
        row(6, sixth[1], &primary.name),
    ];
    let mut clerk = county.clerk.promotions();
    let given = answered(clerk.assign_junior_places(assign(rows)).await);
    assert_eq!(
        (given.created_count, given.rejected_count),
        (2, 3),
        "{given:?}"
    );
    let moved = assign(vec![row(2, sixth[0], &junior.name)]);
    let moved = answered(clerk.assign_junior_places(moved).await);
    assert_eq!(moved.updated_count, 1, "{moved:?}");

    let school_clerk = world.sign_in("school.clerk", &junior.name).await;
    let list = |state: PlaceState| ListJuniorPlacesRequest {
        parent: junior.name.clone(),
        state: state.into(),
        ..Default::default()
    };
    let mut places_of = school_clerk.promotions();
    let places = answered(
        places_of
            .list_junior_places(list(PlaceState::Assigned))
            .await,
    );
    let places = places.junior_places;
    assert_eq!(places.len(), 2);
    assert!(places.iter().all(|place| !place.display_name.is_empty()));
    let classes = ListSchoolClassesRequest {
        parent: junior.name.clone(),
        ..Default::default()
    };
    let classes = answered(school_clerk.classes().list_school_classes(classes).await);
    let class = classes.school_classes[0].name.clone();
    let confirm = || ConfirmEnrolmentRequest {
        parent: junior.name.clone(),
        rows: vec![confirm_enrolment_request::Row {
            row: 2,
            junior_place: places[0].name.clone(),
            school_class: class.clone(),
        }],
        request_id: request_id(),
    };
    let early = answered(places_of.confirm_enrolment(confirm()).await);
    assert_eq!(early.rejected_count, 1, "not before graduation: {early:?}");

    let head = world.sign_in("county.approver", &county.place.county).await;
    promote(&head, &primary.name).await;
    let arrived = answered(places_of.confirm_enrolment(confirm()).await);
    assert_eq!(arrived.updated_count, 1, "{arrived:?}");
    let again = answered(places_of.confirm_enrolment(confirm()).await);
    assert_eq!(again.unchanged_count, 1, "{again:?}");
    let enrolled = students(&school_clerk, &junior.name).await;
    assert_eq!(enrolled.len(), 1);
    assert_eq!(enrolled[0].name, places[0].student);
    assert_eq!(
        (enrolled[0].stage, enrolled[0].grade),
        (Stage::Junior as i32, 1)
    );
    assert_eq!(enrolled[0].entry_year, summer_year());
    assert_eq!(enrolled[0].school_class, class);
    let missing = answered(
        places_of
            .list_junior_places(list(PlaceState::Assigned))
            .await,
    );
    assert_eq!(missing.junior_places.len(), 1, "who did not arrive");
    let foreign = world.sign_in("school.clerk", &other.name).await;
    let answer = foreign.promotions().confirm_enrolment(confirm()).await;
    refused(answer, Code::PermissionDenied, "OUT_OF_SCOPE");
}
