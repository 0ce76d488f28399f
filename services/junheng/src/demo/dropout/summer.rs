//! Scene: the school year ends, graduates get their places, and in autumn all but seven of them arrive.

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use junheng_proto::registration::v1::forecast_service_client::ForecastServiceClient;
use junheng_proto::registration::v1::junior_place::State as PlaceState;
use junheng_proto::registration::v1::promotion_service_client::PromotionServiceClient;
use junheng_proto::registration::v1::school_class_service_client::SchoolClassServiceClient;
use junheng_proto::registration::v1::student::State;
use junheng_proto::registration::v1::student_service_client::StudentServiceClient;
use junheng_proto::registration::v1::{
    AssignJuniorPlacesRequest, BirthCount, ConfirmEnrolmentRequest, JuniorPlace,
    ListJuniorPlacesRequest, ListSchoolClassesRequest, ListStudentsRequest, RecordBirthsRequest,
    RunPromotionRequest, School, SchoolClass, assign_junior_places_request,
    confirm_enrolment_request,
};
use prost::Message;

use super::super::cast::{NEXT_DOOR, clerk_of};
use super::super::story::{Story, new_id};
use super::super::{roll, rows, tell};
use super::population::{self, GRADUATES, Population, SEVEN};
use super::{CLERK, District, HEAD, SCHOOL_YEAR, SEAT, all_in, answered, day};
use crate::client::{Authorized, Kind, Refusal};

/// Rows of one call.
const SET: usize = 500;

/// Loads schools, classes, pupils, and how many children live here.
///
/// # Errors
/// A refusal, or a row that does not go in.
pub async fn load(
    story: &Story,
    population: &Population,
    password: &str,
) -> anyhow::Result<District> {
    roll::bring_in(story, SEAT, Kind::Schools, bytes(&population.schools)).await?;
    roll::bring_in(story, SEAT, Kind::Classes, bytes(&population.classes)).await?;
    let pupils = roll::encoded(&population.pupils, rows::student);
    roll::bring_in(story, SEAT, Kind::Students, pupils).await?;
    let mut schools = roll::schools_of(story, SEAT).await?;
    schools.sort_by(|one, other| one.school_code.cmp(&other.school_code));
    let (primary, junior): (Vec<School>, Vec<School>) = schools
        .into_iter()
        .partition(|school| school.school_code.starts_with("21"));
    // Two calendar years of births hold who is seven in autumn.
    let births = [SCHOOL_YEAR - 8, SCHOOL_YEAR - 7].map(|birth_year| BirthCount {
        place: "630104".to_owned(),
        birth_year,
        birth_count: i32::try_from(SEVEN.0).unwrap_or(i32::MAX),
        resident_count: i32::try_from(SEVEN.0).ok(),
        yearly_migration: 0,
        as_of_year: SCHOOL_YEAR,
        source: "适龄儿童摸底(演示)".to_owned(),
    });
    let request = RecordBirthsRequest {
        parent: NEXT_DOOR.to_owned(),
        births: births.to_vec(),
        request_id: new_id(),
    };
    let mut client = ForecastServiceClient::new(story.session(CLERK).await?.channel());
    answered(client.record_births(request)).await?;
    Ok(District {
        primary,
        junior,
        missing: Vec::new(),
        password: password.to_owned(),
    })
}

/// The grades move up, the last ones graduate, and the county gives every graduate a place.
///
/// # Errors
/// A refusal, or another number than was loaded.
pub async fn ends(story: &Story, district: &mut District) -> anyhow::Result<()> {
    let request = RunPromotionRequest {
        parent: NEXT_DOOR.to_owned(),
        school_year: SCHOOL_YEAR,
        request_id: new_id(),
    };
    let mut stream = answered(promotions(story, HEAD).await?.run_promotion(request)).await?;
    let (mut promoted, mut graduated) = (0, 0);
    while let Some(told) = stream.message().await.map_err(Refusal::from)? {
        let school = told.school.unwrap_or_default();
        promoted += school.promoted_count;
        graduated += school.graduated_count;
    }
    tell::done(&format!(
        "年度升级: 升级 {promoted} 人 move up, 小学毕业 {graduated} 人 graduate"
    ));
    ensure!(
        [promoted, graduated] == [SEVEN.0 - SEVEN.1, GRADUATES.0].map(u64::cast_signed),
        "{promoted} moved up and {graduated} graduated"
    );
    let mut places = Vec::new();
    for (index, school) in district.primary.iter().enumerate() {
        let graduates = graduates(story, school).await?;
        if index < GRADUATES.1 as usize {
            let last = graduates.last().context("a school without graduates")?;
            district.missing.push(last.clone());
        }
        let junior = &district.junior[index % district.junior.len()];
        places.extend(graduates.into_iter().map(|student| (student, &junior.name)));
    }
    let mut client = promotions(story, CLERK).await?;
    for some in places.chunks(SET) {
        let row = |(row, (student, junior)): (i64, &(String, &String))| {
            assign_junior_places_request::Row {
                row,
                student: student.clone(),
                junior_school: (*junior).clone(),
            }
        };
        let request = AssignJuniorPlacesRequest {
            parent: NEXT_DOOR.to_owned(),
            school_year: SCHOOL_YEAR,
            rows: (2..).zip(some).map(row).collect(),
            request_id: new_id(),
        };
        all_in(&answered(client.assign_junior_places(request)).await?)?;
    }
    tell::done(&format!(
        "小升初派位 {} 人 graduates have a place in one of {} junior schools",
        places.len(),
        district.junior.len()
    ));
    Ok(())
}

