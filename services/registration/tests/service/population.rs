//! Rates that need a population: a department's list of everybody of school age is taken before the births on record.

use crate::comparisons::send;
use crate::dropout_reports::reason_of;
use crate::support::{World, id};
use junheng_kernel::identity_number::check_character;
use junheng_proto::registration::v1::dropout_rate_service_client::DropoutRateServiceClient;
use junheng_proto::registration::v1::dropout_report_service_client::DropoutReportServiceClient;
use junheng_proto::registration::v1::forecast_service_client::ForecastServiceClient;
use junheng_proto::registration::v1::resident_list::Kind;
use junheng_proto::registration::v1::*;

const COUNTY: &str = "regions/630103";

/// A child of seven at the end of August 2018.
fn seven(row: i64) -> ResidentRow {
    let digits = format!("63010320110301{row:03}");
    ResidentRow {
        row,
        display_name: format!("童{row}"),
        identity_type: 1,
        identity_number: format!("{digits}{}", check_character(&digits).unwrap()),
        sex: if row % 2 == 1 { 1 } else { 2 },
        birth_date: "2011-03-01".into(),
        region: "630103".into(),
        ..ResidentRow::default()
    }
}

async fn rate(world: &World) -> DropoutRate {
    let clerk = world.officer("county.clerk", COUNTY);
    let request = GetDropoutRatesRequest {
        parent: COUNTY.into(),
        school_year: 0,
        as_of_date: String::new(),
    };
    let mut service = DropoutRateServiceClient::new(world.link.clone());
    let rates = service.get_dropout_rates(clerk.ask(request)).await.unwrap();
    let mut rates = rates.into_inner().dropout_rates.into_iter();
    rates
        .find(|rate| rate.formula_id == "entry.age_seven")
        .unwrap()
}

fn population(rate: &DropoutRate) -> &RateInput {
    let mut inputs = rate.inputs.iter();
    inputs
        .find(|input| input.input_id == "population_aged_7_7")
        .unwrap()
}

#[tokio::test]
async fn nobody_is_counted_before_being_born_or_in_a_year_to_come() {
    let world = World::new().await;
    let clerk = world.officer("county.clerk", COUNTY);
    let mut forecasts = ForecastServiceClient::new(world.link.clone());
    for (birth_year, as_of_year, right) in [
        (2014, 2014, true),
        (2018, 2018, true),
        (2014, 2000, false),
        (2014, 2019, false),
        (2030, 2030, false),
        (2030, 2018, false),
    ] {
        let births = RecordBirthsRequest {
            parent: COUNTY.into(),
            births: vec![BirthCount {
                place: "630103".into(),
                birth_year,
                birth_count: 60,
                as_of_year,
                source: "统计公报".into(),
                ..BirthCount::default()
            }],
            request_id: id(),
        };
        let answer = forecasts.record_births(clerk.ask(births)).await;
        assert_eq!(
            answer.is_ok(),
            right,
            "{birth_year} {as_of_year} {answer:?}"
        );
    }
}

#[tokio::test]
async fn the_population_is_that_of_the_newest_list_and_the_answer_says_so() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    clerk.school("2163000001", "630103").await;
    assert!(population(&rate(&world).await).absent);

    let births = RecordBirthsRequest {
        parent: COUNTY.into(),
        births: [2010, 2011]
            .into_iter()
            .map(|birth_year| BirthCount {
                place: "630103".into(),
                birth_year,
                birth_count: 60,
                as_of_year: 2018,
                source: "统计公报".into(),
                ..BirthCount::default()
            })
            .collect(),
        request_id: id(),
    };
    let mut forecasts = ForecastServiceClient::new(world.link.clone());
    forecasts.record_births(clerk.ask(births)).await.unwrap();
    let by_births = rate(&world).await;
    let input = population(&by_births);
    assert_eq!(
        (by_births.denominator, input.source.as_str()),
        (60, "出生人口登记")
    );
    assert_eq!(
        (input.as_of_date.as_str(), input.resident_lists.len()),
        ("2018", 0)
    );

    let police = world.officer("county.partner", COUNTY);
    send(
        &world,
        &police,
        Kind::SchoolAge,
        (2..=9).map(seven).collect(),
    )
    .await;
    let by_list = rate(&world).await;
    let input = population(&by_list);
    assert_eq!(
        (by_list.denominator, input.source.as_str()),
        (8, "公安适龄儿童名单")
    );
    assert_eq!(
        (input.as_of_date.as_str(), input.resident_lists.len()),
        ("2018-08-31", 1)
    );

    // A list of poor households says nothing of how many live here.
    send(&world, &police, Kind::PoorHousehold, vec![seven(2)]).await;
    assert_eq!(rate(&world).await.denominator, 8);
    // The next one takes its place.
    send(
        &world,
        &police,
        Kind::SchoolAge,
        (2..=6).map(seven).collect(),
    )
    .await;
    let newer = rate(&world).await;
    assert_eq!(newer.denominator, 5);
    assert_ne!(population(&newer).resident_lists, input.resident_lists);
}

