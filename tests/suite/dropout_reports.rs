//! The school's monthly report: counted, signed, given back item by item, accepted; and who reported nothing.

use chrono::Datelike as _;
use junheng_proto::registration::v1::dropout_report::{Kind, State};
use junheng_proto::registration::v1::return_dropout_report_request::Item;
use junheng_proto::registration::v1::{
    DraftDropoutReportRequest, DropoutReport, ListMissingReportsRequest,
    ReportDropoutSuspicionRequest, ReturnDropoutReportRequest,
};
use junheng_proto::workflow::v1::StepRequest;
use junheng_tests::classroom::Classroom;
use junheng_tests::person::child;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::school_year::today;
use junheng_tests::{Officer, Story, World, request_id, story};
use tonic::Code;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a monthly report is counted signed given back item by item and accepted", |world| Box::pin(whole_way(world))),
    story("a school that reported nothing by its day is on a list until it reports", |world| Box::pin(missing(world))),
];

/// Days until the 28th of this month, the last of its report.
fn until_the_28th() -> i64 {
    28 - i64::from(today().day())
}

async fn near_the_day(world: &World) -> World {
    let offset = (until_the_28th() * 86_400).to_string();
    world
        .of_its_own(&[("JUNHENG_CLOCK__OFFSET_SECONDS", offset.as_str())])
        .await
}

async fn whole_way(world: &World) {
    let world = near_the_day(world).await;
    let room = Classroom::fresh(&world).await;
    let one = room.register(&child()).await;
    let (school, county) = (&room.school.name, &room.county.place.county);
    let clerk = world.sign_in("school.clerk", school).await;
    suspect(&clerk, &one.name).await;
    let period = today().format("%Y-%m").to_string();
    let mut reports = clerk.dropout_reports();
    let foreign = room
        .county
        .clerk
        .dropout_reports()
        .draft_dropout_report(draft(school, &period))
        .await;
    refused(foreign, Code::PermissionDenied, "DROPOUT_REPORT_NOT_YOURS");
    let report = answered(reports.draft_dropout_report(draft(school, &period)).await);
    let value = |code: &str| {
        report
            .items
            .iter()
            .find(|item| item.code == code)
            .map(|item| item.value)
    };
    assert_eq!(
        (value("suspected"), value("enrolled.primary")),
        (Some(1), Some(1))
    );
    let second = reports.draft_dropout_report(draft(school, &period)).await;
    refused(second, Code::AlreadyExists, "DROPOUT_REPORT_EXISTS");
    let head = world.sign_in("school.approver", school).await;
    let report = answered(
        head.dropout_reports()
            .sign_dropout_report(step(&report))
            .await,
    );
    assert_eq!(report.digest.len(), 64);
    let report = answered(reports.submit_dropout_report(step(&report)).await);
    let back = ReturnDropoutReportRequest {
        name: report.name.clone(),
        etag: report.etag.clone(),
        items: vec![Item {
            code: "suspected".to_owned(),
            reason: "与走访情况不符".to_owned(),
        }],
        note: String::new(),
        request_id: request_id(),
    };
    let above = world.sign_in("county.clerk", county).await;
    let report = answered(above.dropout_reports().return_dropout_report(back).await);
    assert_eq!(report.state(), State::Returned);
    let report = answered(reports.recount_dropout_report(step(&report)).await);
    let report = answered(
        head.dropout_reports()
            .sign_dropout_report(step(&report))
            .await,
    );
    let report = answered(reports.submit_dropout_report(step(&report)).await);
    let chief = world.sign_in("county.approver", county).await;
    let report = answered(
        chief
            .dropout_reports()
            .accept_dropout_report(step(&report))
            .await,
    );
    assert_eq!(report.state(), State::Accepted);
}

async fn missing(world: &World) {
    let mut world = near_the_day(world).await;
    let room = Classroom::fresh(&world).await;
    let (school, county) = (room.school.name.clone(), room.county.place.county.clone());
    let period = today().format("%Y-%m").to_string();
    assert!(
        listed(&room.county.clerk, &county, &period)
            .await
            .is_empty(),
        "not before the day"
    );
    world.later(7).expect("the process starts again");
    let above = world.sign_in("county.clerk", &county).await;
    assert_eq!(listed(&above, &county, &period).await, [school.as_str()]);
    let clerk = world.sign_in("school.clerk", &school).await;
    let head = world.sign_in("school.approver", &school).await;
    let report = answered(
        clerk
            .dropout_reports()
            .draft_dropout_report(draft(&school, &period))
            .await,
    );
    let report = answered(
        head.dropout_reports()
            .sign_dropout_report(step(&report))
            .await,
    );
    assert_eq!(
        listed(&above, &county, &period).await,
        [school.as_str()],
        "signed is not submitted"
    );
    answered(
        clerk
            .dropout_reports()
            .submit_dropout_report(step(&report))
            .await,
    );
    assert!(listed(&above, &county, &period).await.is_empty());
}

fn draft(parent: &str, period: &str) -> DraftDropoutReportRequest {
    DraftDropoutReportRequest {
        parent: parent.to_owned(),
        kind: Kind::Monthly.into(),
        period: period.to_owned(),
        request_id: request_id(),
    }
}

fn step(report: &DropoutReport) -> StepRequest {
    StepRequest {
        name: report.name.clone(),
        etag: report.etag.clone(),
        request_id: request_id(),
        ..Default::default()
    }
}

async fn listed(officer: &Officer, parent: &str, period: &str) -> Vec<String> {
    let request = ListMissingReportsRequest {
        parent: parent.to_owned(),
        kind: Kind::Monthly.into(),
        period: period.to_owned(),
        ..Default::default()
    };
    let page = answered(
        officer
            .dropout_reports()
            .list_missing_reports(request)
            .await,
    );
    page.missing_reports
        .into_iter()
        .map(|one| one.organisation)
        .collect()
}

/// Reports a pupil of the school.
async fn suspect(clerk: &Officer, student: &str) -> String {
    let request = ReportDropoutSuspicionRequest {
        child: student.to_owned(),
        note: "连续多日未到校".to_owned(),
        request_id: request_id(),
        ..Default::default()
    };
    answered(
        clerk
            .dropout_cases()
            .report_dropout_suspicion(request)
            .await,
    )
    .name
}
