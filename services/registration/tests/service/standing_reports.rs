//! What a report says of how things stand, and by when it is to be mended.

use crate::dropout_control::{COUNTY, case, ground, ledger, open};
use crate::dropout_reports::step;
use crate::support::{World, id};
use junheng_proto::registration::v1::dropout_case::State as CaseState;
use junheng_proto::registration::v1::dropout_report::{Kind, State};
use junheng_proto::registration::v1::dropout_report_item::Rows;
use junheng_proto::registration::v1::dropout_report_service_client::DropoutReportServiceClient;
use junheng_proto::registration::v1::*;

const DAY: i64 = 86_400;

fn item<'a>(report: &'a DropoutReport, code: &str) -> &'a DropoutReportItem {
    report.items.iter().find(|item| item.code == code).unwrap()
}

fn draft(school: &School) -> DraftDropoutReportRequest {
    DraftDropoutReportRequest {
        parent: school.name.clone(),
        kind: Kind::Monthly.into(),
        period: "2018-09".into(),
        request_id: id(),
    }
}

#[tokio::test]
async fn what_is_open_is_told_for_the_end_of_the_period_and_keeps_no_report_from_being_signed() {
    let world = World::new().await;
    let (school, students) = ground(&world).await;
    let suspected = |student| case(&school, Some(student), CaseState::Suspected);
    let mut reports = DropoutReportServiceClient::new(world.link.clone());
    // The period ends on 28 September; in October one more case comes in.
    world.context.clock.advance_seconds(35 * DAY);
    open(&world, suspected(&students[2])).await;
    let clerk = world.officer("school.clerk", &school.name);
    let drafted = reports
        .draft_dropout_report(clerk.ask(draft(&school)))
        .await;
    let drafted = drafted.unwrap().into_inner();
    for (code, value) in [("open_suspected", 1), ("open_dropout", 1), ("suspected", 2)] {
        let item = item(&drafted, code);
        assert_eq!(item.value, value, "{item:?}");
        let Some(Rows::Ledger(rows)) = &item.rows else {
            panic!("no rows");
        };
        let listed = ledger(&world, &clerk, rows.clone()).await;
        assert_eq!(listed.len() as i64, value, "{item:?}");
    }
    let head = world.officer("school.approver", &school.name);
    let signed = reports.sign_dropout_report(head.ask(step(&drafted))).await;
    assert_eq!(signed.unwrap().into_inner().state(), State::Signed);
}

#[tokio::test]
async fn a_report_that_is_mended_in_time_is_not_overdue() {
    let world = World::new().await;
    let (school, _) = ground(&world).await;
    let mut reports = DropoutReportServiceClient::new(world.link.clone());
    world.context.clock.advance_seconds(27 * DAY);
    let clerk = world.officer("school.clerk", &school.name);
    let head = world.officer("school.approver", &school.name);
    let drafted = reports
        .draft_dropout_report(clerk.ask(draft(&school)))
        .await;
    let drafted = drafted.unwrap().into_inner();
    assert_eq!(drafted.due_date, "2018-09-28");
    let signed = reports.sign_dropout_report(head.ask(step(&drafted))).await;
    let signed = signed.unwrap().into_inner();
    let handed_in = reports
        .submit_dropout_report(clerk.ask(step(&signed)))
        .await;
    let handed_in = handed_in.unwrap().into_inner();
    // Weeks later the county gives an item back.
    world.context.clock.advance_seconds(21 * DAY);
    let (clerk, head, county) = (
        world.officer("school.clerk", &school.name),
        world.officer("school.approver", &school.name),
        world.officer("county.clerk", COUNTY),
    );
    let back = ReturnDropoutReportRequest {
        name: handed_in.name.clone(),
        etag: handed_in.etag.clone(),
        items: vec![return_dropout_report_request::Item {
            code: "suspected".into(),
            reason: "与走访情况不符".into(),
        }],
        note: String::new(),
        request_id: id(),
    };
    let returned = reports.return_dropout_report(county.ask(back)).await;
    let returned = returned.unwrap().into_inner();
    assert!(returned.due_date.as_str() > "2018-10-19" && !returned.overdue);
    let counted = reports
        .recount_dropout_report(clerk.ask(step(&returned)))
        .await;
    let counted = counted.unwrap().into_inner();
    let signed = reports.sign_dropout_report(head.ask(step(&counted))).await;
    let signed = signed.unwrap().into_inner();
    for report in [&counted, &signed] {
        assert_eq!(report.due_date, returned.due_date);
        assert!(!report.overdue, "{report:?}");
    }
}
