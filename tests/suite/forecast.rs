//! Forecast 生源预测: pupils and places six years ahead, figure by figure as by hand.

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::*;
use junheng_tests::person::child;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{
    all_in, class_row, header, import_classes, import_students, numbered, student_row,
};
use junheng_tests::{County, School, Story, World, request_id, story};
use tonic::Code;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a forecast follows births and survival and lists where places will lack", |world| Box::pin(forecast(world))),
    story("a junior school takes its share of the primary pupils of the county", |world| Box::pin(fed(world))),
    story("births of another county or without a source are not entered", |world| Box::pin(refusals(world))),
];

fn birth(place: &str, birth_year: i32, birth_count: i32) -> BirthCount {
    // Nobody moves, so that the year of the count does not matter.
    BirthCount {
        place: place.to_owned(),
        birth_year,
        birth_count,
        resident_count: None,
        yearly_migration: 0,
        as_of_year: 2026,
        source: "县统计局出生人口登记".to_owned(),
    }
}

fn record(county: &County, births: Vec<BirthCount>) -> RecordBirthsRequest {
    RecordBirthsRequest {
        parent: county.place.county.clone(),
        births,
        request_id: request_id(),
    }
}

/// One class of each grade with so many pupils.
async fn fill(county: &County, school: &School, stage: Stage, first: i32, pupils: &[usize]) {
    let grades = (first..).zip(pupils);
    let classes = grades
        .clone()
        .map(|(grade, _)| class_row(school, stage, grade, 1));
    let classes = numbered(classes, |row, number| row.row = number);
    all_in(answered(
        import_classes(&county.clerk, header(&school.name), classes).await,
    ));
    let rows = grades.flat_map(|(grade, count)| {
        (0..*count).map(move |_| student_row(school, stage, grade, 1, &child()))
    });
    let rows = numbered(rows, |row, number| row.row = number);
    all_in(answered(
        import_students(&county.clerk, header(&school.name), rows).await,
    ));
}

async fn forecast(world: &World) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::NineYear).await;
    fill(&county, &school, Stage::Primary, 1, &[6, 5, 4, 4, 3, 3]).await;
    fill(&county, &school, Stage::Junior, 1, &[2, 2, 1]).await;
    let running = county.code().to_owned();
    let clerk = &county.clerk;
    let get = |parent: &str| GetForecastRequest {
        parent: parent.to_owned(),
        base_year: 0,
    };
    let before = answered(
        clerk
            .forecasts()
            .get_forecast(get(&county.place.county))
            .await,
    );
    let base = before.base_year;
    let births = vec![
        birth(&running, base - 6, 600),
        birth(&running, base - 5, 300),
        birth(&running, base - 4, 12),
    ];
    answered(
        clerk
            .forecasts()
            .record_births(record(&county, births.clone()))
            .await,
    );
    answered(
        clerk
            .forecasts()
            .record_births(record(&county, births))
            .await,
    );
    let listed = ListBirthsRequest {
        parent: county.place.county.clone(),
        ..Default::default()
    };
    let listed = answered(clerk.forecasts().list_births(listed).await).births;
    assert_eq!(listed.len(), 3, "entered again, they are replaced");

    let told = answered(
        clerk
            .forecasts()
            .get_forecast(get(&county.place.county))
            .await,
    );
    let of = |told: &Forecast, year: i32, stage: Stage| -> ForecastYear {
        let found = told
            .years
            .iter()
            .find(|one| one.school_year == base + year && one.stage() == stage);
        found
            .cloned()
            .unwrap_or_else(|| panic!("no year {year} of {stage:?}"))
    };
    assert_eq!(told.years.len(), 14, "seven years of two stages");
    let now = of(&told, 0, Stage::Primary);
    assert_eq!(
        (now.grade_counts.as_slice(), now.expected_count),
        ([6, 5, 4, 4, 3, 3].as_slice(), 25)
    );
    assert_eq!((now.place_count, now.gap_count), (6 * 45, 25 - 6 * 45));
    // (4 × 600 + 8 × 300) / 12 = 400 enter; everybody else moves up a grade.
    let next = of(&told, 1, Stage::Primary);
    assert_eq!(next.grade_counts, [400, 6, 5, 4, 4, 3]);
    assert_eq!((next.expected_count, next.gap_count), (422, 422 - 270));
    assert!(
        next.inputs.contains(&format!("born.{}=600", base - 6)),
        "{:?}",
        next.inputs
    );
    // (4 × 300 + 8 × 12) / 12 = 108.
    assert_eq!(
        of(&told, 2, Stage::Primary).grade_counts,
        [108, 400, 6, 5, 4, 4]
    );
    assert_eq!(of(&told, 1, Stage::Junior).grade_counts, [3, 2, 2]);
    // The births of the next year are not entered: the entrants are held, and the answer says so.
    assert_eq!(of(&told, 3, Stage::Primary).grade_counts[0], 108);
    assert!(
        told.assumptions.iter().any(|one| one.contains("持平")),
        "{:?}",
        told.assumptions
    );
    assert!(
        told.rates.iter().all(|rate| rate.assumed),
        "nothing was frozen yet"
    );

    // The only school of the county has all its children, and the gap is the school's.
    let own = answered(clerk.forecasts().get_forecast(get(&school.name)).await);
    assert_eq!(of(&own, 1, Stage::Primary).grade_counts, next.grade_counts);
    let gaps = ListPlaceGapsRequest {
        parent: county.place.county.clone(),
        page_size: 2,
        ..Default::default()
    };
    let first = answered(clerk.forecasts().list_place_gaps(gaps.clone()).await);
    assert_eq!(first.place_gaps.len(), 2);
    for gap in &first.place_gaps {
        assert_eq!(gap.organisation, school.name);
        assert!(gap.year.as_ref().is_some_and(|year| year.gap_count > 0));
    }
    let rest = ListPlaceGapsRequest {
        page_token: first.next_page_token,
        ..gaps.clone()
    };
    let rest = answered(clerk.forecasts().list_place_gaps(rest).await);
    assert!(!rest.place_gaps.is_empty() && rest.place_gaps[0] != first.place_gaps[0]);
    let city = county.place.city.clone().expect("a city");
    let above = world.sign_in("city.clerk", &city).await;
    let gaps = ListPlaceGapsRequest {
        parent: city,
        page_size: 500,
        ..gaps
    };
    let counties = answered(above.forecasts().list_place_gaps(gaps).await).place_gaps;
    assert!(
        counties
            .iter()
            .any(|gap| gap.organisation == county.place.county)
    );

    let frozen = FreezeCohortsRequest {
        parent: county.place.county.clone(),
        request_id: request_id(),
    };
    let frozen = answered(clerk.forecasts().freeze_cohorts(frozen).await);
    assert_eq!((frozen.school_year, frozen.student_count), (base, 30));
}

