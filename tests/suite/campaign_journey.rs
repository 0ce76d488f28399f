//! A campaign from the notice to the published verdict, through all levels.

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::identity::v1::{GetAccountRequest, GrantPostRequest};
use junheng_proto::inspection::v1::campaign::State;
use junheng_proto::inspection::v1::{
    GetPublishedVerdictRequest, ReturnCampaignRequest, ReturnedPart, ReviewCampaignRequest,
    SubmitCampaignRequest, evidence_item, school_report,
};
use junheng_proto::journal::v1::{Entry, ListEntriesRequest};
use junheng_proto::workflow::v1::GetWorkflowRequest;
use junheng_tests::campaign::{BASIC, Inspection, QUALITY, answer_to, confirm};
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{employ, enrol, furnish};
use junheng_tests::world::{PROVINCE, post};
use junheng_tests::{County, Officer, Story, World, regions, request_id, story};
use tonic::Code;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a campaign climbs from the notice through four levels to the published verdict", |world| Box::pin(all_levels(world))),
    story("a county without a city skips the city's review and shows that it did", |world| Box::pin(without_city(world))),
    story("what is returned is opened with its reason and the rest stays signed", |world| Box::pin(returned(world))),
    story("a campaign of the other framework runs the same way", |world| Box::pin(other_framework(world))),
    story("who signed for the county does not pass its city's review in another post", |world| Box::pin(one_person(world))),
    story("the workflow is shown as data and as a chart", |world| Box::pin(chart(world))),
];

async fn all_levels(world: &World) {
    let county = furnished(world).await;
    let mut inspection = Inspection::draft(world, &county, BASIC).await;
    assert_eq!(inspection.campaign.state(), State::Draft);
    inspection.issue().await;
    assert_eq!(inspection.campaign.state(), State::SchoolReporting);
    assert_eq!(inspection.campaign.report_count, 2);
    assert!(
        inspection.campaign.item_count >= 17,
        "{:?}",
        inspection.campaign
    );
    assert!(
        !inspection.campaign.due_date.is_empty(),
        "the schools have a deadline"
    );
    inspection.confirm_all(world).await;
    assert_eq!(inspection.campaign.confirmed_report_count, 2);
    inspection.assess().await;
    assert_eq!(inspection.campaign.state(), State::CountySelfAssessment);
    inspection.answer_all().await;
    inspection.submit().await;
    assert_eq!(inspection.campaign.state(), State::CityReview);
    assert_eq!(inspection.campaign.measures_digest.len(), 64);
    let elsewhere = County::fresh(world).await.clerk;
    let read = GetPublishedVerdictRequest {
        campaign: inspection.name(),
    };
    let early = elsewhere
        .figures()
        .get_published_verdict(read.clone())
        .await;
    refused(early, Code::NotFound, "NOT_FOUND");
    inspection.review().await;
    assert_eq!(inspection.campaign.state(), State::ProvinceEvaluation);
    inspection.evaluate().await;
    assert_eq!(inspection.campaign.state(), State::ProvincePublicity);
    inspection.publish().await;
    assert_eq!(inspection.campaign.state(), State::Published);
    let published = answered(elsewhere.figures().get_published_verdict(read).await);
    assert_eq!(published.region, county.place.county);
    assert_eq!(
        published.measures_digest,
        inspection.campaign.measures_digest
    );
    let steps = history(&inspection.cast.province_approver, &inspection).await;
    let taken: Vec<_> = steps
        .iter()
        .map(|entry| entry.to_state.as_str())
        .filter(|state| !state.is_empty())
        .collect();
    let expected = [
        "SCHOOL_REPORTING",
        "COUNTY_SELF_ASSESSMENT",
        "CITY_REVIEW",
        "PROVINCE_EVALUATION",
        "PROVINCE_PUBLICITY",
        "PUBLISHED",
    ];
    let climbed: Vec<_> = taken
        .into_iter()
        .filter(|state| *state != "DRAFT")
        .collect();
    assert_eq!(climbed, expected);
    for entry in &steps {
        assert!(
            !entry.account.is_empty() && entry.post.contains('@'),
            "{entry:?}"
        );
    }
    let signed = steps
        .iter()
        .find(|entry| entry.to_state == "CITY_REVIEW")
        .expect("signed");
    assert_eq!(
        signed.post,
        format!("county.approver@{}", county.place.county)
    );
    assert_eq!(signed.note, "自评完成");
}

async fn one_person(world: &World) {
    let county = furnished(world).await;
    let mut inspection = Inspection::issued(world, &county, BASIC).await;
    inspection.up_to_submitted(world).await;
    let city = county.place.city.clone().expect("a county with a city");
    let signer = &inspection.cast.county_approver;
    let security = world.administrator("security").await;
    let name = signer.account.clone();
    let read = GetAccountRequest { name: name.clone() };
    let grant = GrantPostRequest {
        name,
        post: Some(post("city.approver", &city)),
        etag: answered(security.accounts().get_account(read).await).etag,
        request_id: request_id(),
    };
    answered(security.accounts().grant_post(grant).await);
    let wanted = Some(post("city.approver", &city));
    let both = world
        .enter(&signer.sign_in_name, &signer.password, wanted)
        .await;
    let review = ReviewCampaignRequest {
        name: inspection.name(),
        etag: inspection.campaign.etag.clone(),
        request_id: request_id(),
        note: "复核通过".to_owned(),
    };
    let answer = both.campaigns().review_campaign(review).await;
    refused(answer, Code::PermissionDenied, "SAME_PERSON");
    inspection.review().await;
}

