//! Looking at pupils in clear, for an approved purpose 脱敏查阅授权.

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::{
    AccessGrant, ClearField, ListAccessGrantsRequest, ListAccessRevealsRequest,
    ListStudentsRequest, RequestAccessGrantRequest, RevealStudentRequest, RevealedStudent, Student,
};
use junheng_proto::workflow::v1::StepRequest;
use junheng_tests::person::Person;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::enrol;
use junheng_tests::{County, Officer, School, Story, World, request_id, story};
use tonic::{Code, Response, Status};

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a masked number is shown to the holder of an approved grant and the look is on record", |world| Box::pin(shown(world))),
    story("nobody approves a grant of their own nor one of another county", |world| Box::pin(four_eyes(world))),
    story("a grant holds for its holder in its post and for its students only", |world| Box::pin(bounds(world))),
    story("of many who look at once exactly as many succeed as the quota allows", |world| Box::pin(quota(world))),
    story("a grant that was refused or revoked shows nothing and says so", |world| Box::pin(ended(world))),
    story("a grant ends with its last day", |world| Box::pin(expired(world))),
];

async fn shown(world: &World) {
    let (county, school, people, pupils) = stage(world, 2).await;
    let (clerk, approver) = (county.clerk.clone(), approver(world, &county).await);
    let grant = granted(&clerk, &approver, &school.name, 5).await;
    let pupil = &pupils[0];
    assert!(pupil.identity_number.contains('*'));
    let first = reveal_request(&grant, pupil);
    let seen = answered(clerk.grants().reveal_student(first.clone()).await);
    let known = |number: &str| people.iter().any(|person| person.number == number);
    assert!(known(&seen.identity_number), "{seen:?}");
    assert_eq!(seen.student_number, "", "the grant does not name it");
    assert_eq!(seen.remaining_count, 4);
    // The same request again is the same look.
    let again = answered(clerk.grants().reveal_student(first).await);
    assert_eq!(again, seen);
    let looks = ListAccessRevealsRequest {
        parent: county.place.county.clone(),
        access_grant: grant.name.clone(),
        ..Default::default()
    };
    let looks = answered(approver.grants().list_access_reveals(looks).await).access_reveals;
    assert_eq!(looks.len(), 1);
    assert_eq!(looks[0].student, pupil.name);
    assert_eq!(looks[0].account, clerk.account);
    assert!(!format!("{looks:?}").contains(&seen.identity_number));
    let auditor = world.another("county.audit", &county.place.county).await;
    let list = ListAccessGrantsRequest {
        parent: county.place.county.clone(),
        ..Default::default()
    };
    let grants = answered(auditor.grants().list_access_grants(list).await).access_grants;
    let told = grants.iter().find(|one| one.name == grant.name);
    assert_eq!(told.expect("the auditor sees it").used_count, 1);
}

async fn four_eyes(world: &World) {
    let (county, school, _, _) = stage(world, 1).await;
    let place = &county.place.county;
    let both = world.another("county.approver", place).await;
    let own = request(&both, &school.name, 5).await;
    let own = answered(own);
    refused(
        both.grants().approve_access_grant(step(&own, "")).await,
        Code::PermissionDenied,
        "SAME_PERSON",
    );
    let elsewhere = County::fresh(world).await;
    let stranger = approver(world, &elsewhere).await;
    refused(
        stranger.grants().approve_access_grant(step(&own, "")).await,
        Code::NotFound,
        "NOT_FOUND",
    );
    // The head of the school whose pupils it is about does not answer for the county's officer.
    let head = world.another("school.approver", &school.name).await;
    refused(
        head.grants().approve_access_grant(step(&own, "")).await,
        Code::NotFound,
        "NOT_FOUND",
    );
    let above = world
        .sign_in("province.approver", &county.place.province)
        .await;
    answered(above.grants().approve_access_grant(step(&own, "")).await);
    let wide = request(&both, &county.place.province, 5).await;
    refused(wide, Code::PermissionDenied, "OUT_OF_SCOPE");
    let long = request(&both, &school.name, 501).await;
    let long = refused(long, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(long.fields, ["access_grant.quota"]);
}

async fn bounds(world: &World) {
    let (county, school, _, pupils) = stage(world, 1).await;
    let other = county.school(SchoolKind::Primary).await;
    enrol(&county.clerk, &other, Stage::Primary, 1).await;
    let outside = roll(&county.clerk, &other).await;
    let approver = approver(world, &county).await;
    let holder = world.another("county.clerk", &county.place.county).await;
    let grant = granted(&holder, &approver, &school.name, 5).await;
    refused(
        reveal(&county.clerk, &grant, &pupils[0]).await,
        Code::PermissionDenied,
        "NOT_THE_HOLDER",
    );
    refused(
        reveal(&holder, &grant, &outside[0]).await,
        Code::PermissionDenied,
        "STUDENT_OUT_OF_GRANT",
    );
    let elsewhere = County::fresh(world).await;
    refused(
        reveal(&elsewhere.clerk, &grant, &pupils[0]).await,
        Code::NotFound,
        "NOT_FOUND",
    );
    let left = answered(reveal(&holder, &grant, &pupils[0]).await);
    assert_eq!(left.remaining_count, 4, "what was refused does not count");
}

async fn quota(world: &World) {
    let (county, school, _, pupils) = stage(world, 3).await;
    let approver = approver(world, &county).await;
    let grant = granted(&county.clerk, &approver, &school.name, 4).await;
    let looks = (0..10).map(|index| reveal(&county.clerk, &grant, &pupils[index % 3]));
    let answers = futures_util::future::join_all(looks).await;
    let (seen, others): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(seen.len(), 4);
    let mut left: Vec<i32> = seen
        .into_iter()
        .map(|answer| answered(answer).remaining_count)
        .collect();
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3]);
    for answer in others {
        refused(answer, Code::FailedPrecondition, "GRANT_EXHAUSTED");
    }
}

