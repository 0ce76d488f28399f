//! Scene: the county's report of the quarter 季度复核报告, counted from the records, signed, accepted by the city, and frozen.

use anyhow::{Context as _, ensure};
use junheng_kernel::label;
use junheng_proto::error::v1::Reason;
use junheng_proto::registration::v1::dropout_report::{Kind, State};
use junheng_proto::registration::v1::dropout_report_service_client::DropoutReportServiceClient;
use junheng_proto::registration::v1::{
    DraftDropoutReportRequest, DropoutReport, GetDropoutReportRequest,
};
use junheng_proto::workflow::v1::StepRequest;

use super::super::cast::NEXT_DOOR;
use super::super::story::{Story, new_id};
use super::super::tell;
use super::{CITY, CLERK, HEAD, answered};
use crate::client::Authorized;
use crate::text::{Align, Grid};

const PERIOD: &str = "2019-Q3";

/// Drafts, signs, submits; the city accepts.
///
/// # Errors
/// A refusal, or one that does not come.
pub async fn accepted(story: &Story) -> anyhow::Result<DropoutReport> {
    let mut clerk = client(story, CLERK).await?;
    let request = DraftDropoutReportRequest {
        parent: NEXT_DOOR.to_owned(),
        kind: Kind::Quarterly.into(),
        period: PERIOD.to_owned(),
        request_id: new_id(),
    };
    let draft = answered(clerk.draft_dropout_report(request)).await?;
    let mut grid = Grid::new([
        (
            format!("{PERIOD}, {} — {}", draft.from_date, draft.until_date),
            Align::Left,
        ),
        ("学段 stage".to_owned(), Align::Left),
        ("人(次) count".to_owned(), Align::Right),
    ]);
    for item in &draft.items {
        if item.group != 0 || item.value == 0 {
            continue;
        }
        let stage = match item.stage {
            0 => "合计 all",
            _ => label::of(item.stage()),
        };
        grid.row([item.label.clone(), stage.to_owned(), item.value.to_string()]);
    }
    print!("{grid}");
    tell::refused(
        "经办代局长签署 · the clerk signs for the head",
        answered(clerk.sign_dropout_report(step(&draft))).await,
        Reason::RoleNotAllowed,
    )?;
    let mut head = client(story, HEAD).await?;
    let signed = answered(head.sign_dropout_report(step(&draft))).await?;
    let sent = answered(clerk.submit_dropout_report(step(&signed))).await?;
    let mut city = client(story, CITY).await?;
    let accepted = answered(city.accept_dropout_report(step(&sent))).await?;
    ensure!(
        accepted.state() == State::Accepted,
        "the report is not accepted"
    );
    tell::done(&format!(
        "由记录生成、局长签署、市级接收 signed and accepted, SM3 {}…",
        accepted.digest.get(..12).context("no digest")?
    ));
    Ok(accepted)
}

/// What was accepted stands as it was, whatever has happened since.
///
/// # Errors
/// When it has changed.
pub async fn is_frozen(story: &Story, accepted: &DropoutReport) -> anyhow::Result<()> {
    let request = GetDropoutReportRequest {
        name: accepted.name.clone(),
    };
    let now = answered(client(story, CITY).await?.get_dropout_report(request)).await?;
    ensure!(
        (&now.digest, &now.items) == (&accepted.digest, &accepted.items),
        "the accepted report has changed"
    );
    tell::done("个案此后销号,已接收的季报一字未动 · the accepted report stands as it was signed");
    Ok(())
}

fn step(report: &DropoutReport) -> StepRequest {
    StepRequest {
        name: report.name.clone(),
        etag: report.etag.clone(),
        request_id: new_id(),
        ..StepRequest::default()
    }
}

async fn client(
    story: &Story,
    who: &str,
) -> anyhow::Result<DropoutReportServiceClient<Authorized>> {
    let session = story.session(who).await?;
    Ok(DropoutReportServiceClient::new(session.channel()))
}
