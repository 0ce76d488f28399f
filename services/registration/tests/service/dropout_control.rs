//! Ledgers, rates, reports and supervision over the same cases, as officers of each level call them.

use crate::support::{Officer, World};
use chrono::NaiveDate;
use junheng_proto::identity::v1::Level;
use junheng_proto::registration::v1::dropout_case::{Finding, Group, State as CaseState};
use junheng_proto::registration::v1::dropout_rate_service_client::DropoutRateServiceClient;
use junheng_proto::registration::v1::junior_place::State as PlaceState;
use junheng_proto::registration::v1::ledger_entry::Attendance;
use junheng_proto::registration::v1::ledger_service_client::LedgerServiceClient;
use junheng_proto::registration::v1::list_ledger_request::Event;
use junheng_proto::registration::v1::overdue_service_client::OverdueServiceClient;
use junheng_proto::registration::v1::promotion_service_client::PromotionServiceClient;
use junheng_proto::registration::v1::*;
use junheng_registration::entity::{dropout_case, dropout_case_event, junior_place};
use sea_orm::{EntityTrait as _, IntoActiveModel as _};
use tonic::Code;
use uuid::Uuid;

pub(crate) const COUNTY: &str = "regions/630103";
pub(crate) const CITY: &str = "regions/630100";

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn id_of(name: &str) -> Uuid {
    name.rsplit('/').next().unwrap().parse().unwrap()
}

/// A case as finders would have opened it.
pub(crate) fn case(
    school: &School,
    student: Option<&Student>,
    state: CaseState,
) -> dropout_case::Model {
    let own = Uuid::now_v7();
    dropout_case::Model {
        id: own,
        student: student.map(|student| id_of(&student.name)),
        resident: student.is_none().then(Uuid::now_v7),
        admission_entry: None,
        open_subject: Some(student.map_or(own, |student| id_of(&student.name))),
        school: student.map(|_| id_of(&school.name)),
        place: 630_103_000_000,
        region: "630103".into(),
        finding: Finding::Attendance as i32,
        found_date: day("2018-09-03"),
        last_day: None,
        source: String::new(),
        reporter: None,
        stage: 1,
        grade: student.map_or(0, |student| student.grade),
        reason: 0,
        state: state as i32,
        groups: 1 << (Group::LeftBehind as i32 - 1),
        returned_date: None,
        stable_date: None,
        relapses: 0,
        visits: 0,
        confirmed_date: (state != CaseState::Suspected).then(|| day("2018-09-05")),
        closed_date: None,
        ground: 0,
        merged_into: None,
        personal: Vec::new(),
        due_date: "2018-09-07".into(),
        due_provisional: false,
        held_due_date: String::new(),
        create_micros: 0,
        update_micros: 0,
        version: 1,
    }
}

/// Opens it, with what its finder and its steps would have entered of it by now.
pub(crate) async fn open(world: &World, case: dropout_case::Model) {
    let event = |event: Event, date: NaiveDate| dropout_case_event::Model {
        id: Uuid::now_v7(),
        dropout_case: case.id,
        student: case.student,
        school: case.school,
        place: case.place,
        event: event.into(),
        date,
        finding: case.finding,
        stage: case.stage,
        grade: case.grade,
        groups: case.groups,
        level: 0,
        entry_micros: world.context.clock.now_micros(),
    };
    let found = event(Event::Found, case.found_date);
    let confirmed = case.confirmed_date.map(|day| event(Event::Confirmed, day));
    let events = [Some(found), confirmed].into_iter().flatten();
    let derived = world.context.store.derived();
    dropout_case_event::Entity::insert_many(events.map(|event| event.into_active_model()))
        .exec_without_returning(derived)
        .await
        .unwrap();
    dropout_case::Entity::insert(case.into_active_model())
        .exec_without_returning(derived)
        .await
        .unwrap();
}

/// A school with three pupils: one suspected, one dropped out; and a child without a record.
pub(crate) async fn ground(world: &World) -> (School, Vec<Student>) {
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 3, 1).await;
    let mut students = Vec::new();
    for serial in 1..=3 {
        students.push(clerk.student(&class, serial).await.unwrap());
    }
    open(
        world,
        case(&school, Some(&students[0]), CaseState::Suspected),
    )
    .await;
    open(
        world,
        case(&school, Some(&students[1]), CaseState::Persuading),
    )
    .await;
    open(world, case(&school, None, CaseState::Suspected)).await;
    (school, students)
}

