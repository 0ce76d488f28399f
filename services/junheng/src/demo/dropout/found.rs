//! Scene: two ways into one list of suspicions: the list of the police against the roll, and the county's own round.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use junheng_kernel::label;
use junheng_proto::bulk::v1::ImportHeader;
use junheng_proto::error::v1::Reason;
use junheng_proto::registration::v1::comparison::State as ComparisonState;
use junheng_proto::registration::v1::comparison_service_client::ComparisonServiceClient;
use junheng_proto::registration::v1::dropout_case::{Finding, State};
use junheng_proto::registration::v1::dropout_case_service_client::DropoutCaseServiceClient;
use junheng_proto::registration::v1::finding_service_client::FindingServiceClient;
use junheng_proto::registration::v1::import_residents_request::Part;
use junheng_proto::registration::v1::ledger_service_client::LedgerServiceClient;
use junheng_proto::registration::v1::resident_list::{Kind, Source, State as ListState};
use junheng_proto::registration::v1::{
    Comparison, ComparisonVerdict, DropoutCase, GetComparisonRequest, GetLedgerCountsRequest,
    ImportResidentsRequest, LedgerKind, ListComparisonResultsRequest, ListDropoutCasesRequest,
    ListResidentListsRequest, ResidentHeader, ResidentRow, RunComparisonRequest, RunFindingRequest,
};

use super::super::cast::NEXT_DOOR;
use super::super::story::{Story, new_id};
use super::super::tell;
use super::{CLERK, District, POLICE, all_in, answered};
use crate::client::{Authorized, Refusal};
use crate::text::{Align, Grid};

/// How long a comparison or a round of somebody else's may take.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);

/// The police send everybody who is seven, and the list is compared with the roll.
///
/// # Errors
/// A refusal, or another number of children without a record.
pub async fn police_list(story: &Story, rows: Vec<ResidentRow>) -> anyhow::Result<()> {
    let count = rows.len();
    let mut police = comparisons(story, POLICE).await?;
    let header = Part::Header(ResidentHeader {
        import: Some(ImportHeader {
            parent: NEXT_DOOR.to_owned(),
            request_id: new_id(),
            ..ImportHeader::default()
        }),
        source: Source::PublicSecurity.into(),
        kind: Kind::SchoolAge.into(),
        as_of_date: "2019-08-31".to_owned(),
    });
    let parts = std::iter::once(header).chain(rows.into_iter().map(Part::Row));
    let messages: Vec<_> = parts
        .map(|part| ImportResidentsRequest { part: Some(part) })
        .collect();
    all_in(&answered(police.import_residents(tokio_stream::iter(messages))).await?)?;
    tell::done(&format!(
        "公安分局推送适龄儿童名单 the police send a list: {count} 人, 逐人按证件号密文比对"
    ));
    let run = compared(&mut police).await?;
    let is_told = |verdict| run.counts.iter().any(|one| one.verdict() == verdict);
    ensure!(
        !is_told(ComparisonVerdict::EnrolledHere) && run.suspected_count == 0,
        "the police are told where children are: {:?}",
        run.counts
    );
    let asked = GetComparisonRequest {
        name: run.name.clone(),
    };
    let mut client = comparisons(story, CLERK).await?;
    let run = answered(client.get_comparison(asked)).await?;
    let of = |verdict: ComparisonVerdict| {
        let found = run.counts.iter().find(|one| one.verdict() == verdict);
        found.map_or(0, |one| one.count)
    };
    let told = [
        of(ComparisonVerdict::EnrolledHere),
        of(ComparisonVerdict::NotEnrolled),
        run.suspected_count,
    ];
    ensure!(told == [647, 7, 7], "the comparison found {told:?}");
    tell::done(
        "本地在学 647, 未在学 7, 自动列为疑似 7 · seven are in no school, each a case by itself",
    );
    let foreign = ListComparisonResultsRequest {
        parent: NEXT_DOOR.to_owned(),
        comparison: run.name,
        ..ListComparisonResultsRequest::default()
    };
    let mut foreigner = comparisons(story, super::FOREIGN).await?;
    tell::refused(
        "邻区查看比对结果 · another district reads the result",
        answered(foreigner.list_comparison_results(foreign)).await,
        Reason::OutOfScope,
    )
}