async fn without_city(world: &World) {
    let place = regions::place("429004").expect("仙桃市");
    assert_eq!(place.city, None);
    let county = County::at(world, place).await;
    let school = county.school(SchoolKind::Primary).await;
    enrol(&county.clerk, &school, Stage::Primary, 10).await;
    furnish(&county.clerk, &school, 100).await;
    let mut inspection = Inspection::issued(world, &county, BASIC).await;
    assert_eq!(inspection.campaign.skipped_states, ["CITY_REVIEW"]);
    inspection.up_to_submitted(world).await;
    assert_eq!(inspection.campaign.state(), State::ProvinceEvaluation);
    inspection.evaluate().await;
    inspection.publish().await;
    assert_eq!(inspection.campaign.state(), State::Published);
    let steps = history(&inspection.cast.province_approver, &inspection).await;
    let signed = steps
        .iter()
        .find(|entry| entry.from_state == "COUNTY_SELF_ASSESSMENT")
        .expect("signed");
    assert_eq!(signed.to_state, "PROVINCE_EVALUATION");
    assert!(steps.iter().all(|entry| entry.to_state != "CITY_REVIEW"));
}

async fn returned(world: &World) {
    let county = furnished(world).await;
    let mut inspection = Inspection::issued(world, &county, BASIC).await;
    inspection.up_to_submitted(world).await;
    let (report, item) = (
        inspection.reports().await.remove(0),
        inspection.items().await.remove(0),
    );
    let city = inspection.cast.city_approver.clone().expect("a city");
    let parts = [&report.name, &item.name].map(|name| ReturnedPart {
        name: name.clone(),
        reason: "图书册数与台账不符".to_owned(),
    });
    let request = ReturnCampaignRequest {
        name: inspection.name(),
        etag: inspection.campaign.etag.clone(),
        request_id: request_id(),
        note: "请整改".to_owned(),
        parts: parts.to_vec(),
    };
    inspection.campaign = answered(city.campaigns().return_campaign(request).await);
    assert_eq!(inspection.campaign.state(), State::CountySelfAssessment);
    for report_now in inspection.reports().await {
        let state = if report_now.name == report.name {
            assert_eq!(report_now.return_reason, "图书册数与台账不符");
            school_report::State::Returned
        } else {
            school_report::State::Signed
        };
        assert_eq!(report_now.state(), state, "{}", report_now.name);
    }
    let items = inspection.items().await;
    let locked = items
        .iter()
        .find(|found| found.name != item.name)
        .expect("another item");
    assert_eq!(locked.state(), evidence_item::State::Signed);
    let answer = county
        .clerk
        .items()
        .answer_evidence_item(answer_to(&inspection.framework().await, locked))
        .await;
    refused(answer, Code::FailedPrecondition, "ITEM_LOCKED");
    let early = SubmitCampaignRequest {
        name: inspection.name(),
        etag: inspection.campaign.etag.clone(),
        request_id: request_id(),
        note: String::new(),
    };
    let early = inspection
        .cast
        .county_approver
        .campaigns()
        .submit_campaign(early)
        .await;
    refused(early, Code::FailedPrecondition, "STEP_NOT_READY");
    let open = inspection
        .reports()
        .await
        .into_iter()
        .find(|found| found.name == report.name);
    confirm(world, &open.expect("the report")).await;
    inspection.answer_all().await;
    inspection.submit().await;
    assert_eq!(inspection.campaign.state(), State::CityReview);
    let steps = history(&inspection.cast.province_approver, &inspection).await;
    assert!(
        steps.iter().any(|entry| entry.note == "请整改"),
        "the reason stays in the history"
    );
}

async fn other_framework(world: &World) {
    let county = furnished(world).await;
    let mut inspection = Inspection::issued(world, &county, QUALITY).await;
    inspection.up_to_submitted(world).await;
    inspection.review().await;
    inspection.evaluate().await;
    inspection.publish().await;
    let verdict = inspection.verdict().await;
    assert_eq!(verdict.framework, QUALITY);
    assert_eq!(verdict.stages[0].coefficients.len(), 7);
    assert_eq!(
        verdict.stages[0].composite, "",
        "each coefficient is judged"
    );
    assert!(!verdict.meets, "such poor schools do not meet 优质均衡");
    assert!(!verdict.findings.is_empty());
}

async fn chart(world: &World) {
    let officer = world.sign_in("province.inspector", PROVINCE).await;
    let request = GetWorkflowRequest {
        service: "inspection".to_owned(),
        name: "workflows/campaign".to_owned(),
    };
    let table = answered(officer.workflows().get_workflow(request).await);
    assert!(
        table.mermaid.starts_with("stateDiagram"),
        "{}",
        table.mermaid
    );
    assert!(
        table
            .transitions
            .iter()
            .any(|row| row.by == ["city.approver"])
    );
    assert!(
        table
            .transitions
            .iter()
            .any(|row| row.skip_level == "LEVEL_CITY"),
        "{table:?}"
    );
    assert!(
        table
            .transitions
            .iter()
            .any(|row| !row.not_by_whom.is_empty()),
        "four eyes somewhere"
    );
}

async fn furnished(world: &World) -> County {
    let county = County::fresh(world).await;
    for books in [300, 100] {
        let school = county.school(SchoolKind::Primary).await;
        enrol(&county.clerk, &school, Stage::Primary, 20).await;
        employ(&county.clerk, &school, Stage::Primary, 2).await;
        furnish(&county.clerk, &school, books).await;
    }
    county
}

async fn history(officer: &Officer, inspection: &Inspection) -> Vec<Entry> {
    let request = ListEntriesRequest {
        service: "inspection".to_owned(),
        parent: inspection.campaign.region.clone(),
        subject: inspection.name(),
        page_size: 500,
        page_token: String::new(),
    };
    answered(officer.journal().list_entries(request).await).entries
}
