//! kill -9 between any two steps: one effect, the first answer again, and journals that verify.

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::inspection::v1::{
    AssessCampaignRequest, CreateCampaignRequest, IssueCampaignRequest, SubmitCampaignRequest,
};
use junheng_proto::journal::v1::ListEntriesRequest;
use junheng_proto::registration::v1::{CountStudentsRequest, CreateSchoolRequest};
use junheng_tests::binary::{all_output, run};
use junheng_tests::campaign::{BASIC, Cast, Inspection, answer_to, confirmation};
use junheng_tests::refusal::answered;
use junheng_tests::rolls::{
    class_row, header, import_classes, import_students, numbered, student_row,
};
use junheng_tests::{County, Officer, Story, World, request_id, story};
use prost::Message;
use tonic::{Response, Status};

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a power cut after any answer leaves one effect and the first answer", |world| Box::pin(after_the_answer(world))),
    story("a power cut while a call is under way leaves one effect or none", |world| Box::pin(under_way(world))),
    story("asked to end the process finishes what is under way and starts again clean", |world| Box::pin(drained(world))),
];

/// Calls, cuts the power at once, starts again, repeats the same request: the answer is the first one.
async fn twice<R, A>(
    world: &mut World,
    officer: &Officer,
    request: R,
    call: impl AsyncFn(Officer, R) -> Result<Response<A>, Status>,
) -> A
where
    R: Clone,
    A: Message + PartialEq + std::fmt::Debug,
{
    let first = answered(call(world.again(officer), request.clone()).await);
    world.cut_power().expect("restarted");
    let again = answered(call(world.again(officer), request).await);
    assert_eq!(again, first, "the first answer again");
    first
}

async fn after_the_answer(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let county = County::fresh(&world).await;
    let clerk = county.clerk.clone();
    let created = CreateSchoolRequest {
        parent: county.place.county.clone(),
        school: Some(county.entry(SchoolKind::Primary)),
        request_id: request_id(),
    };
    let entry = twice(&mut world, &clerk, created, async |officer, request| {
        officer.schools().create_school(request).await
    })
    .await;
    let school = junheng_tests::School {
        name: entry.name.clone(),
        code: entry.school_code.clone(),
        county: county.place.county.clone(),
        entry,
    };
    enrol_across_cuts(&mut world, &clerk, &school).await;
    let county = County {
        clerk: world.again(&clerk),
        ..county
    };
    junheng_tests::rolls::furnish(&county.clerk, &school, 60).await;
    let mut inspection = climb_across_cuts(&mut world, &county).await;
    inspection.reload().await;
    assert_eq!(
        effects(&inspection.cast.province_approver, &inspection).await,
        [
            "CreateCampaign",
            "IssueCampaign",
            "AssessCampaign",
            "SubmitCampaign",
        ]
    );
    world.server().kill().expect("killed");
    verify(&world);
}

async fn enrol_across_cuts(world: &mut World, clerk: &Officer, school: &junheng_tests::School) {
    let classes = (
        header(&school.name),
        vec![class_row(school, Stage::Primary, 1, 1)],
    );
    twice(world, clerk, classes, async |officer, (header, rows)| {
        import_classes(&officer, header, rows).await
    })
    .await;
    let rows = (0..20).map(|_| {
        student_row(
            school,
            Stage::Primary,
            1,
            1,
            &junheng_tests::person::child(),
        )
    });
    let students = (
        header(&school.name),
        numbered(rows, |row, number| row.row = number),
    );
    twice(world, clerk, students, async |officer, (header, rows)| {
        import_students(&officer, header, rows).await
    })
    .await;
    let count = CountStudentsRequest {
        parent: school.name.clone(),
        grouping: 0,
    };
    let counted = answered(world.again(clerk).students().count_students(count).await);
    assert_eq!(counted.total_count, 20, "each pupil once");
}

