//! Scenes: what the figures say about the county and its schools, and one of them followed down to its source.

use anyhow::{Context as _, ensure};
use junheng_kernel::calendar::date_in_china;
use junheng_kernel::label;
use junheng_proto::education::v1::Stage;
use junheng_proto::inspection::v1::figure_service_client::FigureServiceClient;
use junheng_proto::inspection::v1::framework_service_client::FrameworkServiceClient;
use junheng_proto::inspection::v1::{
    Framework, GetFrameworkRequest, GetPublishedVerdictRequest, ListSchoolFiguresRequest,
    SchoolFigure, StageVerdict, TraceFigureRequest, Verdict,
};

use super::campaign::Inspection;
use super::{reports, tell};
use crate::client::{Authorized, Refusal};
use crate::text::{Align, Grid};

/// Whoever wants to know: another county's officer reads what is published.
const READER: &str = "approver.630104";
/// Who reads the county's own figures.
const COUNTY_HEAD: &str = "approver.630103";
/// A nine-year school whose stages share one site, so that its books are divided.
const TRACED_SCHOOL: &str = "逯家寨学校";
const TRACED_INDICATOR: &str = "5";

/// The verdict of the county by stage and indicator, and why.
///
/// # Errors
/// A refusal.
pub async fn county(inspection: &Inspection<'_>) -> anyhow::Result<Verdict> {
    let mut client = client(inspection, READER).await?;
    let request = GetPublishedVerdictRequest {
        campaign: inspection.name.clone(),
    };
    let verdict = client
        .get_published_verdict(request)
        .await
        .map_err(Refusal::from)?
        .into_inner();
    let framework = framework(inspection).await?;
    for stage in &verdict.stages {
        print!("{}", coefficients(stage, &framework));
        println!("   {}\n", composite(stage));
    }
    for exclusion in &verdict.exclusions {
        let school = name_of(inspection, &exclusion.school);
        println!("   不参与测算 left out: {school}, {}", exclusion.reason_zh);
    }
    for finding in &verdict.findings {
        println!("   · {}", finding.message_zh);
    }
    let met = verdict.items.iter().filter(|item| item.met).count();
    println!("   评估项目 items met: {met}/{}", verdict.items.len());
    let outcome = if verdict.meets {
        "达到 meets"
    } else {
        "未达到 does not meet"
    };
    tell::done(&format!("{}: 数据指标{outcome}", framework.display_name_zh));
    Ok(verdict)
}

/// Every school's figures, one table a stage.
///
/// # Errors
/// A refusal.
pub async fn schools(inspection: &Inspection<'_>) -> anyhow::Result<()> {
    let figures = all_figures(inspection).await?;
    let framework = framework(inspection).await?;
    for stage in [Stage::Primary, Stage::Junior] {
        let of_stage: Vec<&SchoolFigure> =
            figures.iter().filter(|one| one.stage() == stage).collect();
        println!("   {}", label::of(stage));
        print!("{}", matrix(&of_stage, &framework));
    }
    println!("   ! 低于标准 below the threshold, !! 低于底线 below the floor");
    Ok(())
}

/// Follows one figure to measures, shares and source records.
///
/// # Errors
/// A refusal.
pub async fn trace(inspection: &Inspection<'_>) -> anyhow::Result<()> {
    let school = inspection.story.school(TRACED_SCHOOL)?;
    let request = TraceFigureRequest {
        campaign: inspection.name.clone(),
        school: school.name.clone(),
        stage: Stage::Primary as i32,
        indicator: TRACED_INDICATOR.to_owned(),
    };
    let mut client = client(inspection, COUNTY_HEAD).await?;
    let trace = client
        .trace_figure(request)
        .await
        .map_err(Refusal::from)?
        .into_inner();
    let figure = trace.figure.context("the trace has no figure")?;
    println!(
        "   {TRACED_SCHOOL}, 小学, 指标 {TRACED_INDICATOR} = {} ({})",
        figure.value, figure.value_exact
    );
    println!("   = {}", trace.formula);
    let columns = [
        "数据项 measure",
        "值 value",
        "份额 share",
        "计入 used",
        "来源 source",
        "摘要 digest",
        "日期 as of",
    ];
    let mut grid = Grid::new(columns.map(|column| (column, Align::Left)));
    for one in &trace.measures {
        let as_of = one
            .as_of_time
            .as_ref()
            .map_or(0, |time| time.seconds * 1_000_000);
        grid.row([
            format!("{} {}", one.measure, label::of(one.reported_stage())),
            one.reported_value.to_string(),
            one.share.clone(),
            short(&one.used_value, 12),
            format!("{}: {}", one.service, one.source),
            short(&one.source_digest, 12),
            date_in_china(as_of).to_string(),
        ]);
    }
    print!("{grid}");
    ensure!(!trace.measures.is_empty(), "a figure without sources");
    for site in reports::sites(inspection.story, school).await? {
        println!(
            "   源记录 source record: {} {}: 图书 {} 册 books",
            site.name, site.display_name, site.book_count
        );
    }
    Ok(())
}

