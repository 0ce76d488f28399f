//! As many residents as the province has pupils, compared with them: how long, and with how much memory of the process.
//!
//! The children in no school come through the import door; the others are put beside them in the database, each with the
//! keyed hash of a pupil, because nobody outside knows the numbers that the province was made up with.

use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use junheng_proto::bulk::v1::ImportHeader;
use junheng_proto::registration::v1::comparison::State;
use junheng_proto::registration::v1::import_residents_request::Part;
use junheng_proto::registration::v1::resident_list::{Kind, Source};
use junheng_proto::registration::v1::student::IdentityType;
use junheng_proto::registration::v1::{
    Comparison, ComparisonVerdict as Verdict, GetComparisonRequest, ImportResidentsRequest,
    ListResidentListsRequest, ResidentHeader, ResidentRow, RunComparisonRequest,
};
use junheng_tests::{Officer, days_from_now, person, regions, request_id, world};
use serde_json::json;

use crate::ground::{Ground, PROVINCE};
use crate::process;
use crate::report::Bound;
use crate::stages::{Province, Scene};

/// One resident in so many is in no school.
const MISSING: u64 = 100;

/// The bound is for a million residents; fewer take less.
const MOST_SECONDS: f64 = 60.0;
const MOST_MEMORY: f64 = 300.0;

/// The pupils as children of a list. What is sealed of them is never opened: they are in school.
const BESIDE: &str = "INSERT INTO residents (id, list, person, place, region, identity_type, \
    identity_hash, name_key, birth_month, sex, personal) \
    SELECT gen_random_uuid(), l.id, gen_random_uuid(), s.place, c.region, s.identity_type, \
    s.identity_hash, s.name_key, s.birth_month, s.sex, '\\x00' \
    FROM students s JOIN schools c ON c.id = s.school, resident_lists l WHERE l.state = 2";

/// Children made up for the list whose number a made-up pupil happens to have.
const REGISTERED: &str = "SELECT count(*) FROM residents r \
    JOIN students s ON s.identity_hash = r.identity_hash";

/// Compares twice: everything is new the first time, and nothing the second.
pub async fn run(scene: &mut Scene<'_>, province: Province<'_>) -> anyhow::Result<()> {
    let (ground, report) = (province.ground, &mut *scene.report);
    let partner = ground
        .world
        .another("province.partner", world::PROVINCE)
        .await;
    let missing = (province.count / MISSING).max(1);
    send(&partner, missing).await?;
    let registered: i64 = sqlx::query_scalar(REGISTERED)
        .fetch_one(&ground.database)
        .await?;
    let beside = sqlx::query(BESIDE).execute(&ground.database).await?;
    let residents = beside.rows_affected() + missing;
    for round in ["first", "second"] {
        let before = process::memory(ground.world.pid())?;
        process::forget_peak_memory(ground.world.pid())?;
        let begun = Instant::now();
        let run = compare(ground, &partner).await?;
        let seconds = begun.elapsed().as_secs_f64();
        let peak = process::peak_memory(ground.world.pid())?;
        let detail = json!({
            "residents": residents,
            "pupils": province.count,
            "memory_before": before,
            "peak_memory": peak,
        });
        let (time_bound, memory_bound) = if residents >= 1_000_000 {
            (Bound::AtMost(MOST_SECONDS), Bound::AtMost(MOST_MEMORY))
        } else {
            (Bound::None, Bound::None)
        };
        let name = format!("{round} comparison of {residents} residents");
        report.add(name.clone(), seconds, "s", time_bound, detail.clone());
        report.add(
            format!("{name}: peak memory"),
            peak,
            "MiB",
            memory_bound,
            detail,
        );
        let found = run
            .counts
            .iter()
            .find(|count| count.verdict() == Verdict::NotEnrolled);
        let found = found.map_or(0, |count| count.count);
        report.hold(
            &format!("the {round} comparison finds every child in no school"),
            u64::try_from(found + registered) == Ok(missing),
            json!({ "missing": missing, "found": found, "registered_by_chance": registered }),
        );
    }
    Ok(())
}

/// Sends children who are in no school.
async fn send(partner: &Officer, count: u64) -> anyhow::Result<()> {
    let counties = regions::counties(PROVINCE);
    let head = Part::Header(ResidentHeader {
        import: Some(ImportHeader {
            parent: world::PROVINCE.to_owned(),
            request_id: request_id(),
            ..ImportHeader::default()
        }),
        source: Source::PublicSecurity.into(),
        kind: Kind::SchoolAge.into(),
        as_of_date: days_from_now(-1),
    });
    let rows: Vec<Part> = (1..)
        .zip(counties.iter().cycle())
        .take(usize::try_from(count)?)
        .map(|(row, place)| {
            let child = person::child();
            Part::Row(ResidentRow {
                row,
                display_name: child.display_name,
                identity_type: IdentityType::ResidentCard.into(),
                identity_number: child.number,
                birth_date: child.birth_date,
                sex: child.sex.into(),
                region: place.county.trim_start_matches("regions/").to_owned(),
                ..ResidentRow::default()
            })
        })
        .collect();
    let parts = std::iter::once(head).chain(rows);
    let messages = parts.map(|part| ImportResidentsRequest { part: Some(part) });
    let stream = tokio_stream::iter(messages.collect::<Vec<_>>());
    let answer = partner
        .comparisons()
        .import_residents(stream)
        .await?
        .into_inner();
    ensure!(answer.rejected_count == 0, "{:?}", answer.verdicts.first());
    Ok(())
}

async fn compare(ground: &Ground, partner: &Officer) -> anyhow::Result<Comparison> {
    let partner = partner.over(ground.world.own_channel());
    let lists = ListResidentListsRequest {
        parent: world::PROVINCE.to_owned(),
        ..ListResidentListsRequest::default()
    };
    let lists = partner
        .comparisons()
        .list_resident_lists(lists)
        .await?
        .into_inner();
    let list = lists.resident_lists.last();
    let begin = RunComparisonRequest {
        name: list.map(|list| list.name.clone()).unwrap_or_default(),
        request_id: request_id(),
    };
    let name = partner
        .comparisons()
        .run_comparison(begin)
        .await?
        .into_inner()
        .name;
    loop {
        let request = GetComparisonRequest { name: name.clone() };
        let run = partner
            .comparisons()
            .get_comparison(request)
            .await?
            .into_inner();
        match run.state() {
            State::Running => {}
            State::Done => return Ok(run),
            state => bail!("the comparison ended as {state:?}: {:?}", run.failure()),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