/// Drafts, issues, confirms, answers and signs, with a power cut after each.
async fn climb_across_cuts(world: &mut World, county: &County) -> Inspection {
    let cast = Cast::of(world, county).await;
    let drafted = CreateCampaignRequest {
        parent: county.place.county.clone(),
        campaign: Some(junheng_proto::inspection::v1::Campaign {
            framework: BASIC.to_owned(),
            display_name: "断电演练".to_owned(),
            as_of_date: "2018-09-01".to_owned(),
            ..Default::default()
        }),
        request_id: request_id(),
    };
    let mut campaign = twice(
        world,
        &cast.province_clerk,
        drafted,
        async |officer, request| officer.campaigns().create_campaign(request).await,
    )
    .await;
    let issued = IssueCampaignRequest {
        name: campaign.name.clone(),
        etag: campaign.etag.clone(),
        request_id: request_id(),
        note: String::new(),
    };
    campaign = twice(
        world,
        &cast.province_approver,
        issued,
        async |officer, request| officer.campaigns().issue_campaign(request).await,
    )
    .await;
    let mut inspection = at_work(world, &cast, campaign);
    let report = inspection.reports().await.remove(0);
    let head = world.sign_in("school.approver", &report.school).await;
    let confirmed = confirmation(&world.again(&head), &report).await;
    twice(world, &head, confirmed, async |officer, request| {
        officer.reports().confirm_school_report(request).await
    })
    .await;
    inspection = at_work(world, &cast, inspection.campaign);
    inspection.reload().await;
    let assessed = AssessCampaignRequest {
        name: inspection.name(),
        etag: inspection.campaign.etag.clone(),
        request_id: request_id(),
        note: String::new(),
    };
    let campaign = twice(
        world,
        &cast.county_clerk,
        assessed,
        async |officer, request| officer.campaigns().assess_campaign(request).await,
    )
    .await;
    inspection = at_work(world, &cast, campaign);
    let item = inspection.items().await.remove(0);
    twice(
        world,
        &cast.county_clerk,
        answer_to(&inspection.framework().await, &item),
        async |officer, request| officer.items().answer_evidence_item(request).await,
    )
    .await;
    inspection = at_work(world, &cast, inspection.campaign);
    inspection.answer_all().await;
    let submitted = SubmitCampaignRequest {
        name: inspection.name(),
        etag: inspection.campaign.etag.clone(),
        request_id: request_id(),
        note: String::new(),
    };
    let campaign = twice(
        world,
        &cast.county_approver,
        submitted,
        async |officer, request| officer.campaigns().submit_campaign(request).await,
    )
    .await;
    at_work(world, &cast, campaign)
}

async fn under_way(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let county = County::fresh(&world).await;
    for round in 0..4 {
        let requests: Vec<CreateSchoolRequest> = (0..8)
            .map(|_| CreateSchoolRequest {
                parent: county.place.county.clone(),
                school: Some(county.entry(SchoolKind::Primary)),
                request_id: request_id(),
            })
            .collect();
        let clerk = world.again(&county.clerk);
        let calls = requests.clone().into_iter().map(|request| {
            let clerk = clerk.clone();
            tokio::spawn(async move { clerk.schools().create_school(request).await })
        });
        let calls: Vec<_> = calls.collect();
        // Some are answered by now and some are not, in another proportion each round.
        let mut answers = Vec::new();
        let mut calls = calls.into_iter();
        for call in calls.by_ref().take(round) {
            answers.push(call.await.expect("the call's task"));
        }
        world.cut_power().expect("restarted");
        for call in calls {
            answers.push(call.await.expect("the call's task"));
        }
        let clerk = world.again(&county.clerk);
        for (request, before) in requests.into_iter().zip(answers) {
            let after = answered(clerk.schools().create_school(request).await);
            if let Ok(before) = before {
                assert_eq!(before.into_inner(), after);
            }
            let request = ListEntriesRequest {
                service: "registration".to_owned(),
                parent: county.place.county.clone(),
                subject: after.name,
                page_size: 10,
                page_token: String::new(),
            };
            let auditor = world.sign_in("county.audit", &county.place.county).await;
            let auditor = world.again(&auditor);
            let entries = answered(auditor.journal().list_entries(request).await).entries;
            assert_eq!(entries.len(), 1, "one effect");
        }
    }
    world.server().kill().expect("killed");
    verify(&world);
}

async fn drained(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let county = County::fresh(&world).await;
    let school = county.school(SchoolKind::Primary).await;
    assert!(world.server().stop().expect("ended"), "the exit code is 0");
    verify(&world);
    world.cut_power().expect("started again");
    let clerk = world.again(&county.clerk);
    let get = junheng_proto::registration::v1::GetSchoolRequest {
        name: school.name.clone(),
    };
    assert_eq!(
        answered(clerk.schools().get_school(get).await),
        school.entry
    );
}

fn at_work(
    world: &World,
    cast: &Cast,
    campaign: junheng_proto::inspection::v1::Campaign,
) -> Inspection {
    Inspection {
        cast: Cast {
            province_clerk: world.again(&cast.province_clerk),
            province_approver: world.again(&cast.province_approver),
            second_province_approver: world.again(&cast.second_province_approver),
            city_approver: cast
                .city_approver
                .as_ref()
                .map(|officer| world.again(officer)),
            county_clerk: world.again(&cast.county_clerk),
            county_approver: world.again(&cast.county_approver),
        },
        campaign,
    }
}

/// The methods that changed the campaign, in order.
async fn effects(officer: &Officer, inspection: &Inspection) -> Vec<String> {
    let request = ListEntriesRequest {
        service: "inspection".to_owned(),
        parent: inspection.campaign.region.clone(),
        subject: inspection.name(),
        page_size: 100,
        page_token: String::new(),
    };
    let entries = answered(officer.journal().list_entries(request).await).entries;
    let method = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    entries.iter().map(|entry| method(&entry.method)).collect()
}

#[track_caller]
fn verify(world: &World) {
    let folder = world.setup().folder.to_str().expect("a text");
    let output = run(
        &["audit", "verify", "--data-dir", folder],
        &world.setup().environment,
    )
    .expect("ran");
    assert!(output.status.success(), "{}", all_output(&output));
}
