//! Rates that need a population: a department's list of everybody of school age is taken before the births on record.

use crate::comparisons::send;
use crate::support::{World, id};
use junheng_kernel::identity_number::check_character;
use junheng_proto::registration::v1::dropout_rate_service_client::DropoutRateServiceClient;
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
