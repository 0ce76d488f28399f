//! The first load of an empty province, against COPY of the finished rows into the same indexed tables.

use serde_json::json;

use crate::copying::{self, Mark};
use crate::ground::pupils;
use crate::report::Bound;
use crate::stages::{Province, Scene};

/// Fills an empty installation.
pub async fn run(scene: &mut Scene<'_>, province: Province<'_>) -> anyhow::Result<()> {
    let Province { ground, count } = province;
    let compare = scene.arguments.wants("first-load");
    let report = &mut *scene.report;
    let mark = Mark::now(&ground.database).await?;
    let filled = ground.fill(&pupils(count, &[])).await?;
    anyhow::ensure!(
        filled.students.created == i64::try_from(count)?,
        "{filled:?}"
    );
    let students = filled.students;
    let rate = students.rows as f64 / students.seconds;
    let detail = json!({
        "schools": filled.schools.rows, "schools_seconds": filled.schools.seconds,
        "classes": filled.classes.rows, "classes_seconds": filled.classes.seconds,
        "students": students.rows, "students_seconds": students.seconds,
    });
    report.add(
        format!("first load of {count}: pupils a second"),
        rate,
        "rows/s",
        Bound::None,
        detail,
    );
    if !compare {
        return Ok(());
    }
    for (name, tables, bound) in [
        ("the students", copying::STUDENTS, Bound::AtLeast(1.0, 2.5)),
        ("all rows written", copying::ALL, Bound::None),
    ] {
        let copied = copying::measure(&ground.database, &mark, tables).await?;
        let detail = json!({
            "import_seconds": students.seconds, "copy_seconds": copied.seconds, "copied": copied.rows,
        });
        report.add(
            format!("first load of {count} : COPY of {name}"),
            copied.seconds / students.seconds,
            "times",
            bound,
            detail,
        );
    }
    Ok(())
}
