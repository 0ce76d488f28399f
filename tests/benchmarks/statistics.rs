//! Province statistics, against the GROUP BY over the students: the same numbers, and what processor time of the database
//! each takes.

use std::collections::HashMap;
use std::time::Instant;

use junheng_proto::registration::v1::CountStudentsRequest;
use junheng_proto::registration::v1::count_students_request::Grouping;
use junheng_tests::world;
use serde_json::json;
use sqlx::Executor as _;

use crate::ground::Ground;
use crate::latency::Latency;
use crate::process::first_thread_time;
use crate::report::Bound;
use crate::stages::{Province, Scene};

/// Students who attend, by stage and grade.
const GROUP_BY: &str = "SELECT stage, grade, count(*) FROM students WHERE state = 1 \
                        GROUP BY stage, grade ORDER BY stage, grade";

/// Runs of the GROUP BY, of which the quickest counts.
const RUNS: usize = 3;

type Counts = Vec<(i32, i32, i64)>;

/// Measures both over a province of `count` pupils.
pub async fn run(scene: &mut Scene<'_>, province: Province<'_>) -> anyhow::Result<()> {
    let Province { ground, count } = province;
    let (arguments, report) = (scene.arguments, &mut *scene.report);
    let reader = ground
        .world
        .sign_in("province.clerk", world::PROVINCE)
        .await;
    let request = CountStudentsRequest {
        parent: world::PROVINCE.to_owned(),
        grouping: Grouping::Grade.into(),
    };
    let mut students = reader.students();
    // The first call may fold what the fill has left.
    let answer = students.count_students(request.clone()).await?.into_inner();
    let told: Counts = answer
        .counts
        .iter()
        .map(|count| (count.stage, count.grade, count.student_count))
        .collect();
    let before = backends(ground).await?;
    let mut latency = Latency::default();
    for _ in 0..arguments.counts {
        let begun = Instant::now();
        students.count_students(request.clone()).await?;
        latency.add(begun.elapsed());
    }
    let taken = taken_since(&before, &backends(ground).await?);
    let each = taken / arguments.counts as f64;
    let (group_by, counted) = by_group(ground).await?;
    report.hold(
        &format!("statistics of {count} equal the GROUP BY"),
        told == counted,
        json!({ "told": told, "counted": counted }),
    );
    let detail = json!({
        "statistics_cpu_ms": each * 1e3,
        "group_by_cpu_ms": group_by * 1e3,
        "call": latency.detail(),
    });
    let name = format!("statistics of {count} : GROUP BY, processor time");
    let ratio = each / group_by;
    // The bound is for five million; a GROUP BY over few rows is cheap itself.
    let bound = if count >= 5_000_000 {
        Bound::AtMost(0.001)
    } else {
        Bound::None
    };
    report.add(name, ratio, "times", bound, detail.clone());
    report.add(
        format!("statistics of {count}: p95"),
        latency.quantile(0.95),
        "ms",
        Bound::None,
        detail,
    );
    Ok(())
}

/// The processor time so far of each session that the product has with the database.
async fn backends(ground: &Ground) -> anyhow::Result<HashMap<i32, f64>> {
    let pids: Vec<i32> = sqlx::query_scalar(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
         AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
    )
    .fetch_all(&ground.database)
    .await?;
    let time = |pid: i32| Some((pid, first_thread_time(u32::try_from(pid).ok()?).ok()?));
    Ok(pids.into_iter().filter_map(time).collect())
}

/// What was taken since; a session that began meanwhile counts whole, one that ended no more.
fn taken_since(before: &HashMap<i32, f64>, after: &HashMap<i32, f64>) -> f64 {
    let taken = |(pid, time): (&i32, &f64)| time - before.get(pid).copied().unwrap_or(0.0);
    after.iter().map(taken).sum()
}

/// The GROUP BY on one connection alone: the least time that a run took, and its answer.
async fn by_group(ground: &Ground) -> anyhow::Result<(f64, Counts)> {
    let mut connection = ground.database.acquire().await?;
    connection
        .execute("SET max_parallel_workers_per_gather = 0")
        .await?;
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut *connection)
        .await?;
    let pid = u32::try_from(pid)?;
    let (mut least, mut counted) = (f64::INFINITY, Counts::new());
    for _ in 0..RUNS {
        let before = first_thread_time(pid)?;
        counted = sqlx::query_as(GROUP_BY).fetch_all(&mut *connection).await?;
        least = least.min(first_thread_time(pid)? - before);
    }
    Ok((least, counted))
}
