//! The four reports (四个一): counted, signed, given back item by item, and who owes one.

use crate::dropout_control::{CITY, COUNTY, case, day, ground, ledger, open};
use crate::support::{World, id};
use junheng_proto::registration::v1::dropout_case::State as CaseState;
use junheng_proto::registration::v1::dropout_report::{Kind, State};
use junheng_proto::registration::v1::dropout_report_item::Rows;
use junheng_proto::registration::v1::dropout_report_service_client::DropoutReportServiceClient;
use junheng_proto::registration::v1::*;
use junheng_proto::workflow::v1::StepRequest;
use junheng_registration::entity::dropout_case;
use tonic_types::StatusExt as _;

pub(crate) fn step(report: &DropoutReport) -> StepRequest {
    StepRequest {
        name: report.name.clone(),
        etag: report.etag.clone(),
        request_id: id(),
        ..StepRequest::default()
    }
}

pub(crate) fn reason_of(status: &tonic::Status) -> String {
    status.get_details_error_info().unwrap().reason
}

#[tokio::test]
async fn a_monthly_report_is_counted_signed_given_back_item_by_item_and_accepted() {
    let world = World::new().await;
    let (school, students) = ground(&world).await;
    world.context.clock.advance_seconds(27 * 86_400);
    let (clerk, head) = (
        world.officer("school.clerk", &school.name),
        world.officer("school.approver", &school.name),
    );
    let (county, chief) = (
        world.officer("county.clerk", COUNTY),
        world.officer("county.approver", COUNTY),
    );
    let mut client = DropoutReportServiceClient::new(world.link.clone());
    let draft = |period: &str| DraftDropoutReportRequest {
        parent: school.name.clone(),
        kind: Kind::Monthly.into(),
        period: period.into(),
        request_id: id(),
    };
    let early = client
        .draft_dropout_report(clerk.ask(draft("2018-10")))
        .await
        .unwrap_err();
    assert_eq!(reason_of(&early), "DROPOUT_PERIOD_NOT_BEGUN");
    let above = client
        .draft_dropout_report(county.ask(draft("2018-09")))
        .await
        .unwrap_err();
    assert_eq!(reason_of(&above), "DROPOUT_REPORT_NOT_YOURS");
    let drafted = client
        .draft_dropout_report(clerk.ask(draft("2018-09")))
        .await;
    let drafted = drafted.unwrap().into_inner();
    let again = client
        .draft_dropout_report(clerk.ask(draft("2018-09")))
        .await
        .unwrap_err();
    assert_eq!(reason_of(&again), "DROPOUT_REPORT_EXISTS");
    assert_eq!(
        (drafted.from_date.as_str(), drafted.due_date.as_str()),
        ("2018-08-29", "2018-09-28")
    );
    let value = |report: &DropoutReport, code: &str| {
        report
            .items
            .iter()
            .find(|item| item.code == code)
            .unwrap()
            .value
    };
    assert_eq!(value(&drafted, "enrolled.primary"), 3);
    assert_eq!(value(&drafted, "suspected"), 2);
    assert_eq!(value(&drafted, "confirmed"), 1);
    assert_eq!(value(&drafted, "open_dropout.left_behind"), 1);
    for item in &drafted.items {
        if let Some(Rows::Ledger(rows)) = &item.rows {
            let listed = ledger(&world, &clerk, rows.clone()).await;
            let counts_children = !["visits", "notices"].contains(&item.code.as_str());
            assert!(
                !counts_children || listed.len() as i64 == item.value,
                "{item:?}"
            );
        }
    }
    // A case comes in after the count: it is in the report when that is counted anew.
    open(
        &world,
        case(&school, Some(&students[2]), CaseState::Suspected),
    )
    .await;
    let counted = client
        .recount_dropout_report(clerk.ask(step(&drafted)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(value(&counted, "suspected"), 3);
    let signed = client
        .sign_dropout_report(head.ask(step(&counted)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((signed.state(), signed.digest.len()), (State::Signed, 64));
    let submitted = client
        .submit_dropout_report(clerk.ask(step(&signed)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(submitted.state(), State::CountyReview);
    let back = |report: &DropoutReport, code: &str| ReturnDropoutReportRequest {
        name: report.name.clone(),
        etag: report.etag.clone(),
        items: vec![return_dropout_report_request::Item {
            code: code.into(),
            reason: "与走访情况不符".into(),
        }],
        note: String::new(),
        request_id: id(),
    };
    let unknown = client
        .return_dropout_report(county.ask(back(&submitted, "weather")))
        .await
        .unwrap_err();
    assert_eq!(reason_of(&unknown), "DROPOUT_ITEM_UNKNOWN");
    let returned = client
        .return_dropout_report(county.ask(back(&submitted, "suspected")))
        .await;
    let returned = returned.unwrap().into_inner();
    assert_eq!(returned.state(), State::Returned);
    let locked = returned
        .items
        .iter()
        .filter(|item| item.state() == dropout_report_item::State::Signed);
    assert_eq!(locked.count() + 1, returned.items.len());
    let mut report = returned;
    report = client
        .recount_dropout_report(clerk.ask(step(&report)))
        .await
        .unwrap()
        .into_inner();
    report = client
        .sign_dropout_report(head.ask(step(&report)))
        .await
        .unwrap()
        .into_inner();
    report = client
        .submit_dropout_report(clerk.ask(step(&report)))
        .await
        .unwrap()
        .into_inner();
    report = client
        .accept_dropout_report(chief.ask(step(&report)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (report.state(), report.due_date.as_str()),
        (State::Accepted, "")
    );
}

#[tokio::test]
async fn what_is_entered_between_two_reports_is_in_the_next_whatever_day_it_is_about() {
    let world = World::new().await;
    let (school, students) = ground(&world).await;
    world.context.clock.advance_seconds(20 * 86_400);
    let mut client = DropoutReportServiceClient::new(world.link.clone());
    let draft = |period: &str| DraftDropoutReportRequest {
        parent: school.name.clone(),
        kind: Kind::Monthly.into(),
        period: period.into(),
        request_id: id(),
    };
    let value = |report: &DropoutReport, code: &str| {
        let item = report.items.iter().find(|item| item.code == code);
        item.unwrap().value
    };
    let clerk = world.officer("school.clerk", &school.name);
    let first = client
        .draft_dropout_report(clerk.ask(draft("2018-09")))
        .await;
    let first = first.unwrap().into_inner();
    assert_eq!(value(&first, "suspected"), 2);
    // Later the same day, about a day of the month before.
    let late = dropout_case::Model {
        found_date: day("2018-08-20"),
        ..case(&school, Some(&students[2]), CaseState::Suspected)
    };
    open(&world, late).await;
    world.context.clock.advance_seconds(30 * 86_400);
    let clerk = world.officer("school.clerk", &school.name);
    let second = client
        .draft_dropout_report(clerk.ask(draft("2018-10")))
        .await;
    let second = second.unwrap().into_inner();
    assert_eq!(value(&second, "suspected"), 1, "{second:?}");
    assert_eq!(second.entered_after_time, first.entered_until_time);
    let item = second.items.iter().find(|item| item.code == "suspected");
    let Some(Rows::Ledger(rows)) = &item.unwrap().rows else {
        panic!("no rows");
    };
    let listed = ledger(&world, &clerk, rows.clone()).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].student, students[2].name);
    // The first cannot take it any more: each happening is in one report.
    let counted = client.recount_dropout_report(clerk.ask(step(&first))).await;
    assert_eq!(value(&counted.unwrap().into_inner(), "suspected"), 2);
}

#[tokio::test]
async fn who_reported_nothing_by_the_day_is_on_a_list_at_every_level() {
    let world = World::new().await;
    let (school, _) = ground(&world).await;
    let mut client = DropoutReportServiceClient::new(world.link.clone());
    let asked = |parent: &str, kind: Kind, period: &str| ListMissingReportsRequest {
        parent: parent.into(),
        kind: kind.into(),
        period: period.into(),
        ..ListMissingReportsRequest::default()
    };
    let clerk = world.officer("county.clerk", COUNTY);
    let list = client
        .list_missing_reports(clerk.ask(asked(COUNTY, Kind::Monthly, "2018-09")))
        .await;
    assert!(
        list.unwrap().into_inner().missing_reports.is_empty(),
        "its day has not passed"
    );
    world.context.clock.advance_seconds(40 * 86_400);
    for (role, parent) in [("county.clerk", COUNTY), ("city.clerk", CITY)] {
        let officer = world.officer(role, parent);
        let list = client
            .list_missing_reports(officer.ask(asked(parent, Kind::Monthly, "2018-09")))
            .await;
        let missing = list.unwrap().into_inner().missing_reports;
        assert_eq!(missing.len(), 1, "{parent}");
        assert_eq!(missing[0].organisation, school.name);
    }
    let city = world.officer("city.clerk", CITY);
    let list = client
        .list_missing_reports(city.ask(asked(CITY, Kind::Quarterly, "2018-Q2")))
        .await;
    let missing = list.unwrap().into_inner().missing_reports;
    assert_eq!(missing[0].organisation, COUNTY);
}