fn coefficients(stage: &StageVerdict, framework: &Framework) -> Grid {
    let mut grid = Grid::new([
        (label::of(stage.stage()), Align::Left),
        ("指标 indicator", Align::Left),
        ("县均 mean", Align::Right),
        ("差异系数 coefficient", Align::Right),
        ("限值 limit", Align::Right),
        ("", Align::Left),
    ]);
    for one in &stage.coefficients {
        let title = framework
            .indicators
            .iter()
            .find(|indicator| indicator.code == one.indicator);
        let judged = if one.limit.is_empty() {
            ""
        } else if one.meets {
            "✓"
        } else {
            "✗"
        };
        grid.row([
            one.indicator.clone(),
            title.map_or_else(String::new, |title| {
                format!("{}({})", title.display_name_zh, title.unit)
            }),
            one.mean.clone(),
            if one.computable {
                one.value.clone()
            } else {
                one.reason.clone()
            },
            one.limit.clone(),
            judged.to_owned(),
        ]);
    }
    grid
}

fn composite(stage: &StageVerdict) -> String {
    let judged = if stage.meets { "✓" } else { "✗" };
    let schools = format!(
        "{}/{} 所学校达标 schools pass",
        stage.passing_school_count, stage.school_count
    );
    if stage.composite.is_empty() {
        format!("{judged} {schools}")
    } else {
        format!(
            "综合差异系数 composite {} ≤ {} {judged}; {schools}",
            stage.composite, stage.composite_limit
        )
    }
}

/// Schools down, indicators across.
fn matrix(figures: &[&SchoolFigure], framework: &Framework) -> Grid {
    let codes: Vec<&str> = framework
        .indicators
        .iter()
        .map(|one| one.code.as_str())
        .collect();
    let across = codes.iter().map(|code| (*code, Align::Right));
    let mut grid = Grid::new(
        [("学校 school", Align::Left)]
            .into_iter()
            .chain(across)
            .chain([("", Align::Left)]),
    );
    let mut schools: Vec<&str> = figures.iter().map(|one| one.school.as_str()).collect();
    schools.dedup();
    for school in schools {
        let own: Vec<&&SchoolFigure> = figures.iter().filter(|one| one.school == school).collect();
        let cell = |code: &&str| {
            own.iter()
                .find(|one| one.indicator == *code)
                .map_or_else(String::new, |one| mark(one))
        };
        let passes = own.first().is_some_and(|one| one.school_passes);
        let name = own
            .first()
            .map_or_else(String::new, |one| one.school_display_name.clone());
        let verdict = if passes { "✓" } else { "✗" };
        grid.row(
            [name]
                .into_iter()
                .chain(codes.iter().map(cell))
                .chain([verdict.to_owned()]),
        );
    }
    grid
}

fn mark(figure: &SchoolFigure) -> String {
    let sign = match (
        figure.threshold.is_empty(),
        figure.meets,
        figure.meets_floor,
    ) {
        (true, ..) | (_, true, _) => "",
        (_, false, true) => "!",
        (_, false, false) => "!!",
    };
    format!("{}{sign}", figure.value)
}

async fn all_figures(inspection: &Inspection<'_>) -> anyhow::Result<Vec<SchoolFigure>> {
    let mut client = client(inspection, COUNTY_HEAD).await?;
    let (mut figures, mut token) = (Vec::new(), String::new());
    loop {
        let request = ListSchoolFiguresRequest {
            campaign: inspection.name.clone(),
            page_size: 500,
            page_token: token,
            ..ListSchoolFiguresRequest::default()
        };
        let page = client
            .list_school_figures(request)
            .await
            .map_err(Refusal::from)?
            .into_inner();
        figures.extend(page.figures);
        token = page.next_page_token;
        if token.is_empty() {
            return Ok(figures);
        }
    }
}

async fn framework(inspection: &Inspection<'_>) -> anyhow::Result<Framework> {
    let session = inspection.story.session(COUNTY_HEAD).await?;
    let request = GetFrameworkRequest {
        name: inspection.framework.to_owned(),
    };
    let mut client = FrameworkServiceClient::new(session.channel());
    Ok(client
        .get_framework(request)
        .await
        .map_err(Refusal::from)?
        .into_inner())
}

async fn client(
    inspection: &Inspection<'_>,
    who: &str,
) -> anyhow::Result<FigureServiceClient<Authorized>> {
    Ok(FigureServiceClient::new(
        inspection.story.session(who).await?.channel(),
    ))
}

fn name_of(inspection: &Inspection<'_>, school: &str) -> String {
    let found = inspection
        .story
        .schools
        .iter()
        .find(|one| one.name == school);
    found.map_or_else(|| school.to_owned(), |one| one.display_name.clone())
}

/// The first characters of a long value.
fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