/// The county looks for who did not arrive.
///
/// # Errors
/// A refusal, or another number of children.
pub async fn round(story: &Story, district: &District) -> anyhow::Result<()> {
    let mut client = FindingServiceClient::new(story.session(CLERK).await?.channel());
    let request = RunFindingRequest {
        parent: NEXT_DOOR.to_owned(),
        request_id: new_id(),
    };
    let waits = async {
        loop {
            match answered(client.run_finding(request.clone())).await {
                // The service's own round of the day may be under way.
                Err(error) if is_running(&error) => tokio::time::sleep(PAUSE).await,
                other => return other,
            }
        }
    };
    let round = tokio::time::timeout(PATIENCE, waits).await??;
    let missing = i64::try_from(district.missing.len())?;
    ensure!(
        round.cohort_count == missing,
        "the round found {} who did not arrive",
        round.cohort_count
    );
    tell::done(&format!(
        "排查一轮: 开学15日后应到未到 {missing} 人, 自动列为疑似 · graduates who came to no junior school"
    ));
    Ok(())
}

/// The open suspicions, with how each was found.
///
/// # Errors
/// Another number than seven by each way.
pub async fn suspicions(story: &Story) -> anyhow::Result<Vec<DropoutCase>> {
    let mut client = DropoutCaseServiceClient::new(story.session(CLERK).await?.channel());
    let request = ListDropoutCasesRequest {
        parent: NEXT_DOOR.to_owned(),
        state: State::Suspected.into(),
        page_size: 100,
        ..ListDropoutCasesRequest::default()
    };
    let cases = answered(client.list_dropout_cases(request))
        .await?
        .dropout_cases;
    for finding in [Finding::Comparison, Finding::Cohort] {
        let found = cases
            .iter()
            .filter(|case| case.finding() == finding)
            .count();
        ensure!(found == 7, "{found} suspicions by {finding:?}");
    }
    ensure!(cases.len() == 14, "{} suspicions", cases.len());
    let columns = [
        "儿童 child",
        "发现 found by",
        "学段年级 grade",
        "办理时限 due",
    ];
    let mut grid = Grid::new(columns.map(|column| (column, Align::Left)));
    for case in &cases {
        let grade = match case.grade {
            0 => "尚无学籍 no record".to_owned(),
            grade => format!("{}{grade}年级", label::of(case.stage())),
        };
        grid.row([
            case.display_name.clone(),
            label::by_number("junheng.registration.v1.DropoutCase.Finding", case.finding)
                .to_owned(),
            grade,
            case.due_date.clone(),
        ]);
    }
    print!("{grid}");
    Ok(cases)
}

/// The three ledgers' counts: children of school age, suspicions, dropouts of the year.
///
/// # Errors
/// Another count.
pub async fn ledgers(story: &Story, expected: [i64; 3]) -> anyhow::Result<()> {
    let mut client = LedgerServiceClient::new(story.session(CLERK).await?.channel());
    let request = GetLedgerCountsRequest {
        parent: NEXT_DOOR.to_owned(),
        school_year: 0,
    };
    let counts = answered(client.get_ledger_counts(request))
        .await?
        .ledger_counts;
    let of = |kind: LedgerKind| {
        let whole = counts
            .iter()
            .find(|one| one.kind() == kind && one.stage == 0 && one.group == 0);
        whole
            .map(|one| one.count)
            .context("a ledger without a count")
    };
    let counts = [
        of(LedgerKind::SchoolAge)?,
        of(LedgerKind::Suspected)?,
        of(LedgerKind::Dropout)?,
    ];
    ensure!(counts == expected, "the ledgers hold {counts:?}");
    let [age, suspected, dropped] = counts;
    tell::done(&format!(
        "三本台账 ledgers: 适龄儿童 {age}, 疑似辍学 {suspected}, 辍学 {dropped}"
    ));
    Ok(())
}

fn is_running(error: &anyhow::Error) -> bool {
    let refusal = error.downcast_ref::<Refusal>();
    refusal.is_some_and(|refusal| refusal.code == tonic::Code::Aborted)
}

/// Compares the list that was sent, and waits for the end.
async fn compared(police: &mut ComparisonServiceClient<Authorized>) -> anyhow::Result<Comparison> {
    let request = ListResidentListsRequest {
        parent: NEXT_DOOR.to_owned(),
        ..ListResidentListsRequest::default()
    };
    let lists = answered(police.list_resident_lists(request)).await?;
    let mut lists = lists.resident_lists.into_iter();
    let list = lists.rfind(|list| list.state() == ListState::Live);
    let request = RunComparisonRequest {
        name: list.context("no list has arrived")?.name,
        request_id: new_id(),
    };
    let begun = answered(police.run_comparison(request)).await?;
    let waits = async {
        loop {
            let request = GetComparisonRequest {
                name: begun.name.clone(),
            };
            let run = answered(police.get_comparison(request)).await?;
            if run.state() == ComparisonState::Done {
                return anyhow::Ok(run);
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(PATIENCE, waits).await?
}

async fn comparisons(
    story: &Story,
    who: &str,
) -> anyhow::Result<ComparisonServiceClient<Authorized>> {
    let session = story.session(who).await?;
    Ok(ComparisonServiceClient::new(session.channel()))
}
