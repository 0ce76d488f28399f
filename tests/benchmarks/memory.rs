//! The most memory that the serving process holds while one file comes in.

use serde_json::json;

use crate::ground::{Ground, pupils};
use crate::process;
use crate::report::Bound;
use crate::stages::Scene;

/// 150 MB, in MiB.
const MOST: f64 = 150e6 / 1_048_576.0;

/// One county, one request, a fresh process for each size.
pub async fn run(scene: &mut Scene<'_>) -> anyhow::Result<()> {
    let report = &mut *scene.report;
    for rows in &scene.arguments.files {
        let ground = Ground::lay(scene.postgres).await?;
        let before = process::memory(ground.world.pid())?;
        let county = ["--counties", "420102", "--rows-per-request", "100000000"];
        let outcome = ground.fill(&pupils(*rows, &county)).await;
        let peak = process::peak_memory(ground.world.pid())?;
        let refusal = outcome.as_ref().err().map(|error| format!("{error:#}"));
        let detail = json!({ "rows": rows, "before_import": before, "refusal": refusal });
        report.add(
            format!("peak memory, one import of {rows}"),
            peak,
            "MiB",
            Bound::AtMost(MOST),
            detail.clone(),
        );
        report.hold(
            &format!("one import takes {rows} rows"),
            outcome.is_ok(),
            detail,
        );
    }
    Ok(())
}
