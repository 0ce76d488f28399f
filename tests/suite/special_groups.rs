//! Special groups, recognised on evidence and for a time 特殊群体认定.

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::group_recognition::{Group, HardshipLevel, State};
use junheng_proto::registration::v1::student::{Disability, Placement};
use junheng_proto::registration::v1::{
    FileGroupRecognitionRequest, GetGroupRecognitionRequest, GetStudentRequest, GroupRecognition,
    ListStudentsRequest, ListUnprovenStudentsRequest, Student, UnprovenStudent,
};
use junheng_proto::workflow::v1::evidence::Kind;
use junheng_proto::workflow::v1::{Evidence, StepRequest};
use junheng_tests::person::child;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{
    class_row, enrol, header, import_classes, import_students, student_row,
};
use junheng_tests::{County, Officer, School, Story, World, days_from_now, request_id, story};
use tonic::{Code, Response, Status};

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("the school recognises who is left behind and the county who gets money", |world| Box::pin(confirmed(world))),
    story("a recognition is one for each group with evidence and by two persons", |world| Box::pin(refusals(world))),
    story("the flags of a pupil end with the last recognition that proves them", |world| Box::pin(withdrawn(world))),
    story("a recognition ends by itself when its time is over", |world| Box::pin(expired(world))),
    story("what an import states without proof is listed at every level until it is proven", |world| Box::pin(unproven(world))),
];

async fn confirmed(world: &World) {
    let cast = Cast::new(world).await;
    let pupil = &cast.pupils[0];
    let left = answered(cast.file(pupil, of(Group::LeftBehind)).await);
    assert_eq!(left.state(), State::Filed);
    assert!(!cast.read(pupil).await.left_behind, "not yet");
    let left = answered(confirm(&cast.head, &left).await);
    assert_eq!(left.state(), State::Recognised);
    assert!(cast.read(pupil).await.left_behind);
    let hard = answered(cast.file(pupil, hardship()).await);
    let by_school = confirm(&cast.head, &hard).await;
    let by_school = refused(by_school, Code::FailedPrecondition, "STEP_NOT_READY");
    assert!(by_school.sentence.contains("县级"), "{by_school:?}");
    answered(confirm(&cast.chief, &hard).await);
    let mut disabled = of(Group::Disability);
    disabled.disability = Disability::Visual.into();
    disabled.disability_grade = 2;
    disabled.placement = Placement::Inclusive.into();
    disabled.certificate_number = "62042220140315001912".to_owned();
    let disabled = answered(cast.file(pupil, disabled).await);
    assert!(disabled.certificate_number.contains('*'), "{disabled:?}");
    answered(confirm(&cast.chief, &disabled).await);
    let read = cast.read(pupil).await;
    assert!(read.hardship && read.left_behind && !read.migrant);
    assert_eq!(read.disability(), Disability::Visual);
    assert_eq!(read.placement(), Placement::Inclusive);
}

async fn refusals(world: &World) {
    let cast = Cast::new(world).await;
    let pupil = &cast.pupils[0];
    let filed = answered(cast.file(pupil, hardship()).await);
    let again = cast.file(pupil, hardship()).await;
    let again = refused(again, Code::AlreadyExists, "GROUP_RECOGNISED");
    assert_eq!(again.metadata["name"], filed.name);
    let mut bare = of(Group::Migrant);
    bare.evidence.clear();
    let bare = cast.file(pupil, bare).await;
    let bare = refused(bare, Code::InvalidArgument, "FIELD_REQUIRED");
    assert_eq!(bare.fields, ["group_recognition.evidence"]);
    let mut unfit = of(Group::Migrant);
    unfit.evidence[0].kind = Kind::DisabilityCard.into();
    unfit.valid_from = "1900-01-01".to_owned();
    let unfit = refused(
        cast.file(pupil, unfit).await,
        Code::InvalidArgument,
        "FIELD_INVALID",
    );
    let fields = ["evidence", "valid_from"].map(|field| format!("group_recognition.{field}"));
    assert_eq!(unfit.fields, fields);
    let elsewhere = County::fresh(world).await;
    let theirs = world
        .another("county.approver", &elsewhere.place.county)
        .await;
    refused(confirm(&theirs, &filed).await, Code::NotFound, "NOT_FOUND");
    let foreign = file(&elsewhere.clerk, pupil, of(Group::Migrant)).await;
    refused(foreign, Code::NotFound, "NOT_FOUND");
    // Who files as a clerk and signs as an approver is one person.
    let name = format!("two.{}", uuid::Uuid::now_v7().simple());
    let place = &cast.county.place.county;
    let posts = [
        ("county.clerk", place.as_str()),
        ("county.approver", place.as_str()),
    ];
    world.appoint(&name, &posts).await;
    let seat = |role| Some(junheng_tests::world::post(role, place));
    let password = junheng_tests::world::PASSWORD;
    let clerk = world.enter(&name, password, seat("county.clerk")).await;
    let own = answered(file(&clerk, pupil, of(Group::Orphan)).await);
    let chief = world.enter(&name, password, seat("county.approver")).await;
    refused(
        confirm(&chief, &own).await,
        Code::PermissionDenied,
        "SAME_PERSON",
    );
    let mut silent = step(&filed);
    silent.note = String::new();
    let silent = cast
        .chief
        .recognitions()
        .refuse_group_recognition(silent)
        .await;
    refused(silent, Code::FailedPrecondition, "STEP_NOT_READY");
    let no = step(&filed);
    let no = answered(cast.chief.recognitions().refuse_group_recognition(no).await);
    assert_eq!(no.state(), State::Refused);
    assert!(!cast.read(pupil).await.hardship);
    answered(cast.file(pupil, hardship()).await);
}

