//! What a campaign refuses: wrong order, wrong person, wrong county, and two at once.

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::inspection::v1::campaign::State;
use junheng_proto::inspection::v1::{
    Campaign, CreateCampaignRequest, GetCampaignRequest, IssueCampaignRequest,
    PublishCampaignRequest, ReviewCampaignRequest,
};
use junheng_tests::campaign::{BASIC, Inspection, confirm, confirmation};
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{enrol, furnish};
use junheng_tests::world::post;
use junheng_tests::{County, Story, World, request_id, story};
use tonic::Code;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("of two approvers who sign at once one wins and one is aborted", |world| Box::pin(two_at_once(world))),
    story("a step out of order is refused with the state that it needs", |world| Box::pin(out_of_order(world))),
    story("who evaluated may not publish", |world| Box::pin(four_eyes(world))),
    story("the city of another county cannot review", |world| Box::pin(foreign_city(world))),
    story("reporting is not closed while a school is missing and the refusal names it", |world| Box::pin(not_ready(world))),
    story("a second campaign under the same framework is refused while the first runs", |world| Box::pin(second_campaign(world))),
    story("a school cannot confirm figures that changed since it looked", |world| Box::pin(changed_since_preview(world))),
    story("a step repeated with its request id gives the first answer", |world| Box::pin(repeated_step(world))),
];

async fn two_at_once(world: &World) {
    let county = small(world).await;
    let mut inspection = Inspection::issued(world, &county, BASIC).await;
    inspection.up_to_submitted(world).await;
    let city = county.place.city.as_deref().expect("a city");
    let first = world.sign_in("city.approver", city).await;
    let second = world.another("city.approver", city).await;
    let request = || ReviewCampaignRequest {
        name: inspection.name(),
        etag: inspection.campaign.etag.clone(),
        request_id: request_id(),
        note: String::new(),
    };
    let (mut one, mut two) = (first.campaigns(), second.campaigns());
    let (one, two) = tokio::join!(
        one.review_campaign(request()),
        two.review_campaign(request())
    );
    let (won, lost) = if one.is_ok() { (one, two) } else { (two, one) };
    assert_eq!(answered(won).state(), State::ProvinceEvaluation);
    let status = lost.expect_err("one of the two loses");
    assert_eq!(status.code(), Code::Aborted, "{status:?}");
}

async fn out_of_order(world: &World) {
    let county = small(world).await;
    let inspection = Inspection::draft(world, &county, BASIC).await;
    let request = PublishCampaignRequest {
        name: inspection.name(),
        etag: inspection.campaign.etag.clone(),
        request_id: request_id(),
        note: String::new(),
    };
    let answer = inspection
        .cast
        .province_approver
        .campaigns()
        .publish_campaign(request)
        .await;
    let refused = refused(answer, Code::FailedPrecondition, "STEP_NOT_ALLOWED");
    assert!(
        refused.metadata["from"].contains("PUBLICITY") || refused.metadata["from"].contains("公示"),
        "{refused:?}"
    );
    assert_eq!(refused.metadata["name"], inspection.name());
    let get = GetCampaignRequest {
        name: inspection.name(),
    };
    let now = answered(
        inspection
            .cast
            .province_clerk
            .campaigns()
            .get_campaign(get)
            .await,
    );
    assert_eq!(now, inspection.campaign, "nothing moved");
}

async fn four_eyes(world: &World) {
    let county = small(world).await;
    let mut inspection = Inspection::issued(world, &county, BASIC).await;
    inspection.up_to_submitted(world).await;
    inspection.review().await;
    inspection.evaluate().await;
    let request = PublishCampaignRequest {
        name: inspection.name(),
        etag: inspection.campaign.etag.clone(),
        request_id: request_id(),
        note: String::new(),
    };
    let answer = inspection
        .cast
        .province_approver
        .campaigns()
        .publish_campaign(request)
        .await;
    refused(answer, Code::PermissionDenied, "SAME_PERSON");
    inspection.publish().await;
    assert_eq!(inspection.campaign.state(), State::Published);
    // One person with two posts is one person still.
    let province = county.place.province.clone();
    let both = format!("both.{}", uuid::Uuid::now_v7().simple());
    let posts = [
        ("province.clerk", province.as_str()),
        ("province.approver", province.as_str()),
    ];
    world.appoint(&both, &posts).await;
    let enter = async |role: &str| {
        let post = Some(post(role, &province));
        world
            .enter(&both, junheng_tests::world::PASSWORD, post)
            .await
    };
    let (clerk, approver) = (
        enter("province.clerk").await,
        enter("province.approver").await,
    );
    let drafted = answered(clerk.campaigns().create_campaign(create(&county)).await);
    let issue = IssueCampaignRequest {
        name: drafted.name,
        etag: drafted.etag,
        request_id: request_id(),
        note: String::new(),
    };
    refused(
        approver.campaigns().issue_campaign(issue).await,
        Code::PermissionDenied,
        "SAME_PERSON",
    );
}

