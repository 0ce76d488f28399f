//! The first load of an empty province, against COPY of the finished rows into the same indexed tables.

use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::postgres::PgPool;

use crate::copying::{self, Mark};
use crate::ground::pupils;
use crate::report::Bound;
use crate::stages::{Province, Scene};

/// How often the baseline is measured: one time is a seventh faster than another. The load itself is measured once.
const COPIES: usize = 3;

/// Fills an empty installation.
pub async fn run(scene: &mut Scene<'_>, province: Province<'_>) -> anyhow::Result<()> {
    let Province { ground, count } = province;
    let compare = scene.arguments.wants("first-load");
    let report = &mut *scene.report;
    let mark = Mark::now(&ground.database).await?;
    let indexed = indexes(&ground.database).await?;
    let filled = ground.fill(&pupils(count, &[])).await?;
    anyhow::ensure!(
        filled.students.created == i64::try_from(count)?,
        "{filled:?}"
    );
    let students = filled.students;
    let building = built(&ground.database).await?.as_secs_f64();
    let seconds = students.seconds + building;
    let rate = students.rows as f64 / seconds;
    let detail = json!({
        "schools": filled.schools.rows, "schools_seconds": filled.schools.seconds,
        "classes": filled.classes.rows, "classes_seconds": filled.classes.seconds,
        "students": students.rows, "students_seconds": students.seconds, "until_indexes_stood_seconds": building,
    });
    report.add(
        format!("first load of {count}: pupils a second"),
        rate,
        "rows/s",
        Bound::None,
        detail,
    );
    let stood = indexes(&ground.database).await?;
    report.hold(
        &format!("after the first load of {count} the indexes stand as before"),
        stood == indexed,
        json!({ "before": indexed, "after": stood }),
    );
    if !compare {
        return Ok(());
    }
    for (name, tables, bound) in [
        ("the students", copying::STUDENTS, Bound::AtLeast(1.0, 2.5)),
        ("all rows written", copying::ALL, Bound::None),
    ] {
        let copied = copying::measure(&ground.database, &mark, tables, COPIES).await?;
        let detail = json!({
            "import_seconds": seconds, "copy_seconds": copied.seconds, "each_copy_seconds": copied.each,
            "copied": copied.rows,
        });
        report.add(
            format!("first load of {count} : COPY of {name}"),
            copied.seconds / seconds,
            "times",
            bound,
            detail,
        );
    }
    Ok(())
}

/// How long the indexes take after the last row: the load belongs to the product until they stand.
pub async fn built(database: &PgPool) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    loop {
        let loading: i64 = sqlx::query_scalar("SELECT count(*) FROM first_loads")
            .fetch_one(database)
            .await?;
        if loading == 0 {
            return Ok(begun.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The indexes of the students.
pub async fn indexes(database: &PgPool) -> anyhow::Result<Vec<String>> {
    let sql = "SELECT indexdef::text FROM pg_indexes WHERE tablename = 'students' ORDER BY 1";
    Ok(sqlx::query_scalar(sql).fetch_all(database).await?)
}
