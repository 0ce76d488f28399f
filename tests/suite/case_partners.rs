//! What a department learns of the case of a child that it sent.

use junheng_proto::registration::v1::ReportDropoutSuspicionRequest;
use junheng_proto::registration::v1::dropout_case::{Reason, State};
use junheng_proto::registration::v1::resident_list::Kind as ListKind;
use junheng_tests::person::child;
use junheng_tests::pupils::register;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::{County, Story, World, request_id, story};
use tonic::Code;

use crate::comparisons;
use crate::dropout_cases::{Ground, get};

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a partner that reported a child sees where its case stands and no other partner sees it at all", |world| Box::pin(partners(world))),
];

async fn partners(world: &World) {
    let county = County::fresh(world).await;
    let ground = Ground::of(world, &county).await;
    let region = &ground.region;
    let police = world.another("county.partner", region).await;
    let stranger = world.another("county.partner", region).await;
    let unlisted = ground.report(&police).await;
    refused(unlisted, Code::NotFound, "NOT_FOUND");

    // A pupil whom the police's own list has.
    let person = child();
    register(&county.clerk, &ground.class, &person).await;
    let rows = comparisons::rows_of(&county, [&person]);
    comparisons::send(&police, region, ListKind::SchoolAge, rows).await;
    let run = comparisons::compare(&police, region).await;
    let listed = comparisons::results(&police, region, &run, false).await;
    let listed = listed[0]
        .resident
        .clone()
        .expect("a child of the list")
        .name;
    let report = || ReportDropoutSuspicionRequest {
        child: listed.clone(),
        note: "在外务工".to_owned(),
        request_id: request_id(),
        ..Default::default()
    };
    let foreign = stranger
        .dropout_cases()
        .report_dropout_suspicion(report())
        .await;
    refused(foreign, Code::NotFound, "NOT_FOUND");
    let case = answered(
        police
            .dropout_cases()
            .report_dropout_suspicion(report())
            .await,
    );
    assert_eq!(case.state(), State::Suspected);
    assert!(case.student.is_empty() && case.region.is_empty());
    let again = police
        .dropout_cases()
        .report_dropout_suspicion(report())
        .await;
    refused(again, Code::AlreadyExists, "DROPOUT_CASE_OPEN");
    ground
        .confirm(&answered(get(&ground.head, &case).await))
        .await;
    let seen = answered(get(&police, &case).await);
    assert_eq!(seen.state(), State::Confirmed);
    assert_eq!(
        seen.reason(),
        Reason::Unspecified,
        "health is among the reasons"
    );
    assert!(seen.display_name.is_empty() && seen.school.is_empty() && seen.whereabouts.is_empty());
    refused(get(&stranger, &case).await, Code::NotFound, "NOT_FOUND");
}
