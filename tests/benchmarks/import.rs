//! An import into a province that has pupils, with all checks, against COPY of its finished rows into the same tables.

use junheng_tests::regions;
use serde_json::json;

use crate::copying::{self, Mark};
use crate::ground::{PROVINCE, pupils};
use crate::report::Bound;
use crate::stages::{Province, Scene};

/// Imports further pupils of the same schools.
pub async fn run(scene: &mut Scene<'_>, province: Province<'_>) -> anyhow::Result<()> {
    let Province { ground, count } = province;
    let (standing, rows) = (count, scene.arguments.rows.min(count));
    let report = &mut *scene.report;
    let mark = Mark::now(&ground.database).await?;
    let before = ground.students().await?;
    let counties = regions::counties_and_zones(PROVINCE);
    // The province as it was filled, from its first county on until the rows suffice.
    let all = counties.len() as u64;
    let made = (standing / 5_000).clamp(1, all);
    let wanted = (rows * made).div_ceil(standing).clamp(1, made) as usize;
    let until = counties[wanted - 1].county.trim_start_matches("regions/");
    let from = standing.to_string();
    let filled = ground
        .fill(&pupils(
            standing,
            &["--persons-from", &from, "--until", until],
        ))
        .await?;
    let students = filled.students;
    let after = ground.students().await?;
    report.hold(
        "an import creates a record for each of its rows",
        after - before == students.created && students.created == i64::try_from(students.rows)?,
        json!({ "before": before, "after": after, "rows": students.rows }),
    );
    let rate = students.rows as f64 / students.seconds;
    let name = |what: &str| format!("import of {} into {standing}{what}", students.rows);
    let detail = json!({ "rows": students.rows, "seconds": students.seconds });
    report.add(
        name(": pupils a second"),
        rate,
        "rows/s",
        Bound::AtLeast(10_000.0, 10_000.0),
        detail,
    );
    for (copy, tables, bound) in [
        ("all rows written", copying::ALL, Bound::None),
        (
            "the students",
            copying::STUDENTS,
            Bound::AtLeast(1.0 / 3.0, 0.7),
        ),
    ] {
        let copied = copying::measure(&ground.database, &mark, tables, 1).await?;
        let detail = json!({
            "import_seconds": students.seconds, "copy_seconds": copied.seconds, "copied": copied.rows,
        });
        let ratio = copied.seconds / students.seconds;
        report.add(
            name(&format!(" : COPY of {copy}")),
            ratio,
            "times",
            bound,
            detail,
        );
    }
    Ok(())
}
