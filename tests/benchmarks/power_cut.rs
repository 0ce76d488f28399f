//! kill -9 in the middle of an import, start again, import again: every row once.

use std::time::Duration;

use anyhow::ensure;
use junheng_proto::registration::v1::CountStudentsRequest;
use junheng_tests::{binary, world};
use serde_json::json;

use crate::first_load;
use crate::ground::{Ground, pupils};
use crate::stages::Scene;

/// The part of the rows after which the process is killed, in a hundred.
const CUT_AT: i64 = 30;

/// One county, one request of so many rows.
pub async fn run(scene: &mut Scene<'_>) -> anyhow::Result<()> {
    let (rows, report) = (scene.arguments.rows, &mut *scene.report);
    let mut ground = Ground::lay(scene.postgres).await?;
    let indexed = first_load::indexes(&ground.database).await?;
    let county = ["--counties", "420102", "--rows-per-request", "100000000"];
    let arguments = pupils(rows, &county);
    let mut sender = ground.start_filling(&arguments)?;
    let wanted = i64::try_from(rows)?;
    while ground.students().await? < wanted * CUT_AT / 100 {
        ensure!(
            sender.try_wait()?.is_none(),
            "the import ended before it could be cut off"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    ground.world.cut_power()?;
    let cut_at = ground.students().await?;
    let ended = tokio::task::spawn_blocking(move || sender.wait()).await??;
    let again = ground.fill(&arguments).await?;
    let distinct: i64 = sqlx::query_scalar("SELECT count(DISTINCT identity_hash) FROM students")
        .fetch_one(&ground.database)
        .await?;
    let reader = ground
        .world
        .sign_in("province.clerk", world::PROVINCE)
        .await;
    let request = CountStudentsRequest {
        parent: world::PROVINCE.to_owned(),
        grouping: 0,
    };
    let told = reader
        .students()
        .count_students(request)
        .await?
        .into_inner()
        .total_count;
    let stood = ground.students().await?;
    let detail = json!({
        "rows": rows, "stood_when_cut": cut_at, "stand": stood, "distinct": distinct, "counted": told,
        "second_run_created": again.students.created, "second_run_unchanged": again.students.unchanged,
    });
    let cut = cut_at < wanted && !ended.success();
    let once = [stood, distinct, told].iter().all(|count| *count == wanted);
    report.hold(
        &format!("an import of {rows} was cut off"),
        cut,
        detail.clone(),
    );
    report.hold(
        &format!("after kill -9 every one of {rows} rows is there once"),
        once,
        detail,
    );
    first_load::built(&ground.database).await?;
    let stand = first_load::indexes(&ground.database).await?;
    report.hold(
        "after kill -9 the indexes stand as before",
        stand == indexed,
        json!({ "before": indexed, "after": stand }),
    );
    let setup = ground.world.setup();
    let folder = setup.folder.display().to_string();
    let verified = binary::run(
        &["audit", "verify", "--data-dir", &folder],
        &setup.environment,
    )?;
    report.hold(
        "after kill -9 the journals are whole",
        verified.status.success(),
        json!(binary::all_output(&verified)),
    );
    Ok(())
}