async fn withdrawn(world: &World) {
    let cast = Cast::new(world).await;
    let pupil = &cast.pupils[0];
    let hard = answered(cast.file(pupil, hardship()).await);
    let hard = answered(confirm(&cast.chief, &hard).await);
    let orphan = answered(cast.file(pupil, of(Group::Orphan)).await);
    let orphan = answered(confirm(&cast.chief, &orphan).await);
    let end = cast
        .clerk
        .recognitions()
        .withdraw_group_recognition(step(&hard))
        .await;
    assert_eq!(answered(end).state(), State::Withdrawn);
    assert!(cast.read(pupil).await.hardship, "an orphan still");
    let end = cast
        .clerk
        .recognitions()
        .withdraw_group_recognition(step(&orphan))
        .await;
    answered(end);
    assert!(!cast.read(pupil).await.hardship);
}

async fn expired(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let cast = Cast::new(&world).await;
    let pupil = cast.pupils[0].clone();
    let mut short = hardship();
    short.valid_until = days_from_now(5);
    let short = answered(cast.file(&pupil, short).await);
    answered(confirm(&cast.chief, &short).await);
    assert!(cast.read(&pupil).await.hardship);
    let clerk = cast.clerk.clone();
    world.later(7).expect("a restart");
    let clerk = world
        .enter(&clerk.sign_in_name, &clerk.password, None)
        .await;
    let get = GetGroupRecognitionRequest {
        name: short.name.clone(),
    };
    // The service looks as soon as it runs; a busy machine may take a while.
    let mut state = State::Recognised;
    for _ in 0..600 {
        state = answered(
            clerk
                .recognitions()
                .get_group_recognition(get.clone())
                .await,
        )
        .state();
        if state == State::Expired {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(state, State::Expired);
    assert!(!read(&clerk, &pupil).await.hardship);
}

async fn unproven(world: &World) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await;
    let class = class_row(&school, Stage::Primary, 1, 1);
    answered(import_classes(&county.clerk, header(&school.name), vec![class]).await);
    let flags = [(true, true), (false, true), (true, false), (false, false)];
    let rows = flags
        .iter()
        .enumerate()
        .map(|(index, (boarder, hardship))| {
            let mut row = student_row(&school, Stage::Primary, 1, 1, &child());
            row.row = index as i64 + 2;
            row.boarder = Some(*boarder);
            row.hardship = Some(*hardship);
            row
        });
    let rows = rows.collect();
    answered(import_students(&county.clerk, header(&school.name), rows).await);
    let province = world
        .sign_in("province.inspector", &county.place.province)
        .await;
    for (officer, parent) in [
        (&county.clerk, &school.name),
        (&county.clerk, &county.place.county),
    ] {
        let listed = open(officer, parent).await;
        let mut groups: Vec<_> = listed.iter().map(|one| one.groups.clone()).collect();
        groups.sort();
        let (boarder, hard) = (Group::Boarder as i32, Group::Hardship as i32);
        assert_eq!(groups, [vec![boarder], vec![boarder, hard], vec![hard]]);
    }
    let both = open(&county.clerk, &school.name).await;
    let both = both.iter().find(|one| one.groups.len() == 2).expect("one");
    let pupil = both.student.clone().expect("a pupil");
    let filed = answered(file(&county.clerk, &pupil, hardship()).await);
    let chief = world.sign_in("county.approver", &county.place.county).await;
    answered(confirm(&chief, &filed).await);
    let everywhere = open(&province, &county.place.province).await;
    let mine = everywhere.iter().find(|one| {
        let student = one.student.as_ref();
        student.is_some_and(|student| student.name == pupil.name)
    });
    assert_eq!(
        mine.expect("boarding is still open").groups,
        [Group::Boarder as i32]
    );
}

/// A school with pupils, its officers and the county's chief.
struct Cast {
    county: County,
    pupils: Vec<Student>,
    clerk: Officer,
    head: Officer,
    chief: Officer,
}

impl Cast {
    async fn new(world: &World) -> Self {
        let county = County::fresh(world).await;
        let school = county.school(SchoolKind::Primary).await;
        enrol(&county.clerk, &school, Stage::Primary, 2).await;
        Self {
            pupils: roll(&county.clerk, &school).await,
            clerk: world.sign_in("school.clerk", &school.name).await,
            head: world.sign_in("school.approver", &school.name).await,
            chief: world.sign_in("county.approver", &county.place.county).await,
            county,
        }
    }

    async fn file(
        &self,
        pupil: &Student,
        given: GroupRecognition,
    ) -> Result<Response<GroupRecognition>, Status> {
        file(&self.clerk, pupil, given).await
    }

    async fn read(&self, pupil: &Student) -> Student {
        read(&self.clerk, pupil).await
    }
}

async fn roll(officer: &Officer, school: &School) -> Vec<Student> {
    let list = ListStudentsRequest {
        parent: school.name.clone(),
        ..Default::default()
    };
    answered(officer.students().list_students(list).await).students
}

async fn read(officer: &Officer, pupil: &Student) -> Student {
    let get = GetStudentRequest {
        name: pupil.name.clone(),
    };
    answered(officer.students().get_student(get).await)
}

async fn open(officer: &Officer, parent: &str) -> Vec<UnprovenStudent> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListUnprovenStudentsRequest {
            parent: parent.to_owned(),
            page_size: 2,
            page_token,
        };
        let page = officer.recognitions().list_unproven_students(request).await;
        let page = answered(page);
        all.extend(page.unproven_students);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

fn of(group: Group) -> GroupRecognition {
    GroupRecognition {
        group: group.into(),
        evidence: vec![Evidence {
            title: "证明材料".to_owned(),
            digest: "ab".repeat(32),
            kind: proof_of(group).into(),
        }],
        valid_from: days_from_now(-30),
        ..GroupRecognition::default()
    }
}

/// A kind of document that proves a group.
fn proof_of(group: Group) -> Kind {
    match group {
        Group::Migrant => Kind::ResidencePermit,
        Group::LeftBehind | Group::Boarder => Kind::GuardianStatement,
        Group::Disability => Kind::DisabilityCard,
        _ => Kind::CivilAffairsCertificate,
    }
}

fn hardship() -> GroupRecognition {
    GroupRecognition {
        hardship_level: HardshipLevel::Great.into(),
        ..of(Group::Hardship)
    }
}

async fn file(
    officer: &Officer,
    pupil: &Student,
    given: GroupRecognition,
) -> Result<Response<GroupRecognition>, Status> {
    let request = FileGroupRecognitionRequest {
        student: pupil.name.clone(),
        group_recognition: Some(given),
        request_id: request_id(),
    };
    officer.recognitions().file_group_recognition(request).await
}

fn step(recognition: &GroupRecognition) -> StepRequest {
    StepRequest {
        name: recognition.name.clone(),
        etag: recognition.etag.clone(),
        note: "情况已变化".to_owned(),
        evidence: Vec::new(),
        request_id: request_id(),
    }
}

async fn confirm(
    officer: &Officer,
    recognition: &GroupRecognition,
) -> Result<Response<GroupRecognition>, Status> {
    let step = step(recognition);
    officer.recognitions().confirm_group_recognition(step).await
}