async fn fed(world: &World) {
    let county = County::fresh(world).await;
    let primary = county.school(SchoolKind::Primary).await;
    fill(&county, &primary, Stage::Primary, 5, &[4, 8]).await;
    let (larger, smaller) = (
        county.school(SchoolKind::Junior).await,
        county.school(SchoolKind::Junior).await,
    );
    fill(&county, &larger, Stage::Junior, 1, &[3]).await;
    fill(&county, &smaller, Stage::Junior, 1, &[1]).await;
    // Nothing was frozen, so that all go on: 8 × 3/4 and 8 × 1/4; the year after 4 × 3/4 and 4 × 1/4.
    for (school, now, entrants) in [(&larger, 3, [6, 3, 0]), (&smaller, 1, [2, 1, 0])] {
        let get = GetForecastRequest {
            parent: school.name.clone(),
            base_year: 0,
        };
        let told = answered(county.clerk.forecasts().get_forecast(get).await);
        let years = told.years.iter().take(4);
        let first: Vec<i64> = years.map(|year| year.grade_counts[0]).collect();
        assert_eq!(first, [&[now][..], &entrants].concat());
        assert_eq!(told.years[1].formulas[0], "forecast.junior_entrants");
        let said = told.assumptions.iter();
        let mut said = said.filter(|one| one.contains("占全县七年级的比例"));
        assert!(said.next().is_some(), "{:?}", told.assumptions);
    }
}

async fn refusals(world: &World) {
    let [here, there, _] = world.neighbours();
    let (here, there) = (
        County::at(world, here).await,
        County::at(world, there).await,
    );
    let foreign = record(&there, vec![birth(there.code(), 2020, 10)]);
    let answer = here.clerk.forecasts().record_births(foreign).await;
    refused(answer, Code::PermissionDenied, "OUT_OF_SCOPE");
    let mut unsourced = birth(here.code(), 2020, 10);
    unsourced.source.clear();
    let wrong = vec![
        birth(there.code(), 2020, 10),
        unsourced,
        birth(here.code(), 2020, -1),
    ];
    let answer = here
        .clerk
        .forecasts()
        .record_births(record(&here, wrong))
        .await;
    let wrong = refused(answer, Code::InvalidArgument, "FIELD_INVALID");
    let expected = [
        "births[0].place",
        "births[1].source",
        "births[2].birth_year",
        "births[2].birth_count",
    ];
    assert_eq!(wrong.fields, expected);
    let past = GetForecastRequest {
        parent: here.place.county.clone(),
        base_year: 2001,
    };
    let answer = here.clerk.forecasts().get_forecast(past).await;
    refused(answer, Code::InvalidArgument, "FIELD_INVALID");
}
