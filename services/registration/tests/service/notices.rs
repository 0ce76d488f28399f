//! The days of notices: a decision is served in time, and nothing says that days have passed while they run.

use crate::support::{World, id};
use junheng_kernel::privacy::FieldAddress;
use junheng_kernel::service::Link;
use junheng_proto::registration::v1::dropout_case::State as CaseState;
use junheng_proto::registration::v1::dropout_case_service_client::DropoutCaseServiceClient;
use junheng_proto::registration::v1::dropout_notice::{Kind, ServiceMethod, State};
use junheng_proto::registration::v1::dropout_notice_service_client::DropoutNoticeServiceClient;
use junheng_proto::registration::v1::*;
use junheng_proto::workflow::v1::Evidence;
use junheng_registration::entity::dropout_notice;
use sea_orm::{ConnectionTrait as _, EntityTrait as _, IntoActiveModel as _, Statement, Value};
use tonic::{Response, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

const COUNTY: &str = "regions/630103";

fn id_of(name: &str) -> Uuid {
    name.rsplit('/').next().unwrap().parse().unwrap()
}

/// A case at the penalty: where no place has a legal basis, no step leads there.
async fn penalised(world: &World) -> DropoutCase {
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 3, 1).await;
    let student = clerk.student(&class, 1).await.unwrap();
    let report = ReportDropoutSuspicionRequest {
        child: student.name,
        note: "多日未到校".into(),
        request_id: id(),
        ..Default::default()
    };
    let mut cases = DropoutCaseServiceClient::new(world.link.clone());
    let case = cases.report_dropout_suspicion(clerk.ask(report)).await;
    let case = case.unwrap().into_inner();
    let values: [Value; 2] = [(CaseState::Penalty as i32).into(), id_of(&case.name).into()];
    let sql = "UPDATE dropout_cases SET state = $1, confirmed_date = '2018-09-10' WHERE id = $2";
    run(world, sql, values).await;
    case
}

async fn run(world: &World, sql: &str, values: [Value; 2]) {
    let database = world.context.store.derived();
    let statement = Statement::from_sql_and_values(database.get_database_backend(), sql, values);
    let done = database.execute_raw(statement).await.unwrap();
    assert_eq!(done.rows_affected(), 1);
}

/// The decision, drawn on a Thursday.
async fn decision(world: &World, case: &DropoutCase) -> DropoutNotice {
    let own = Uuid::now_v7();
    let keys = &world.context.store.keys;
    let sealed = |field: &'static str| {
        let row = own.to_string();
        let address = FieldAddress {
            table: "dropout_notices",
            field,
            row: &row,
        };
        keys.seal_message(address, &()).unwrap()
    };
    let row = dropout_notice::Model {
        id: own,
        dropout_case: id_of(&case.name),
        school: Some(id_of(&case.school)),
        place: 630_103_000_000,
        kind: Kind::PenaltyDecision.into(),
        state: State::Drawn.into(),
        issuer: COUNTY.into(),
        year: 2018,
        sequence: 1,
        drawn_date: "2018-09-20".parse().unwrap(),
        relapses: 0,
        served_date: None,
        service_method: 0,
        comply_date: None,
        fine_fen: 10_000,
        printed: sealed("printed"),
        service: sealed("service"),
        create_micros: 0,
        update_micros: 0,
        version: 1,
    };
    let insert = dropout_notice::Entity::insert(row.into_active_model());
    let database = world.context.store.derived();
    insert.exec_without_returning(database).await.unwrap();
    let clerk = world.officer("county.clerk", COUNTY);
    let get = GetDropoutNoticeRequest {
        name: format!("dropoutNotices/{own}"),
    };
    let notice = service(world).get_dropout_notice(clerk.ask(get)).await;
    notice.unwrap().into_inner()
}

fn service(world: &World) -> DropoutNoticeServiceClient<Link> {
    DropoutNoticeServiceClient::new(world.link.clone())
}

async fn serve(
    world: &World,
    notice: &DropoutNotice,
    date: &str,
) -> Result<Response<DropoutNotice>, Status> {
    let request = RecordNoticeServiceRequest {
        name: notice.name.clone(),
        etag: notice.etag.clone(),
        served_date: date.into(),
        service_method: ServiceMethod::InPerson.into(),
        received_by: "监护人".into(),
        evidence: vec![Evidence {
            title: "送达回证".into(),
            digest: "5a".repeat(32),
        }],
        request_id: id(),
    };
    let clerk = world.officer("county.clerk", COUNTY);
    service(world)
        .record_notice_service(clerk.ask(request))
        .await
}

async fn urge(world: &World, case: &DropoutCase) -> Result<Response<DropoutNotice>, Status> {
    let request = DrawDropoutNoticeRequest {
        dropout_case: case.name.clone(),
        kind: Kind::PenaltyUrge.into(),
        request_id: id(),
        ..Default::default()
    };
    let clerk = world.officer("county.clerk", COUNTY);
    service(world).draw_dropout_notice(clerk.ask(request)).await
}

#[track_caller]
fn told(answer: Result<Response<DropoutNotice>, Status>) -> (String, String) {
    let info = answer.unwrap_err().get_details_error_info().unwrap();
    let until = info.metadata.get("until").cloned();
    (info.reason, until.unwrap_or_default())
}

#[tokio::test]
async fn a_decision_is_served_within_its_days_and_urged_when_those_to_pay_have_passed() {
    let world = World::new().await;
    // The Monday after the National Day holidays.
    world.context.clock.advance_seconds(44 * 86_400);
    let case = penalised(&world).await;
    let decision = decision(&world, &case).await;
    let unserved = told(urge(&world, &case).await);
    assert_eq!(unserved.0, "NOTICE_WITHOUT_GROUND");
    // Mid-Autumn Day lies between, and the Saturday and Sunday before the holidays were worked.
    let late = told(serve(&world, &decision, "2018-10-08").await);
    assert_eq!(late, ("NOTICE_SERVED_LATE".into(), "2018-09-30".into()));
    serve(&world, &decision, "2018-09-30").await.unwrap();

    let sql = "UPDATE dropout_notices SET comply_date = $1 WHERE id = $2";
    let comply = ["2018-10-15".into(), id_of(&decision.name).into()];
    run(&world, sql, comply).await;
    let early = told(urge(&world, &case).await);
    assert_eq!(early, ("NOTICE_TOO_EARLY".into(), "2018-10-15".into()));
    world.context.clock.advance_seconds(86_400);
    let drawn = urge(&world, &case).await.unwrap().into_inner();
    assert_eq!(drawn.kind(), Kind::PenaltyUrge);
}
