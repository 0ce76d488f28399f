//! A dropout case whose child's record moves: it goes along with the record, and no two of its writers lock up.

use futures_util::future::join_all;
use junheng_proto::registration::v1::dropout_case::{Reason, State};
use junheng_proto::registration::v1::{
    ConfirmDropoutCaseRequest, DropoutCase, GetDropoutCaseRequest, ReportDropoutSuspicionRequest,
    SchoolClass, Transfer,
};
use junheng_tests::person::child;
use junheng_tests::pupils::register;
use junheng_tests::refusal::{Refused, answered};
use junheng_tests::{County, Officer, Story, World, request_id, story};
use tonic::{Code, Response, Status};

use super::transfer_ground::{Ground, asked, begin, get_student, ground, take};

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a case goes to the school that its child transfers to and leaves the old one", |world| Box::pin(goes_along(world))),
    story("a case that is confirmed while its child transfers goes along and neither waits for the other forever", |world| Box::pin(raced(world))),
];

/// Pupils who move at once.
const PUPILS: usize = 12;

async fn goes_along(world: &World) {
    let (county, next) = (County::fresh(world).await, County::fresh(world).await);
    let ground = ground(&county, &next).await;
    let case = answered(report(&county.clerk, &ground.student.name).await);
    assert_eq!(case.region, county.place.county);
    let ready = ready(world, &ground).await;
    let new = world.sign_in("school.clerk", &ground.receiving.name).await;
    answered(take(&new, "CompleteTransfer", asked(&ready)).await);
    let moved = answered(get(&new, &case.name).await);
    assert_eq!(moved.school, ground.receiving.name);
    assert_ne!(moved.etag, case.etag);
    assert_eq!(moved.region, next.place.county);
    let old = world.sign_in("school.clerk", &ground.sending.name).await;
    let gone = get(&old, &case.name).await.expect_err("another school's");
    assert_eq!(gone.code(), Code::NotFound);
}

async fn raced(world: &World) {
    let county = County::shared(world).await;
    let first = ground(&county, &county).await;
    let old_class = SchoolClass {
        name: first.student.school_class.clone(),
        school: first.sending.name.clone(),
        ..SchoolClass::default()
    };
    let mut pairs = Vec::new();
    for _ in 0..PUPILS {
        let pupil = child();
        let student = register(&county.clerk, &old_class, &pupil).await;
        let ground = Ground {
            sending: first.sending.clone(),
            receiving: first.receiving.clone(),
            class: first.class.clone(),
            pupil,
            student,
        };
        let case = answered(report(&county.clerk, &ground.student.name).await);
        let ready = ready(world, &ground).await;
        pairs.push((ground, case, ready));
    }
    let head = world.sign_in("school.approver", &first.sending.name).await;
    let new = world.sign_in("school.clerk", &first.receiving.name).await;
    let races = pairs.iter().map(async |(_, case, ready)| {
        let confirmed = confirm(&head, case);
        let completed = take(&new, "CompleteTransfer", asked(ready));
        tokio::join!(confirmed, completed)
    });
    let outcomes = join_all(races).await;
    for ((ground, case, ready), (confirmed, completed)) in pairs.iter().zip(outcomes) {
        if let Err(status) = confirmed {
            let reason = Refused::read(&status).reason;
            // It came second: the record has moved, and the case with it.
            let second = ["ETAG_MISMATCH", "NOT_FOUND", "STEP_NOT_READY"];
            assert!(second.contains(&reason.as_str()), "{status:?}");
        }
        if let Err(status) = completed {
            // The confirmation wrote the record in between: asked again, it goes on.
            assert_eq!(Refused::read(&status).reason, "ETAG_MISMATCH", "{status:?}");
            answered(take(&new, "CompleteTransfer", asked(ready)).await);
        }
        let record = get_student(&new, &ground.student.name).await;
        assert_eq!(record.expect("the record").school, ground.receiving.name);
        let moved = answered(get(&new, &case.name).await);
        assert_eq!(moved.school, ground.receiving.name);
        assert!([State::Suspected, State::Confirmed].contains(&moved.state()));
    }
}

/// A transfer that waits for its last step.
async fn ready(world: &World, ground: &Ground) -> Transfer {
    let (from, to) = (&ground.sending.county, &ground.receiving.county);
    let mut transfer = begin(world, ground).await;
    for (step, role, organisation) in [
        ("SubmitTransfer", "school.approver", &ground.receiving.name),
        ("AdmitTransfer", "county.approver", to),
        ("ReleaseTransfer", "school.approver", &ground.sending.name),
        ("ApproveTransfer", "county.approver", from),
        ("HandOverTransfer", "school.clerk", &ground.sending.name),
    ] {
        if step == "AdmitTransfer" && from == to {
            continue;
        }
        let officer = world.sign_in(role, organisation).await;
        transfer = answered(take(&officer, step, asked(&transfer)).await);
    }
    transfer
}

async fn report(officer: &Officer, student: &str) -> Result<Response<DropoutCase>, Status> {
    let request = ReportDropoutSuspicionRequest {
        child: student.to_owned(),
        note: "多日未到校".to_owned(),
        request_id: request_id(),
        ..Default::default()
    };
    let mut cases = officer.dropout_cases();
    cases.report_dropout_suspicion(request).await
}

async fn confirm(officer: &Officer, case: &DropoutCase) -> Result<Response<DropoutCase>, Status> {
    let request = ConfirmDropoutCaseRequest {
        name: case.name.clone(),
        etag: case.etag.clone(),
        reason: Reason::Weary.into(),
        request_id: request_id(),
        ..Default::default()
    };
    officer.dropout_cases().confirm_dropout_case(request).await
}

async fn get(officer: &Officer, name: &str) -> Result<Response<DropoutCase>, Status> {
    let request = GetDropoutCaseRequest {
        name: name.to_owned(),
    };
    officer.dropout_cases().get_dropout_case(request).await
}
