//! What forecasts are made from is entered again when it was wrong: the journal says what stood before.

use crate::support::{World, id};
use junheng_proto::journal::v1::RecordSet;
use junheng_proto::registration::v1::forecast_service_client::ForecastServiceClient;
use junheng_proto::registration::v1::*;
use prost::{Message as _, Name};
use sea_orm::{ConnectionTrait as _, Statement};

const COUNTY: &str = "regions/630103";

fn born(birth_year: i32, birth_count: i32) -> BirthCount {
    BirthCount {
        place: "630103".into(),
        birth_year,
        birth_count,
        as_of_year: 2018,
        source: "县统计局出生人口登记".into(),
        ..BirthCount::default()
    }
}

/// What the newest write of a method says that it replaced, and what it put there.
async fn written<T: prost::Message + Name + Default>(
    world: &World,
    method: &str,
) -> (Option<T>, T) {
    let database = world.context.store.derived();
    let statement = Statement::from_sql_and_values(
        database.get_database_backend(),
        "SELECT records FROM journal WHERE method LIKE $1 ORDER BY seq DESC LIMIT 1",
        [format!("%/{method}").into()],
    );
    let row = database.query_one_raw(statement).await.unwrap().unwrap();
    let records: Vec<u8> = row.try_get("", "records").unwrap();
    // The first byte says that the rest is as it was written.
    let records = RecordSet::decode(&records[1..]).unwrap().records;
    let open = |any: &prost_types::Any| T::decode(any.value.as_slice()).unwrap();
    let before = records[0].before.as_ref().map(open);
    (before, records[0].after.as_ref().map(open).unwrap())
}

#[tokio::test]
async fn births_entered_again_replace_those_that_stood_and_the_journal_has_both() {
    let world = World::new().await;
    let clerk = world.officer("county.clerk", COUNTY);
    let mut service = ForecastServiceClient::new(world.link.clone());
    for births in [
        vec![born(2011, 40), born(2012, 50)],
        vec![born(2012, 55), born(2013, 60)],
    ] {
        let request = RecordBirthsRequest {
            parent: COUNTY.into(),
            births: births.clone(),
            request_id: id(),
        };
        let told = service.record_births(clerk.ask(request)).await.unwrap();
        assert_eq!(told.into_inner().births, births);
    }
    let list = ListBirthsRequest {
        parent: COUNTY.into(),
        ..ListBirthsRequest::default()
    };
    let listed = service.list_births(clerk.ask(list)).await.unwrap();
    let mut stand = listed.into_inner().births;
    stand.sort_by_key(|birth| birth.birth_year);
    assert_eq!(stand, [born(2011, 40), born(2012, 55), born(2013, 60)]);
    let (before, after) = written::<RecordBirthsResponse>(&world, "RecordBirths").await;
    assert_eq!(before.unwrap().births, [born(2012, 50)]);
    assert_eq!(after.births, [born(2012, 55), born(2013, 60)]);
}

#[tokio::test]
async fn cohorts_frozen_again_replace_those_of_the_year_and_the_journal_has_both() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let mut service = ForecastServiceClient::new(world.link.clone());
    for count in 1..=2 {
        clerk.student(&class, count).await.unwrap();
        let request = FreezeCohortsRequest {
            parent: COUNTY.into(),
            request_id: id(),
        };
        let frozen = service.freeze_cohorts(clerk.ask(request)).await.unwrap();
        assert_eq!(frozen.into_inner().student_count, i64::from(count));
    }
    let (before, after) = written::<FreezeCohortsResponse>(&world, "FreezeCohorts").await;
    let before = before.unwrap();
    assert_eq!((before.student_count, after.student_count), (1, 2));
    assert_eq!(before.school_year, after.school_year);
}