async fn foreign_city(world: &World) {
    let [here, _, there] = world.neighbours();
    let county = County::at(world, here).await;
    fill(&county).await;
    let mut inspection = Inspection::issued(world, &county, BASIC).await;
    inspection.up_to_submitted(world).await;
    let stranger = world
        .sign_in("city.approver", there.city.as_deref().expect("a city"))
        .await;
    let request = ReviewCampaignRequest {
        name: inspection.name(),
        etag: inspection.campaign.etag.clone(),
        request_id: request_id(),
        note: String::new(),
    };
    refused(
        stranger.campaigns().review_campaign(request.clone()).await,
        Code::NotFound,
        "NOT_FOUND",
    );
    let own = inspection
        .cast
        .county_approver
        .campaigns()
        .review_campaign(request)
        .await;
    let refused = refused(own, Code::PermissionDenied, "ROLE_NOT_ALLOWED");
    assert!(
        refused.metadata["allowed"].contains("city.approver"),
        "{refused:?}"
    );
}

async fn not_ready(world: &World) {
    let county = small(world).await;
    county.school(SchoolKind::Junior).await;
    let inspection = Inspection::issued(world, &county, BASIC).await;
    let reports = inspection.reports().await;
    confirm(world, &reports[0]).await;
    let mut inspection = inspection;
    inspection.reload().await;
    let request = junheng_proto::inspection::v1::AssessCampaignRequest {
        name: inspection.name(),
        etag: inspection.campaign.etag.clone(),
        request_id: request_id(),
        note: String::new(),
    };
    let answer = county.clerk.campaigns().assess_campaign(request).await;
    let refused = refused(answer, Code::FailedPrecondition, "STEP_NOT_READY");
    assert!(!refused.metadata["missing_zh"].is_empty(), "{refused:?}");
}

async fn second_campaign(world: &World) {
    let county = small(world).await;
    let inspection = Inspection::issued(world, &county, BASIC).await;
    let answer = inspection
        .cast
        .province_clerk
        .campaigns()
        .create_campaign(create(&county))
        .await;
    let refused = refused(answer, Code::AlreadyExists, "CAMPAIGN_UNDER_WAY");
    assert_eq!(refused.metadata["name"], inspection.name());
}

async fn changed_since_preview(world: &World) {
    let county = small(world).await;
    let inspection = Inspection::issued(world, &county, BASIC).await;
    let report = inspection.reports().await.remove(0);
    let head = world.sign_in("school.approver", &report.school).await;
    let request = confirmation(&head, &report).await;
    let stale = junheng_proto::inspection::v1::ConfirmSchoolReportRequest {
        measures_digest: "0".repeat(64),
        request_id: request_id(),
        ..request.clone()
    };
    refused(
        head.reports().confirm_school_report(stale).await,
        Code::FailedPrecondition,
        "STEP_NOT_READY",
    );
    answered(head.reports().confirm_school_report(request).await);
}

async fn repeated_step(world: &World) {
    let county = small(world).await;
    let inspection = Inspection::draft(world, &county, BASIC).await;
    let request = IssueCampaignRequest {
        name: inspection.name(),
        etag: inspection.campaign.etag.clone(),
        request_id: request_id(),
        note: "通知".to_owned(),
    };
    let approver = &inspection.cast.province_approver;
    let first = answered(approver.campaigns().issue_campaign(request.clone()).await);
    let again = answered(approver.campaigns().issue_campaign(request.clone()).await);
    assert_eq!(first, again);
    let other = IssueCampaignRequest {
        note: "另一份通知".to_owned(),
        ..request
    };
    let answer = approver.campaigns().issue_campaign(other).await;
    refused(answer, Code::InvalidArgument, "REQUEST_ID_REUSED");
}

fn create(county: &County) -> CreateCampaignRequest {
    CreateCampaignRequest {
        parent: county.place.county.clone(),
        campaign: Some(Campaign {
            framework: BASIC.to_owned(),
            display_name: "再次评估".to_owned(),
            as_of_date: "2018-09-01".to_owned(),
            ..Campaign::default()
        }),
        request_id: request_id(),
    }
}

async fn small(world: &World) -> County {
    let county = County::fresh(world).await;
    fill(&county).await;
    county
}

async fn fill(county: &County) {
    let school = county.school(SchoolKind::Primary).await;
    enrol(&county.clerk, &school, Stage::Primary, 5).await;
    furnish(&county.clerk, &school, 50).await;
}