pub(crate) async fn ledger(
    world: &World,
    officer: &Officer<'_>,
    asked: ListLedgerRequest,
) -> Vec<LedgerEntry> {
    let mut client = LedgerServiceClient::new(world.link.clone());
    let (mut token, mut all) = (String::new(), Vec::new());
    loop {
        let request = ListLedgerRequest {
            page_size: 1,
            page_token: token,
            ..asked.clone()
        };
        let page = client
            .list_ledger(officer.ask(request))
            .await
            .unwrap()
            .into_inner();
        all.extend(page.ledger_entries);
        token = page.next_page_token;
        if token.is_empty() {
            return all;
        }
    }
}

pub(crate) fn asked(parent: &str, kind: LedgerKind) -> ListLedgerRequest {
    ListLedgerRequest {
        parent: parent.into(),
        kind: kind.into(),
        ..ListLedgerRequest::default()
    }
}

#[tokio::test]
async fn every_ledger_lists_as_many_as_its_count_says_and_each_child_once() {
    let world = World::new().await;
    let (school, students) = ground(&world).await;
    let clerk = world.officer("county.clerk", COUNTY);
    let mut client = LedgerServiceClient::new(world.link.clone());
    for parent in [COUNTY, CITY, school.name.as_str()] {
        let officer = match parent {
            CITY => world.officer("city.clerk", CITY),
            parent if parent.starts_with("schools/") => world.officer("school.clerk", parent),
            _ => world.officer("county.clerk", COUNTY),
        };
        let request = GetLedgerCountsRequest {
            parent: parent.into(),
            school_year: 0,
        };
        let counts = client
            .get_ledger_counts(officer.ask(request))
            .await
            .unwrap()
            .into_inner();
        assert!(!counts.ledger_counts.is_empty());
        for count in counts.ledger_counts {
            let rows = ledger(&world, &officer, count.rows.clone().unwrap()).await;
            assert_eq!(rows.len() as i64, count.count, "{count:?}");
        }
    }
    let all = ledger(&world, &clerk, asked(COUNTY, LedgerKind::SchoolAge)).await;
    let told: Vec<_> = all
        .iter()
        .map(|one| (one.student.as_str(), one.attendance()))
        .collect();
    assert_eq!(
        told,
        [
            (students[0].name.as_str(), Attendance::Suspected),
            (students[1].name.as_str(), Attendance::DroppedOut),
            (students[2].name.as_str(), Attendance::Attending),
            ("", Attendance::Suspected),
        ]
    );
    let watched = ListLedgerRequest {
        group: Group::LeftBehind.into(),
        ..asked(COUNTY, LedgerKind::Watched)
    };
    assert_eq!(
        ledger(&world, &clerk, watched).await.len(),
        1,
        "the child without a record"
    );
    let any = ledger(&world, &clerk, asked(COUNTY, LedgerKind::Watched)).await;
    assert_eq!(
        any.len(),
        3,
        "two by their cases, and the child without a record"
    );
    let foreign = world.officer("county.clerk", "regions/630104");
    let refused = client
        .list_ledger(foreign.ask(asked(COUNTY, LedgerKind::Dropout)))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn rates_come_with_the_rows_behind_their_inputs() {
    let world = World::new().await;
    let (school, _) = ground(&world).await;
    // Who was never enrolled has not dropped out of school.
    open(&world, case(&school, None, CaseState::Confirmed)).await;
    let clerk = world.officer("county.clerk", COUNTY);
    let mut client = DropoutRateServiceClient::new(world.link.clone());
    let request = GetDropoutRatesRequest {
        parent: COUNTY.into(),
        school_year: 0,
        as_of_date: String::new(),
    };
    // A few days into the year, so that the cases have happened.
    world.context.clock.advance_seconds(10 * 86_400);
    let clerk_now = world.officer("county.clerk", COUNTY);
    let rates = client
        .get_dropout_rates(clerk_now.ask(request))
        .await
        .unwrap()
        .into_inner();
    let rate = |id: &str| {
        rates
            .dropout_rates
            .iter()
            .find(|one| one.formula_id == id)
            .unwrap()
    };
    let primary = rate("dropout.primary");
    assert_eq!(
        (primary.numerator, primary.denominator),
        (1, 3),
        "{primary:?}"
    );
    assert!(primary.lines[0].crossed);
    assert_eq!(primary.value, "33.33");
    for rate in &rates.dropout_rates {
        for input in &rate.inputs {
            if let Some(rate_input::Rows::Ledger(rows)) = &input.rows {
                let listed = ledger(&world, &clerk_now, rows.clone()).await;
                assert_eq!(listed.len() as i64, input.count, "{input:?}");
            }
        }
    }
    assert!(
        rate("entry.age_seven").value.is_empty(),
        "no population is on record"
    );
    let future = GetDropoutRatesRequest {
        parent: COUNTY.into(),
        school_year: 2019,
        as_of_date: String::new(),
    };
    let refused = client
        .get_dropout_rates(clerk_now.ask(future))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    drop(clerk);
}

#[tokio::test]
async fn a_step_past_its_day_climbs_a_level_for_each_further_stretch() {
    let world = World::new().await;
    let (school, _) = ground(&world).await;
    let mut client = OverdueServiceClient::new(world.link.clone());
    let seats = [
        ("school.clerk", school.name.as_str()),
        ("county.clerk", COUNTY),
        ("city.clerk", CITY),
        ("province.clerk", "regions/630000"),
    ];
    // Friday 7 September 2018 was the day. The two cases of pupils wait for the school, that of the child without a record for the
    // county. By Tuesday 11 two working days are past, by the 18th seven, by the 25th eleven (the 24th was Mid-Autumn Day), by 2
    // October sixteen (the 29th and 30th were worked).
    for (days, counts) in [
        (5, [0, 0, 0, 0]),
        (5, [2, 1, 0, 0]),
        (7, [2, 3, 1, 0]),
        (7, [2, 3, 3, 1]),
        (7, [2, 3, 3, 3]),
    ] {
        world.context.clock.advance_seconds(days * 86_400);
        for ((role, parent), count) in seats.iter().zip(counts) {
            let officer = world.officer(role, parent);
            let (mut token, mut found) = (String::new(), Vec::new());
            loop {
                let request = ListOverdueStepsRequest {
                    parent: (*parent).into(),
                    include_below: false,
                    page_size: 1,
                    page_token: token,
                };
                let page = client.list_overdue_steps(officer.ask(request)).await;
                let page = page.unwrap().into_inner();
                found.extend(page.overdue_steps);
                token = page.next_page_token;
                if token.is_empty() {
                    break;
                }
            }
            let today = world.context.clock.today();
            assert_eq!(found.len(), count, "{today} {parent} {found:?}");
            assert!(found.iter().all(|one| one.due_date == "2018-09-07"));
            if *role == "province.clerk" {
                assert!(found.iter().all(|one| one.level() == Level::Province));
            }
        }
    }
    let request = ListOverdueStepsRequest {
        parent: CITY.into(),
        include_below: true,
        ..ListOverdueStepsRequest::default()
    };
    let city = world.officer("city.clerk", CITY);
    let all = client
        .list_overdue_steps(city.ask(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(all.overdue_steps.len(), 3);
}

#[tokio::test]
async fn the_rows_behind_those_who_arrived_are_the_countys_own_graduates() {
    let world = World::new().await;
    let (school, _) = ground(&world).await;
    let (here, there) = (630_103_000_000, 630_104_000_000);
    let year = 2018;
    // Two of ours arrived elsewhere; three came to us.
    for (place, primary_place) in [
        (there, here),
        (there, here),
        (here, there),
        (here, there),
        (here, there),
    ] {
        let ours = |at: i64| match at == here {
            true => id_of(&school.name),
            false => Uuid::now_v7(),
        };
        let row = junior_place::Model {
            id: Uuid::now_v7(),
            student: Uuid::now_v7(),
            school: ours(place),
            place,
            primary_school: ours(primary_place),
            primary_place,
            school_year: year,
            state: PlaceState::Confirmed as i32,
            update_micros: 0,
            version: 1,
        };
        junior_place::Entity::insert(row.into_active_model())
            .exec_without_returning(world.context.store.derived())
            .await
            .unwrap();
    }
    world.context.clock.advance_seconds(10 * 86_400);
    let clerk = world.officer("county.clerk", COUNTY);
    for parent in [COUNTY, school.name.as_str()] {
        let request = GetDropoutRatesRequest {
            parent: parent.into(),
            school_year: year,
            as_of_date: String::new(),
        };
        let mut rates = DropoutRateServiceClient::new(world.link.clone());
        let answer = rates.get_dropout_rates(clerk.ask(request)).await;
        let inputs = answer.unwrap().into_inner().dropout_rates.into_iter();
        let arrived = inputs
            .flat_map(|rate| rate.inputs)
            .find(|input| input.input_id == "arrived");
        let arrived = arrived.expect("an input of the entry rate");
        let Some(rate_input::Rows::JuniorPlaces(rows)) = arrived.rows else {
            panic!("no rows");
        };
        let mut promotions = PromotionServiceClient::new(world.link.clone());
        let listed = promotions.list_junior_places(clerk.ask(rows)).await;
        let listed = listed.unwrap().into_inner().junior_places.len();
        assert_eq!((arrived.count, listed), (2, 2), "{parent}");
    }
}
