//! Scene: the county clerk brings in schools, classes, pupils, teachers and sites, and the counts are those of the report.

use anyhow::ensure;
use bytes::Bytes;
use junheng_proto::bulk::v1::ImportHeader;
use junheng_proto::education::v1::Stage;
use junheng_proto::evidence::v1::StreamMeasuresRequest;
use junheng_proto::evidence::v1::measure_service_client::MeasureServiceClient;
use junheng_proto::registration::v1::school_service_client::SchoolServiceClient;
use junheng_proto::registration::v1::student_service_client::StudentServiceClient;
use junheng_proto::registration::v1::{
    CountStudentsRequest, ListSchoolsRequest, School, StudentRow, count_students_request::Grouping,
};
use prost::Message;

use super::cast::COUNTY;
use super::story::{Story, new_id};
use super::{rows, tell};
use crate::client::{Batch, Kind, Refusal, send, verdicts};
use crate::text::{Align, Grid};

/// Who imports, and where.
#[derive(Clone, Copy, Debug)]
pub struct Seat {
    /// `regions/{code}`.
    pub county: &'static str,
    /// The sign-in name.
    pub clerk: &'static str,
}

/// Who imports the inspected county's roll.
const CLERK: &str = "clerk.630103";
const SEAT: Seat = Seat {
    county: COUNTY,
    clerk: CLERK,
};

/// The totals of the 2018 self-assessment report of 城中区: schools; pupils and full-time teachers of primary and junior.
const SCHOOLS: usize = 26;
const PUPILS: [i64; 2] = [18_430, 8_138];
const TEACHERS: [i64; 2] = [1_025, 611];

/// Imports the schools and reads them back with their names.
///
/// # Errors
/// A refusal, or a row that does not go in.
pub async fn schools(story: &mut Story) -> anyhow::Result<()> {
    let rows = encoded(&story.county.schools, rows::school);
    bring_in(story, SEAT, Kind::Schools, rows).await?;
    story.schools = schools_of(story, SEAT).await?;
    ensure!(
        story.schools.len() == SCHOOLS,
        "the county has {} schools",
        story.schools.len()
    );
    Ok(())
}

/// The schools of a county, as its clerk reads them.
///
/// # Errors
/// A refusal.
pub async fn schools_of(story: &Story, seat: Seat) -> anyhow::Result<Vec<School>> {
    let mut client = SchoolServiceClient::new(story.session(seat.clerk).await?.channel());
    let request = ListSchoolsRequest {
        parent: seat.county.to_owned(),
        page_size: 500,
        ..ListSchoolsRequest::default()
    };
    Ok(client
        .list_schools(request)
        .await
        .map_err(Refusal::from)?
        .into_inner()
        .schools)
}

/// Imports everything that belongs to schools.
///
/// # Errors
/// As [`schools`].
pub async fn everything_else(story: &Story) -> anyhow::Result<()> {
    let county = &story.county;
    for (kind, rows) in [
        (Kind::Classes, encoded(&county.classes, rows::class)),
        (Kind::Students, encoded(&county.pupils, rows::student)),
        (Kind::Teachers, encoded(&county.teachers, rows::teacher)),
        (Kind::Sites, encoded(&county.sites, rows::site)),
    ] {
        bring_in(story, SEAT, kind, rows).await?;
    }
    Ok(())
}

/// Sends the same import again: nothing changes.
///
/// # Errors
/// When something does.
pub async fn again(story: &Story) -> anyhow::Result<()> {
    let rows = encoded(&story.county.classes, rows::class);
    let count = rows.len();
    let result = send(
        &story.session(CLERK).await?,
        batch(COUNTY, Kind::Classes, rows),
    )
    .await?;
    ensure!(
        usize::try_from(result.unchanged_count) == Ok(count),
        "the same classes again: {} of {count} unchanged",
        result.unchanged_count
    );
    tell::done(&format!(
        "同一文件再导入一次: {count} 行均无变化 · the same file again changes nothing"
    ));
    Ok(())
}

/// Rows as they should not be: each is named with the reason and the remedy, and only those go no further.
///
/// # Errors
/// When another number of rows is refused.
pub async fn bad_rows(story: &Story) -> anyhow::Result<()> {
    let pupils = story.county.pupils.iter().take(4);
    let mut rows: Vec<StudentRow> = (2..)
        .zip(pupils)
        .map(|(number, pupil)| rows::student(number, pupil))
        .collect();
    if let [wrong_digit, twice, first, nowhere] = rows.as_mut_slice() {
        let last = if wrong_digit.identity_number.ends_with('1') {
            '2'
        } else {
            '1'
        };
        wrong_digit.identity_number.pop();
        wrong_digit.identity_number.push(last);
        first.identity_number.clone_from(&twice.identity_number);
        first.birth_date.clone_from(&twice.birth_date);
        first.sex = twice.sex;
        nowhere.school_code = "2163999999".to_owned();
    }
    let rows = rows.iter().map(|row| row.encode_to_vec().into()).collect();
    let mut batch = batch(COUNTY, Kind::Students, rows);
    batch.header.validate_only = true;
    let result = send(&story.session(CLERK).await?, batch).await?;
    tell::done("试导入四行,三行有误 · a trial import of four rows, three of them wrong");
    verdicts::print(Kind::Students, &result, &[]);
    ensure!(
        result.rejected_count == 3,
        "{} of 4 rows were refused",
        result.rejected_count
    );
    Ok(())
}

