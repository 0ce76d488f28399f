//! The marks of one morning, pupil by pupil, from the schools' own systems through the import door.

use std::time::Instant;

use futures_util::TryStreamExt as _;
use junheng_proto::bulk::v1::{ImportHeader, ImportResult};
use junheng_proto::registration::v1::attendance_mark::Kind;
use junheng_proto::registration::v1::import_attendance_request::Part;
use junheng_proto::registration::v1::{AttendanceRow, ImportAttendanceRequest};
use junheng_tests::{days_from_now, request_id};
use serde_json::json;
use uuid::Uuid;

use crate::ground::Ground;
use crate::process;
use crate::report::Bound;
use crate::stages::{Province, Scene};

/// Rows a second that must be reached.
const RATE: f64 = 5_000.0;

/// One pupil in so many is ill.
const ILL: i64 = 40;

/// How far back a school day is looked for.
const DAYS_BACK: i64 = 60;

/// A pupil and its class.
type Pupil = (Uuid, Uuid);

/// Marks every pupil of the province, county by county, each county's as one import.
pub async fn run(scene: &mut Scene<'_>, province: Province<'_>) -> anyhow::Result<()> {
    let (ground, report) = (province.ground, &mut *scene.report);
    let regions: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT region FROM schools ORDER BY region")
            .fetch_all(&ground.database)
            .await?;
    let date = school_day(ground, &regions[0]).await?;
    process::forget_peak_memory(ground.world.pid())?;
    let (mut marked, mut ill, mut taken, mut seconds) = (0, 0, 0, 0.0);
    for region in &regions {
        let pupils = pupils(ground, region, i64::MAX).await?;
        let begun = Instant::now();
        let answer = import(ground, region, &date, &pupils).await?;
        seconds += begun.elapsed().as_secs_f64();
        let count = i64::try_from(pupils.len())?;
        marked += count;
        ill += count / ILL;
        // One of them was marked while the day was looked for.
        taken += answer.created_count + answer.updated_count + answer.unchanged_count;
    }
    let absences: i64 = sqlx::query_scalar("SELECT count(*) FROM absences WHERE date = $1")
        .bind(&date)
        .fetch_one(&ground.database)
        .await?;
    report.hold(
        "every mark of the morning stands once",
        taken == marked && absences == ill,
        json!({ "marks": marked, "taken": taken, "ill": ill, "absences": absences }),
    );
    report.add(
        format!("attendance, {marked} marks of one morning"),
        marked as f64 / seconds,
        "rows/s",
        Bound::AtLeast(RATE, RATE),
        json!({ "seconds": seconds, "date": date, "counties": regions.len() }),
    );
    report.add(
        "attendance: peak memory",
        process::peak_memory(ground.world.pid())?,
        "MiB",
        Bound::None,
        json!({}),
    );
    Ok(())
}

/// The latest day on which schools were open.
async fn school_day(ground: &Ground, region: &str) -> anyhow::Result<String> {
    let one = pupils(ground, region, 1).await?;
    for back in 0..DAYS_BACK {
        let date = days_from_now(-back);
        if import(ground, region, &date, &one).await?.rejected_count == 0 {
            return Ok(date);
        }
    }
    anyhow::bail!("no school day in {DAYS_BACK} days")
}

/// The pupils of a county, class by class.
async fn pupils(ground: &Ground, region: &str, most: i64) -> anyhow::Result<Vec<Pupil>> {
    let found = sqlx::query_as::<_, Pupil>(
        "SELECT t.id, t.school_class FROM students t JOIN schools s ON s.id = t.school \
         WHERE s.region = $1 AND t.state = 1 AND t.school_class IS NOT NULL \
         ORDER BY t.school_class, t.id LIMIT $2",
    )
    .bind(region)
    .bind(most);
    Ok(found.fetch(&ground.database).try_collect().await?)
}

async fn import(
    ground: &Ground,
    region: &str,
    date: &str,
    pupils: &[Pupil],
) -> anyhow::Result<ImportResult> {
    let head = Part::Header(ImportHeader {
        parent: format!("regions/{region}"),
        request_id: request_id(),
        ..ImportHeader::default()
    });
    let (date, pupils) = (date.to_owned(), pupils.to_vec());
    let rows = (1..).zip(pupils).map(move |(row, (student, class))| {
        Part::Row(AttendanceRow {
            row,
            date: date.clone(),
            student: format!("students/{student}"),
            school_class: format!("classes/{class}"),
            kind: if row % ILL == 0 {
                Kind::Sick
            } else {
                Kind::Present
            }
            .into(),
            ..AttendanceRow::default()
        })
    });
    let parts = std::iter::once(head).chain(rows);
    let messages = parts.map(|part| ImportAttendanceRequest { part: Some(part) });
    let clerk = ground.clerk(region).await;
    let mut attendance = clerk.over(ground.world.own_channel()).attendance();
    let answer = attendance
        .import_attendance(tokio_stream::iter(messages))
        .await?;
    let answer = answer.into_inner();
    Ok(answer)
}
