//! Scene: the rates as the service computes them, against the report, with the rows behind each number.

use anyhow::{Context as _, ensure};
use junheng_proto::error::v1::Reason;
use junheng_proto::registration::v1::dropout_rate_service_client::DropoutRateServiceClient;
use junheng_proto::registration::v1::ledger_service_client::LedgerServiceClient;
use junheng_proto::registration::v1::promotion_service_client::PromotionServiceClient;
use junheng_proto::registration::v1::rate_input::Rows;
use junheng_proto::registration::v1::{
    DropoutRate, GetDropoutRatesRequest, ListJuniorPlacesRequest, ListLedgerRequest, RateInput,
};

use super::super::cast::NEXT_DOOR;
use super::super::story::Story;
use super::super::tell;
use super::{CLERK, FOREIGN, SCHOOL_YEAR, answered};
use crate::text::{Align, Grid};

/// What the 2018 self-assessment report of 城中区 says: rate, value, missing children, numerator and denominator.
const REPORT: [(&str, &str, i64, i64, i64); 2] = [
    ("entry.age_seven", "98.93", 7, 647, 654),
    ("entry.junior", "99.78", 7, 3_175, 3_182),
];

/// Compares both rates with the report and counts the rows behind them.
///
/// # Errors
/// When a figure is another one, or a list does not hold what its number says.
pub async fn compare(story: &Story) -> anyhow::Result<()> {
    let foreign = rates(story, FOREIGN).await;
    tell::refused(
        "邻区查看本区比率 · another district asks for the rates",
        foreign,
        Reason::OutOfScope,
    )?;
    let rates = rates(story, CLERK).await?;
    let mut grid = Grid::new([
        ("比率 rate", Align::Left),
        ("算式 formula", Align::Left),
        ("分子/分母", Align::Right),
        ("系统 here", Align::Right),
        ("2018年自评报告 report", Align::Right),
        ("余 missing", Align::Right),
    ]);
    for (id, value, missing, ..) in REPORT {
        let rate = named(&rates, id)?;
        grid.row([
            rate.label.clone(),
            rate.formula.clone(),
            rate.exact_value.clone(),
            format!("{}%", rate.value),
            format!("{value}%"),
            format!("{} ({missing})", rate.missing_count),
        ]);
    }
    print!("{grid}");
    for (id, value, missing, above, below) in REPORT {
        let rate = named(&rates, id)?;
        ensure!(
            (rate.value.as_str(), rate.missing_count) == (value, missing)
                && (rate.numerator, rate.denominator) == (above, below),
            "{id} is {} with {} missing: {}/{}",
            rate.value,
            rate.missing_count,
            rate.numerator,
            rate.denominator
        );
        for input in &rate.inputs {
            trace(story, input).await?;
        }
    }
    Ok(())
}

/// One child has come to the junior school since.
///
/// # Errors
/// When the rate does not say so.
pub async fn after(story: &Story) -> anyhow::Result<()> {
    let rates = rates(story, CLERK).await?;
    let rate = named(&rates, "entry.junior")?;
    ensure!(
        (rate.value.as_str(), rate.missing_count) == ("99.81", 6),
        "entry.junior is {} with {} missing",
        rate.value,
        rate.missing_count
    );
    tell::done(&format!(
        "{}升至 rises to {}% ({}), 余 {} 人 missing",
        rate.label, rate.value, rate.exact_value, rate.missing_count
    ));
    Ok(())
}

async fn rates(story: &Story, who: &str) -> anyhow::Result<Vec<DropoutRate>> {
    let mut client = DropoutRateServiceClient::new(story.session(who).await?.channel());
    let request = GetDropoutRatesRequest {
        parent: NEXT_DOOR.to_owned(),
        school_year: SCHOOL_YEAR,
        ..GetDropoutRatesRequest::default()
    };
    Ok(answered(client.get_dropout_rates(request))
        .await?
        .dropout_rates)
}

fn named<'r>(rates: &'r [DropoutRate], id: &str) -> anyhow::Result<&'r DropoutRate> {
    let found = rates.iter().find(|rate| rate.formula_id == id);
    found.with_context(|| format!("no rate is called {id}"))
}

/// Lists the rows behind a number, where it has some.
async fn trace(story: &Story, input: &RateInput) -> anyhow::Result<()> {
    let listed = match &input.rows {
        Some(Rows::Ledger(rows)) => ledger(story, rows).await?,
        Some(Rows::JuniorPlaces(rows)) => places(story, rows).await?,
        _ => return Ok(()),
    };
    ensure!(
        listed == input.count,
        "{} counts {} and lists {listed}",
        input.label,
        input.count
    );
    tell::done(&format!(
        "{} {}: 名单逐行 {listed} 行 rows listed, 来源 source {}",
        input.label, input.count, input.source
    ));
    Ok(())
}

async fn ledger(story: &Story, rows: &ListLedgerRequest) -> anyhow::Result<i64> {
    let mut client = LedgerServiceClient::new(story.session(CLERK).await?.channel());
    let (mut count, mut token) = (0, String::new());
    loop {
        let request = ListLedgerRequest {
            page_size: 500,
            page_token: token,
            ..rows.clone()
        };
        let page = answered(client.list_ledger(request)).await?;
        count += i64::try_from(page.ledger_entries.len())?;
        token = page.next_page_token;
        if token.is_empty() {
            return Ok(count);
        }
    }
}

async fn places(story: &Story, rows: &ListJuniorPlacesRequest) -> anyhow::Result<i64> {
    let mut client = PromotionServiceClient::new(story.session(CLERK).await?.channel());
    let (mut count, mut token) = (0, String::new());
    loop {
        let request = ListJuniorPlacesRequest {
            page_size: 500,
            page_token: token,
            ..rows.clone()
        };
        let page = answered(client.list_junior_places(request)).await?;
        count += i64::try_from(page.junior_places.len())?;
        token = page.next_page_token;
        if token.is_empty() {
            return Ok(count);
        }
    }
}
