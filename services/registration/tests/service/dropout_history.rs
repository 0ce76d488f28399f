//! What has happened stays as it was: in ledgers and rates when a case goes on, and in attendance when its child moves.

use crate::dropout::{COUNTY, DAY, MONDAY, Place, cases, done, evidence, ground, step};
use crate::support::id;
use junheng_proto::registration::v1::dropout_case::Ground;
use junheng_proto::registration::v1::dropout_rate_service_client::DropoutRateServiceClient;
use junheng_proto::registration::v1::ledger_service_client::LedgerServiceClient;
use junheng_proto::registration::v1::list_ledger_request::Event;
use junheng_proto::registration::v1::*;
use junheng_registration::attendance::proof;
use junheng_registration::entity::{student, student_change as changes};
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _};
use uuid::Uuid;

/// What a list of happenings says of the days on which they were.
async fn happened(ground: &Place, event: Event, until: &str) -> Vec<LedgerEntry> {
    let clerk = ground.officer("county.clerk");
    let request = ListLedgerRequest {
        parent: COUNTY.into(),
        kind: LedgerKind::Cases.into(),
        event: event.into(),
        until_date: until.into(),
        ..Default::default()
    };
    let mut ledgers = LedgerServiceClient::new(ground.world.link.clone());
    done(ledgers.list_ledger(clerk.ask(request)).await).ledger_entries
}

async fn dropped_out(ground: &Place) -> i64 {
    rate(ground, MONDAY).await.numerator
}

/// The dropout rate of primary schools on a day, empty for today.
pub(crate) async fn rate(ground: &Place, as_of: &str) -> DropoutRate {
    let clerk = ground.officer("county.clerk");
    let request = GetDropoutRatesRequest {
        parent: COUNTY.into(),
        school_year: 0,
        as_of_date: as_of.into(),
    };
    let mut rates = DropoutRateServiceClient::new(ground.world.link.clone());
    let rates = done(rates.get_dropout_rates(clerk.ask(request)).await);
    let primary = |rate: &&DropoutRate| rate.formula_id == "dropout.primary";
    let rate = rates.dropout_rates.iter().find(primary);
    rate.unwrap().clone()
}

#[tokio::test]
async fn a_relapse_leaves_the_figures_of_before_as_they_were_and_no_fault_takes_the_pupil_out_of_the_rate()
 {
    let ground = ground().await;
    let mut service = cases(&ground.world);
    let case = done(ground.report("school.clerk").await);
    let case = ground.confirm(&case).await;
    ground.mark(MONDAY, true).await;
    let back = ReturnDropoutCaseRequest {
        name: case.name.clone(),
        etag: case.etag.clone(),
        returned_date: MONDAY.into(),
        request_id: id(),
        ..Default::default()
    };
    let clerk = ground.officer("school.clerk");
    let case = done(service.return_dropout_case(clerk.ask(back)).await);
    assert_eq!(dropped_out(&ground).await, 1);
    ground.world.context.clock.advance_seconds(20 * DAY);
    let clerk = ground.officer("school.clerk");
    let case = done(service.relapse_dropout_case(clerk.ask(step(&case))).await);
    for event in [Event::Found, Event::Confirmed, Event::Returned] {
        let told = happened(&ground, event, MONDAY).await;
        assert_eq!(told.len(), 1, "{event:?}");
    }
    let confirmed = happened(&ground, Event::Confirmed, MONDAY).await;
    assert_eq!(confirmed[0].confirmed_date, MONDAY);
    let again = happened(&ground, Event::Confirmed, "").await;
    assert_eq!(again.len(), 1, "a case counts once");
    assert_eq!(again[0].confirmed_date, "2018-11-04");
    assert_eq!(dropped_out(&ground).await, 1);

    let case = done(
        ground
            .close(&case, Ground::NoFault, vec![evidence("核查记录")])
            .await,
    );
    let approver = ground.officer("county.approver");
    done(service.close_dropout_case(approver.ask(step(&case))).await);
    assert_eq!(dropped_out(&ground).await, 0, "nobody dropped out");
    assert_eq!(happened(&ground, Event::Confirmed, MONDAY).await.len(), 1);
}

#[tokio::test]
async fn a_child_who_moves_keeps_the_days_that_it_attended() {
    let ground = ground().await;
    ground.mark(MONDAY, false).await;
    ground.world.context.clock.advance_seconds(DAY);
    ground.mark("2018-10-16", false).await;
    let mut clerk = ground.officer("county.clerk");
    let other = clerk.school("2163000002", "630103").await;
    let class = clerk.class(&other, 3, 1).await;
    let uuid = |name: &str| -> Uuid { name.rsplit('/').next().unwrap().parse().unwrap() };
    let student = uuid(&ground.student.name);
    let store = &ground.world.context.store;
    // As a transfer leaves it, whose way is told elsewhere.
    student::Entity::update_many()
        .col_expr(student::Column::School, uuid(&other.name).into())
        .col_expr(student::Column::SchoolClass, uuid(&class.name).into())
        .filter(student::Column::Id.eq(student))
        .exec(store.derived())
        .await
        .unwrap();
    let moved = changes::Model {
        id: Uuid::now_v7(),
        student,
        school: uuid(&other.name),
        place: 630_103_000_000,
        stage: 1,
        grade: 3,
        entry_year: 2016,
        kind: student_change::Kind::TransferredIn as i32,
        effective_date: "2018-10-17".into(),
        school_year: 2018,
        from_school: Some(uuid(&ground.school.name)),
        to_school: Some(uuid(&other.name)),
        process: String::new(),
    };
    changes::Entity::insert(moved.into_active_model())
        .exec_without_returning(store.derived())
        .await
        .unwrap();
    let since = MONDAY.parse().unwrap();
    let days = proof::calls_since(store.reader(), student, since)
        .await
        .unwrap();
    assert_eq!(days.presence(since).days, 2);
}
