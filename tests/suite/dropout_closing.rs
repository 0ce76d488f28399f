//! Closing a case takes two persons, in whatever posts they act.

use junheng_proto::registration::v1::dropout_case::{Ground as Closing, State};
use junheng_proto::registration::v1::{ListDropoutCasesRequest, RequestDropoutClosingRequest};
use junheng_tests::pupils::official;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::world::{PASSWORD, post};
use junheng_tests::{County, Story, World, request_id, story};
use tonic::Code;

use crate::dropout_cases::{Ground, step};

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("who asked to close a case does not close it in another post and a second person does", |world| Box::pin(four_eyes(world))),
];

async fn four_eyes(world: &World) {
    let county = County::fresh(world).await;
    let ground = Ground::of(world, &county).await;
    let case = answered(ground.report(&ground.clerk).await);
    let case = ground.confirm(&case).await;
    let name = format!("both.{}", request_id());
    let posts = ["county.clerk", "county.approver"].map(|role| (role, ground.region.as_str()));
    world.appoint(&name, &posts).await;
    let seat = async |role: &str| {
        let post = post(role, &ground.region);
        world.enter(&name, PASSWORD, Some(post)).await
    };
    let request = RequestDropoutClosingRequest {
        name: case.name.clone(),
        etag: case.etag.clone(),
        ground: Closing::NoFault.into(),
        evidence: vec![official("核查笔录")],
        request_id: request_id(),
        ..RequestDropoutClosingRequest::default()
    };
    let mut clerk = seat("county.clerk").await.dropout_cases();
    let asked = answered(clerk.request_dropout_closing(request).await);
    let waiting = ListDropoutCasesRequest {
        parent: ground.region.clone(),
        closing_requested_only: true,
        ..ListDropoutCasesRequest::default()
    };
    let waiting = answered(clerk.list_dropout_cases(waiting).await).dropout_cases;
    assert_eq!(waiting.len(), 1, "it waits for the second person");
    let mut own = seat("county.approver").await.dropout_cases();
    let answer = own.close_dropout_case(step(&asked, "")).await;
    refused(answer, Code::PermissionDenied, "SAME_PERSON");
    let mut other = ground.approver.dropout_cases();
    let closed = answered(other.close_dropout_case(step(&asked, "")).await);
    assert_eq!(
        (closed.state(), closed.ground()),
        (State::Closed, Closing::NoFault)
    );

    // Whoever asks anew is the one whom the second person must not be.
    let again = answered(ground.report(&ground.clerk).await);
    let again = ground.confirm(&again).await;
    let asked = answered(
        ground
            .closing(&again, Closing::NoFault, vec![official("核查笔录")])
            .await,
    );
    let closed = answered(own.close_dropout_case(step(&asked, "")).await);
    assert_eq!(closed.state(), State::Closed);
}