#[tokio::test]
async fn a_list_of_some_children_is_no_population_and_the_answer_says_so() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 2, 1).await;
    let people = (1..=20).map(seven).map(|row| Student {
        school_class: class.name.clone(),
        display_name: row.display_name,
        identity_type: row.identity_type,
        identity_number: row.identity_number,
        birth_date: row.birth_date,
        sex: row.sex,
        ethnicity: "03".into(),
        ..Student::default()
    });
    for student in people {
        let request = CreateStudentRequest {
            parent: school.name.clone(),
            student: Some(student),
            request_id: id(),
        };
        clerk.create(request).await.unwrap();
    }
    let police = world.officer("county.partner", COUNTY);
    let listed = |rows: std::ops::RangeInclusive<i64>| rows.map(seven).collect();
    send(&world, &police, Kind::SchoolAge, listed(2..=2)).await;
    let told = rate(&world).await;
    let input = population(&told);
    assert!(input.absent && told.value.is_empty(), "{told:?}");
    assert_eq!((told.denominator, told.missing_count), (0, 0));
    assert!(
        input.source.contains("2018-08-31(1人,在校20人)"),
        "{}",
        input.source
    );
    // One of them all, and of one more.
    send(&world, &police, Kind::SchoolAge, listed(1..=21)).await;
    let told = rate(&world).await;
    assert_eq!((told.numerator, told.denominator), (20, 21));
    assert_eq!(told.missing_count, 1);
    // Some children once more: the list before still says how many live here.
    send(&world, &police, Kind::SchoolAge, listed(3..=4)).await;
    let told = rate(&world).await;
    assert_eq!((told.numerator, told.denominator), (20, 21));
    assert!(population(&told).source.contains(";未采用:"), "{told:?}");
}

#[tokio::test]
async fn years_before_the_rules_have_rates_without_lines_and_no_reports() {
    let world = World::new().await;
    let clerk = world.officer("county.clerk", COUNTY);
    let mut rates = DropoutRateServiceClient::new(world.link.clone());
    for school_year in [2000, 2010, 2016] {
        let request = GetDropoutRatesRequest {
            parent: COUNTY.into(),
            school_year,
            as_of_date: String::new(),
        };
        let told = rates.get_dropout_rates(clerk.ask(request)).await.unwrap();
        let told = told.into_inner().dropout_rates;
        assert!(told[0].lines.is_empty(), "{school_year}");
    }
    let mut reports = DropoutReportServiceClient::new(world.link.clone());
    for (kind, period) in [
        (1, "2016-05"),
        (1, "2017-08"),
        (2, "2010-Q1"),
        (3, "2016-autumn"),
    ] {
        let request = ListMissingReportsRequest {
            parent: COUNTY.into(),
            kind,
            period: period.into(),
            ..Default::default()
        };
        let refused = reports.list_missing_reports(clerk.ask(request)).await;
        assert_eq!(
            reason_of(&refused.unwrap_err()),
            "FIELD_INVALID",
            "{period}"
        );
    }
}
