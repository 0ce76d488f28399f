//! What the county answers in a campaign: the items that figures do not decide.

use std::collections::HashMap;

use junheng_kernel::digest::sm3;
use junheng_proto::inspection::v1::evidence_item_service_client::EvidenceItemServiceClient;
use junheng_proto::inspection::v1::framework_service_client::FrameworkServiceClient;
use junheng_proto::inspection::v1::{
    AnswerEvidenceItemRequest, EvidenceItem, GetFrameworkRequest, ListEvidenceItemsRequest,
};

use super::campaign::Inspection;
use super::cast::COUNTY;
use super::county::{County, SchoolRow, Stage};
use super::story::new_id;
use crate::client::{Progress, Refusal};

/// Who answers.
pub const CLERK: &str = "clerk.630103";

/// What the county answers where 100 % would be wrong, by the item's code; made up.
#[rustfmt::skip]
const FIGURES: &[(&str, &str)] = &[
    ("satisfaction", "91.6"),
    ("E1",           "5"),
    ("G3",           "100;100;96;90"),
    ("G7",           "8600"),
    ("G11",          "12.4;22.5"),
    ("G13",          "100;100"),
    ("G14",          "70.0"),
    ("G15",          "98.2"),
    ("Q1",           "98.9"),
    ("Q2",           "97.3"),
    ("Q4",           "6.1;5.8"),
    ("Q9",           "3;0.11"),
    ("S1",           "91.6;93.0"),
];

/// The kinds of item that ask for figures.
const WITH_FIGURE: [&str; 2] = ["ratio", "satisfaction"];

/// 办学类型 of nine-year schools.
const NINE_YEAR: u16 = 312;

/// The largest school (item G4, without and with a nine-year school's two stages) and the largest class (item G5).
/// The county keeps neither limit, and says so.
fn size(county: &County, code: &str) -> Option<String> {
    let pupils = |school: &SchoolRow| {
        let own = county
            .classes
            .iter()
            .filter(|class| class.school_code == school.code10);
        own.filter(|class| class.stage != Stage::Senior)
            .map(|class| class.pupils)
            .sum::<u32>()
    };
    let largest_school = |nine_year: bool| {
        let schools = county
            .schools
            .iter()
            .filter(|school| (school.kind == NINE_YEAR) == nine_year);
        schools.map(pupils).max().unwrap_or_default()
    };
    let largest_class = |stage: Stage| {
        let classes = county.classes.iter().filter(|class| class.stage == stage);
        classes.map(|class| class.pupils).max().unwrap_or_default()
    };
    match code {
        "G4" => Some(format!(
            "{};{}",
            largest_school(false),
            largest_school(true)
        )),
        "G5" => Some(format!(
            "{};{}",
            largest_class(Stage::Primary),
            largest_class(Stage::Junior)
        )),
        _ => None,
    }
}

/// The county answers every item.
///
/// # Errors
/// A refusal.
pub async fn answer_all(inspection: &Inspection<'_>) -> anyhow::Result<usize> {
    let kinds = kinds(inspection).await?;
    let items = list(inspection).await?;
    let progress = Progress::begin("items", items.len() as u64);
    for item in &items {
        let kind = kinds.get(&item.code).map_or("", String::as_str);
        answer(inspection, item, kind, "已按要求落实,佐证材料见附件").await?;
        progress.advance(1);
    }
    progress.end();
    Ok(items.len())
}

/// The items of the campaign.
///
/// # Errors
/// A refusal.
pub async fn list(inspection: &Inspection<'_>) -> anyhow::Result<Vec<EvidenceItem>> {
    let request = ListEvidenceItemsRequest {
        parent: COUNTY.to_owned(),
        campaign: inspection.name.clone(),
        page_size: 500,
        ..ListEvidenceItemsRequest::default()
    };
    let session = inspection.story.session(CLERK).await?;
    let mut client = EvidenceItemServiceClient::new(session.channel());
    let answer = client
        .list_evidence_items(request)
        .await
        .map_err(Refusal::from)?;
    Ok(answer.into_inner().evidence_items)
}

/// The county answers one item, with the hash of the file that shows it.
///
/// # Errors
/// A refusal.
pub async fn answer(
    inspection: &Inspection<'_>,
    item: &EvidenceItem,
    kind: &str,
    statement: &str,
) -> anyhow::Result<EvidenceItem> {
    let size = size(&inspection.story.county, &item.code);
    let known = FIGURES.iter().find(|(code, _)| *code == item.code);
    let figure = known.map_or("100", |(_, figure)| figure);
    let file = format!("{} {statement}", item.display_name_zh);
    let request = AnswerEvidenceItemRequest {
        name: item.name.clone(),
        etag: item.etag.clone(),
        request_id: new_id(),
        met: size.is_none(),
        value: match size {
            Some(size) => size,
            None if WITH_FIGURE.contains(&kind) => figure.to_owned(),
            None => String::new(),
        },
        statement: statement.to_owned(),
        evidence: vec![format!("sm3:{}", hex::encode(sm3(file.as_bytes())))],
    };
    let session = inspection.story.session(CLERK).await?;
    let mut client = EvidenceItemServiceClient::new(session.channel());
    Ok(client
        .answer_evidence_item(request)
        .await
        .map_err(Refusal::from)?
        .into_inner())
}

/// What each item asks for, by code.
async fn kinds(inspection: &Inspection<'_>) -> anyhow::Result<HashMap<String, String>> {
    let session = inspection.story.session(CLERK).await?;
    let mut client = FrameworkServiceClient::new(session.channel());
    let request = GetFrameworkRequest {
        name: inspection.framework.to_owned(),
    };
    let framework = client
        .get_framework(request)
        .await
        .map_err(Refusal::from)?
        .into_inner();
    Ok(framework
        .items
        .into_iter()
        .map(|item| (item.code, item.kind))
        .collect())
}
