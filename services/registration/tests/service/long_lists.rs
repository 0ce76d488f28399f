//! A list whose rows are looked at one by one answers within bounds, however many of them it passes over.

use crate::support::World;
use junheng_proto::registration::v1::overdue_service_client::OverdueServiceClient;
use junheng_proto::registration::v1::{ListOverdueStepsRequest, ListOverdueStepsResponse};
use sea_orm::ConnectionTrait as _;

/// Zone plans of a county that wait since a day.
async fn late(world: &World, first_year: i32, count: i32, due_date: &str) {
    let sql = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
         INSERT INTO zone_plans (id, region, place, school_year, stage, state, zones, \
         notice_end_date, due_date, due_provisional, version, update_micros) \
         SELECT randomblob(16), '630103', 630103000000, {first_year} + i, 1, 1, x'', \
         '', '{due_date}', 0, 1, 0 FROM n"
    );
    let database = world.context.store.derived();
    database.execute_unprepared(&sql).await.unwrap();
}

async fn page(world: &World, token: &str) -> ListOverdueStepsResponse {
    let province = world.officer("province.clerk", "regions/630000");
    let request = ListOverdueStepsRequest {
        parent: "regions/630000".into(),
        page_token: token.into(),
        ..ListOverdueStepsRequest::default()
    };
    let mut service = OverdueServiceClient::new(world.link.clone());
    let listed = service.list_overdue_steps(province.ask(request)).await;
    listed.unwrap().into_inner()
}

#[tokio::test]
async fn a_page_of_late_steps_is_short_rather_than_as_long_in_coming_as_what_it_passes_over() {
    let world = World::new().await;
    late(&world, 20_000, 1, "2018-06-01").await;
    // Late for one stretch more than the first: they show to the city, and to the province as soon as there is none between.
    late(&world, 0, 10_500, "2018-08-22").await;
    let first = page(&world, "").await;
    let days: Vec<&str> = first
        .overdue_steps
        .iter()
        .map(|step| step.due_date.as_str())
        .collect();
    assert_eq!(days, ["2018-06-01"]);
    assert!(!first.next_page_token.is_empty(), "more is to be looked at");
    let last = page(&world, &first.next_page_token).await;
    assert_eq!(
        (last.overdue_steps.len(), last.next_page_token),
        (0, String::new())
    );
}
