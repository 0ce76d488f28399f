//! Rows that wait go in when their school and class have come; one that cannot be read keeps nobody else out.

use std::time::Duration;

use crate::support::{World, row};
use junheng_proto::registration::v1::quarantine_cause::Kind;
use junheng_proto::registration::v1::quarantine_service_client::QuarantineServiceClient;
use junheng_proto::registration::v1::{
    ListQuarantineCausesRequest, ListStudentsRequest, QuarantineCause,
};
use sea_orm::ConnectionTrait as _;

const COUNTY: &str = "regions/630103";
const SOON: Duration = Duration::from_secs(40);

async fn causes(world: &World) -> Vec<QuarantineCause> {
    let clerk = world.officer("county.clerk", COUNTY);
    let request = clerk.ask(ListQuarantineCausesRequest {
        parent: COUNTY.into(),
    });
    let mut service = QuarantineServiceClient::new(world.link.clone());
    let listed = service.list_quarantine_causes(request).await;
    listed.unwrap().into_inner().causes
}

#[tokio::test]
async fn a_row_that_cannot_be_opened_waits_under_a_cause_of_its_own_and_the_others_go_in() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let rows = (2..5).map(|at| row(at, "2163000001", 1, 1, at as u32));
    let kept = clerk.import(COUNTY, rows.collect()).await;
    assert_eq!(kept.quarantined_count, 3);
    let damage = "UPDATE quarantined_rows SET sealed = x'00' WHERE row_number = 3";
    let database = world.context.store.derived();
    database.execute_unprepared(damage).await.unwrap();
    let school = clerk.school("2163000001", "630103").await;
    clerk.class(&school, 1, 1).await;
    let one_waits = async {
        loop {
            let causes = causes(&world).await;
            let waiting: i64 = causes.iter().map(|cause| cause.row_count).sum();
            if waiting == 1 {
                return causes;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let causes = tokio::time::timeout(SOON, one_waits).await.unwrap();
    assert_eq!(causes[0].kind(), Kind::Row);
    assert_eq!(causes[0].cause, "row: INTERNAL");
    let request = clerk.ask(ListStudentsRequest {
        parent: school.name.clone(),
        ..ListStudentsRequest::default()
    });
    let listed = clerk.students.list_students(request).await.unwrap();
    assert_eq!(listed.into_inner().students.len(), 2);
}