/// Compares the counts of the services with the report.
///
/// # Errors
/// When they differ.
pub async fn totals(story: &Story) -> anyhow::Result<()> {
    let pupils = count_pupils(story).await?;
    let teachers = count_teachers(story).await?;
    let mut grid = Grid::new([
        ("", Align::Left),
        ("系统 here", Align::Right),
        ("2018年自评报告 report", Align::Right),
    ]);
    grid.row([
        "学校 schools".to_owned(),
        story.schools.len().to_string(),
        SCHOOLS.to_string(),
    ]);
    for (label, counted, reported) in [
        ("在校生 pupils", pupils, PUPILS),
        ("专任教师 full-time teachers", teachers, TEACHERS),
    ] {
        for (stage, (here, there)) in ["小学 primary", "初中 junior"]
            .iter()
            .zip(counted.iter().zip(reported))
        {
            grid.row([
                format!("{label}, {stage}"),
                here.to_string(),
                there.to_string(),
            ]);
        }
    }
    print!("{grid}");
    ensure!(
        pupils == PUPILS && teachers == TEACHERS,
        "the counts are not those of the report"
    );
    Ok(())
}

/// Imports rows into a county, of which every one must go in.
///
/// # Errors
/// A refusal, or a row that does not go in.
pub async fn bring_in(
    story: &Story,
    seat: Seat,
    kind: Kind,
    rows: Vec<Bytes>,
) -> anyhow::Result<()> {
    let (count, session) = (rows.len(), story.session(seat.clerk).await?);
    let begun = std::time::Instant::now();
    let result = send(&session, batch(seat.county, kind, rows)).await?;
    ensure!(
        usize::try_from(result.created_count) == Ok(count),
        "{}: {} of {count} rows went in; the first refused: {:?}",
        kind.name(),
        result.created_count,
        result.verdicts.first()
    );
    let seconds = begun.elapsed().as_secs_f32();
    tell::done(&format!(
        "{}: {count} 行导入 rows imported ({seconds:.1} s)",
        kind.name()
    ));
    Ok(())
}

fn batch(county: &str, kind: Kind, rows: Vec<Bytes>) -> Batch {
    Batch {
        kind,
        header: ImportHeader {
            parent: county.to_owned(),
            request_id: new_id(),
            validate_only: false,
            ..ImportHeader::default()
        },
        rows,
    }
}

/// Rows numbered as a spreadsheet would, below the header.
pub fn encoded<R, M: Message>(rows: &[R], message: impl Fn(i64, &R) -> M) -> Vec<Bytes> {
    (2..)
        .zip(rows)
        .map(|(number, row)| message(number, row).encode_to_vec().into())
        .collect()
}

async fn count_pupils(story: &Story) -> anyhow::Result<[i64; 2]> {
    let mut client = StudentServiceClient::new(story.session(CLERK).await?.channel());
    let request = CountStudentsRequest {
        parent: COUNTY.to_owned(),
        grouping: Grouping::Stage as i32,
    };
    let counts = client
        .count_students(request)
        .await
        .map_err(Refusal::from)?
        .into_inner()
        .counts;
    let of = |stage| {
        counts
            .iter()
            .filter(|count| count.stage() == stage)
            .map(|count| count.student_count)
            .sum()
    };
    Ok([of(Stage::Primary), of(Stage::Junior)])
}

async fn count_teachers(story: &Story) -> anyhow::Result<[i64; 2]> {
    let mut client = MeasureServiceClient::new(story.session(CLERK).await?.channel());
    let request = StreamMeasuresRequest {
        service: junheng_staffing::NAME.to_owned(),
        parent: COUNTY.to_owned(),
    };
    let mut stream = client
        .stream_measures(request)
        .await
        .map_err(Refusal::from)?
        .into_inner();
    let mut counted = [0, 0];
    while let Some(measure) = stream.message().await.map_err(Refusal::from)? {
        if measure.measure == "teachers.full_time" {
            match measure.stage() {
                Stage::Primary => counted[0] += measure.value,
                Stage::Junior => counted[1] += measure.value,
                Stage::Senior | Stage::Unspecified => {}
            }
        }
    }
    Ok(counted)
}
