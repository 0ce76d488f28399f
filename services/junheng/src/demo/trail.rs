//! Scenes: who signed what, and whether the journals still say so.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use chrono::DateTime;
use junheng_kernel::journal;
use junheng_proto::journal::v1::ListEntriesRequest;
use junheng_proto::journal::v1::journal_service_client::JournalServiceClient;

use super::campaign::Inspection;
use super::cast::COUNTY;
use super::story::Story;
use super::tell;
use crate::client::Refusal;
use crate::serve::Component;
use crate::text::{Align, Grid};

/// Seconds by which China is ahead of UTC.
const CHINA: i64 = 8 * 3_600;
/// How long the sealers may take to seal the last rows.
const PATIENCE: Duration = Duration::from_secs(10);

/// The steps of a campaign with who, post, time and note.
///
/// # Errors
/// A refusal.
pub async fn signatures(inspection: &Inspection<'_>) -> anyhow::Result<()> {
    let session = inspection.story.session("approver.630103").await?;
    let request = ListEntriesRequest {
        service: junheng_inspection::NAME.to_owned(),
        parent: COUNTY.to_owned(),
        subject: inspection.name.clone(),
        page_size: 500,
        ..ListEntriesRequest::default()
    };
    let mut client = JournalServiceClient::new(session.channel());
    let entries = client
        .list_entries(request)
        .await
        .map_err(Refusal::from)?
        .into_inner()
        .entries;
    let columns = [
        "时间 time",
        "岗位 post",
        "何人 who",
        "步骤 step",
        "",
        "意见 note",
        "区块 block",
    ];
    let mut grid = Grid::new(columns.map(|column| (column, Align::Left)));
    for entry in &entries {
        let time = entry.commit_time.as_ref().map_or(0, |time| time.seconds);
        let time = DateTime::from_timestamp(time + CHINA, 0).unwrap_or_default();
        grid.row([
            time.format("%Y-%m-%d %H:%M").to_string(),
            entry.post.clone(),
            entry.account_display_name.clone(),
            entry.step.clone(),
            format!("{} → {}", entry.from_state, entry.to_state),
            entry.note.clone(),
            format!("{}.{}", entry.block, entry.block_index),
        ]);
    }
    print!("{grid}");
    ensure!(
        entries.len() >= 6,
        "the trail has {} steps only",
        entries.len()
    );
    Ok(())
}

/// Checks every sealed journal, as `junheng audit verify` does.
///
/// # Errors
/// Anything that is not as it was sealed.
pub async fn journals(story: &Story) -> anyhow::Result<()> {
    let begun = std::time::Instant::now();
    for context in &story.running.contexts {
        let component = Component::named(context.name).context("a journal of nobody")?;
        let trusted = story.running.ground.trusted();
        let public = trusted
            .get(component.issuer())
            .context("a journal whose key is unknown")?;
        let outcome = loop {
            let outcome = journal::verify(context.store.reader(), public, None, |_, _| {}).await?;
            if outcome.unsealed == 0 || begun.elapsed() > PATIENCE {
                break outcome;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        ensure!(
            outcome.findings.is_empty(),
            "{}: {:?}",
            context.name,
            outcome.findings
        );
        ensure!(
            outcome.unsealed == 0,
            "{}: {} rows are not sealed",
            context.name,
            outcome.unsealed
        );
        tell::done(&format!(
            "{:<12} {:>4} 区块 blocks {:>5} 条 rows, 完好 sound, checkpoint {}:{}",
            context.name,
            outcome.blocks,
            outcome.rows,
            context.name,
            &outcome.head[..16]
        ));
    }
    Ok(())
}
