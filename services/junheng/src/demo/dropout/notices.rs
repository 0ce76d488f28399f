//! Written notices of a case: drawn by the service, numbered, printed, served.

use anyhow::ensure;
use chrono::NaiveDate;
use junheng_proto::registration::v1::dropout_notice::{Kind, ServiceMethod};
use junheng_proto::registration::v1::dropout_notice_service_client::DropoutNoticeServiceClient;
use junheng_proto::registration::v1::{
    DrawDropoutNoticeRequest, DropoutCase, DropoutNotice, PrintDropoutNoticeRequest,
    RecordNoticeServiceRequest,
};
use junheng_proto::workflow::v1::Evidence;
use junheng_proto::workflow::v1::evidence;

use super::super::story::{Story, new_id};
use super::super::tell;
use super::answered;
use crate::client::Authorized;

/// Draws a notice.
///
/// # Errors
/// A refusal.
pub async fn draw(
    story: &Story,
    who: &str,
    case: &DropoutCase,
    kind: Kind,
) -> anyhow::Result<DropoutNotice> {
    let request = DrawDropoutNoticeRequest {
        dropout_case: case.name.clone(),
        kind: kind.into(),
        detail: match kind {
            Kind::PenaltyPriorNotice => "经查属实".to_owned(),
            _ => String::new(),
        },
        fine_fen: i64::from(kind == Kind::PenaltyPriorNotice) * 10_000,
        request_id: new_id(),
        ..DrawDropoutNoticeRequest::default()
    };
    answered(client(story, who).await?.draw_dropout_notice(request)).await
}

/// Prints a notice and shows its text.
///
/// # Errors
/// A page without the notice's number.
pub async fn print(story: &Story, who: &str, notice: &DropoutNotice) -> anyhow::Result<()> {
    let request = PrintDropoutNoticeRequest {
        name: notice.name.clone(),
    };
    let page = answered(client(story, who).await?.print_dropout_notice(request)).await?;
    let text = String::from_utf8(page.content)?;
    ensure!(
        text.contains(&notice.number) && text.contains(&notice.title),
        "the page is not the notice's"
    );
    tell::done(&format!(
        "{} {}, 打印 printed: {} 字节 bytes, SM3 {}…",
        notice.title,
        notice.number,
        text.len(),
        &notice.digest[..12]
    ));
    println!("      {}:", notice.addressee);
    for line in notice.body.lines() {
        println!("      {line}");
    }
    Ok(())
}

/// Records that the guardian has it.
///
/// # Errors
/// A refusal.
pub async fn serve(
    story: &Story,
    who: &str,
    notice: &DropoutNotice,
    date: NaiveDate,
) -> anyhow::Result<DropoutNotice> {
    let request = RecordNoticeServiceRequest {
        name: notice.name.clone(),
        etag: notice.etag.clone(),
        served_date: date.to_string(),
        service_method: ServiceMethod::InPerson.into(),
        received_by: "监护人".to_owned(),
        evidence: vec![proof("送达回证")],
        request_id: new_id(),
    };
    answered(client(story, who).await?.record_notice_service(request)).await
}

/// A document that proves something, by its title and digest.
pub fn proof(title: &str) -> Evidence {
    Evidence {
        title: title.to_owned(),
        digest: "5a".repeat(32),
        kind: evidence::Kind::OfficialRecord.into(),
    }
}

async fn client(
    story: &Story,
    who: &str,
) -> anyhow::Result<DropoutNoticeServiceClient<Authorized>> {
    let session = story.session(who).await?;
    Ok(DropoutNoticeServiceClient::new(session.channel()))
}