async fn ended(world: &World) {
    let (county, school, _, pupils) = stage(world, 1).await;
    let approver = approver(world, &county).await;
    let asked = answered(request(&county.clerk, &school.name, 5).await);
    let waiting = reveal(&county.clerk, &asked, &pupils[0]).await;
    refused(waiting, Code::FailedPrecondition, "NOT_IN_FORCE");
    let silent = approver
        .grants()
        .refuse_access_grant(step(&asked, ""))
        .await;
    refused(silent, Code::FailedPrecondition, "STEP_NOT_READY");
    let no = step(&asked, "用途不明");
    answered(approver.grants().refuse_access_grant(no).await);
    let gone = reveal(&county.clerk, &asked, &pupils[0]).await;
    let gone = refused(gone, Code::FailedPrecondition, "NOT_IN_FORCE");
    assert_eq!(gone.metadata["state"], "不予授权");
    let grant = granted(&county.clerk, &approver, &school.name, 5).await;
    let look = reveal_request(&grant, &pupils[0]);
    answered(county.clerk.grants().reveal_student(look.clone()).await);
    // A look does not stand in the way of taking the grant back.
    let back = step(&grant, "人员调离");
    answered(approver.grants().revoke_access_grant(back).await);
    let gone = reveal(&county.clerk, &grant, &pupils[0]).await;
    let gone = refused(gone, Code::FailedPrecondition, "NOT_IN_FORCE");
    assert_eq!(gone.metadata["state"], "已撤销");
    let replayed = county.clerk.grants().reveal_student(look).await;
    refused(replayed, Code::FailedPrecondition, "NOT_IN_FORCE");
}

async fn expired(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let (county, school, _, pupils) = stage(&world, 1).await;
    let head = approver(&world, &county).await;
    let grant = granted(&county.clerk, &head, &school.name, 5).await;
    answered(reveal(&county.clerk, &grant, &pupils[0]).await);
    let clerk = county.clerk.clone();
    world.later(11).expect("a restart");
    let clerk = world
        .enter(&clerk.sign_in_name, &clerk.password, None)
        .await;
    let over = reveal(&clerk, &grant, &pupils[0]).await;
    let over = refused(over, Code::FailedPrecondition, "APPROVAL_EXPIRED");
    assert_eq!(over.metadata["until"], grant.expire_date);
}

async fn stage(world: &World, pupils: usize) -> (County, School, Vec<Person>, Vec<Student>) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await;
    let people = enrol(&county.clerk, &school, Stage::Primary, pupils).await;
    let pupils = roll(&county.clerk, &school).await;
    (county, school, people, pupils)
}

async fn approver(world: &World, county: &County) -> Officer {
    world.sign_in("county.approver", &county.place.county).await
}

async fn roll(officer: &Officer, school: &School) -> Vec<Student> {
    let list = ListStudentsRequest {
        parent: school.name.clone(),
        page_size: 500,
        ..Default::default()
    };
    answered(officer.students().list_students(list).await).students
}

/// Asks for identity numbers until ten days from now, by the system's clock as the story's installation has it.
async fn request(
    officer: &Officer,
    parent: &str,
    quota: i32,
) -> Result<Response<AccessGrant>, Status> {
    let until = junheng_tests::days_from_now(10);
    let request = RequestAccessGrantRequest {
        parent: parent.to_owned(),
        access_grant: Some(AccessGrant {
            fields: vec![ClearField::IdentityNumber.into()],
            purpose: "核对报名信息".to_owned(),
            expire_date: until,
            quota,
            ..AccessGrant::default()
        }),
        request_id: request_id(),
    };
    officer.grants().request_access_grant(request).await
}

async fn granted(holder: &Officer, approver: &Officer, parent: &str, quota: i32) -> AccessGrant {
    let asked = answered(request(holder, parent, quota).await);
    let granted = approver
        .grants()
        .approve_access_grant(step(&asked, ""))
        .await;
    answered(granted)
}

fn step(grant: &AccessGrant, note: &str) -> StepRequest {
    StepRequest {
        name: grant.name.clone(),
        etag: grant.etag.clone(),
        note: note.to_owned(),
        evidence: Vec::new(),
        request_id: request_id(),
    }
}

fn reveal_request(grant: &AccessGrant, pupil: &Student) -> RevealStudentRequest {
    RevealStudentRequest {
        name: pupil.name.clone(),
        access_grant: grant.name.clone(),
        request_id: request_id(),
    }
}

async fn reveal(
    officer: &Officer,
    grant: &AccessGrant,
    pupil: &Student,
) -> Result<Response<RevealedStudent>, Status> {
    let request = reveal_request(grant, pupil);
    officer.grants().reveal_student(request).await
}