/// Junior schools open their classes and confirm who came.
///
/// # Errors
/// A refusal, or a row that does not go in.
pub async fn autumn_begins(story: &Story, district: &District) -> anyhow::Result<()> {
    story.until(day("2019-09-02")?).await;
    let mut assigned = Vec::new();
    for school in &district.junior {
        assigned.push(places(story, school).await?);
    }
    let classes = district.junior.iter().zip(&assigned);
    let classes = classes
        .flat_map(|(school, places)| population::junior_classes(&school.school_code, places.len()));
    let classes = population::numbered(classes.collect(), |row, number| row.row = number);
    roll::bring_in(story, SEAT, Kind::Classes, bytes(&classes)).await?;
    let mut arrived = 0;
    for (school, places) in district.junior.iter().zip(assigned) {
        let here = |place: &JuniorPlace| !district.missing.contains(&place.student);
        let here: Vec<JuniorPlace> = places.into_iter().filter(here).collect();
        let classes = first_grade(story, school).await?;
        let row = |(index, place): (usize, &JuniorPlace)| confirm_enrolment_request::Row {
            row: i64::try_from(index).unwrap_or(i64::MAX) + 2,
            junior_place: place.name.clone(),
            school_class: classes
                .get(population::class_of(index))
                .map(|class| class.name.clone())
                .unwrap_or_default(),
        };
        let rows: Vec<_> = here.iter().enumerate().map(row).collect();
        arrived += rows.len();
        for some in rows.chunks(SET) {
            confirm(story, school, some.to_vec()).await?;
        }
    }
    tell::done(&format!(
        "初中确认入学 {arrived} 人 arrive; {} 人未到 do not",
        district.missing.len()
    ));
    Ok(())
}

/// A school confirms arrivals.
///
/// # Errors
/// A refusal, of a row too.
pub async fn confirm(
    story: &Story,
    school: &School,
    rows: Vec<confirm_enrolment_request::Row>,
) -> anyhow::Result<()> {
    let request = ConfirmEnrolmentRequest {
        parent: school.name.clone(),
        rows,
        request_id: new_id(),
    };
    let mut client = promotions(story, &clerk_of(school)).await?;
    all_in(&answered(client.confirm_enrolment(request)).await?)
}

/// The places of a junior school whose pupils have not arrived.
///
/// # Errors
/// A refusal.
pub async fn places(story: &Story, school: &School) -> anyhow::Result<Vec<JuniorPlace>> {
    let mut client = promotions(story, CLERK).await?;
    let (mut all, mut token) = (Vec::new(), String::new());
    loop {
        let request = ListJuniorPlacesRequest {
            parent: school.name.clone(),
            state: PlaceState::Assigned.into(),
            page_size: 500,
            page_token: token,
            ..ListJuniorPlacesRequest::default()
        };
        let page = answered(client.list_junior_places(request)).await?;
        all.extend(page.junior_places);
        token = page.next_page_token;
        if token.is_empty() {
            return Ok(all);
        }
    }
}

/// The first-grade classes of a junior school.
///
/// # Errors
/// A refusal.
pub async fn first_grade(story: &Story, school: &School) -> anyhow::Result<Vec<SchoolClass>> {
    let mut client = SchoolClassServiceClient::new(story.session(CLERK).await?.channel());
    let request = ListSchoolClassesRequest {
        parent: school.name.clone(),
        page_size: 500,
        ..ListSchoolClassesRequest::default()
    };
    let page = answered(client.list_school_classes(request)).await?;
    let mut classes = page.school_classes;
    classes.retain(|class| class.grade == 1);
    classes.sort_by_key(|class| class.number);
    Ok(classes)
}

async fn graduates(story: &Story, school: &School) -> anyhow::Result<Vec<String>> {
    let mut client = StudentServiceClient::new(story.session(CLERK).await?.channel());
    let request = ListStudentsRequest {
        parent: school.name.clone(),
        state: State::Graduated.into(),
        page_size: 500,
        ..ListStudentsRequest::default()
    };
    let page = answered(client.list_students(request)).await?;
    ensure!(
        page.next_page_token.is_empty(),
        "more than a page of graduates"
    );
    Ok(page.students.into_iter().map(|one| one.name).collect())
}

fn bytes<M: Message>(rows: &[M]) -> Vec<Bytes> {
    rows.iter().map(|row| row.encode_to_vec().into()).collect()
}

async fn promotions(
    story: &Story,
    who: &str,
) -> anyhow::Result<PromotionServiceClient<Authorized>> {
    let session = story.session(who).await?;
    Ok(PromotionServiceClient::new(session.channel()))
}
