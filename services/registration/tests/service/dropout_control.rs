//! Ledgers, rates, reports and supervision over the same cases, as officers of each level call them.

use crate::support::{Officer, World, id};
use chrono::NaiveDate;
use junheng_proto::identity::v1::Level;
use junheng_proto::registration::v1::dropout_case::{Finding, Group, State as CaseState};
use junheng_proto::registration::v1::dropout_rate_service_client::DropoutRateServiceClient;
use junheng_proto::registration::v1::dropout_report::{Kind, State};
use junheng_proto::registration::v1::dropout_report_item::Rows;
use junheng_proto::registration::v1::dropout_report_service_client::DropoutReportServiceClient;
use junheng_proto::registration::v1::ledger_entry::Attendance;
use junheng_proto::registration::v1::ledger_service_client::LedgerServiceClient;
use junheng_proto::registration::v1::list_ledger_request::Event;
use junheng_proto::registration::v1::overdue_service_client::OverdueServiceClient;
use junheng_proto::registration::v1::*;
use junheng_proto::workflow::v1::StepRequest;
use junheng_registration::entity::{dropout_case, dropout_case_event};
use sea_orm::{EntityTrait as _, IntoActiveModel as _};
use tonic::Code;
use tonic_types::StatusExt as _;
use uuid::Uuid;

const COUNTY: &str = "regions/630103";
const CITY: &str = "regions/630100";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn id_of(name: &str) -> Uuid {
    name.rsplit('/').next().unwrap().parse().unwrap()
}

/// A case as finders would have opened it.
fn case(school: &School, student: Option<&Student>, state: CaseState) -> dropout_case::Model {
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
        create_micros: 0,
        update_micros: 0,
        version: 1,
    }
}

/// Opens it, with what its finder and its steps would have entered of it by now.
async fn open(world: &World, case: dropout_case::Model) {
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
async fn ground(world: &World) -> (School, Vec<Student>) {
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

async fn ledger(
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

fn asked(parent: &str, kind: LedgerKind) -> ListLedgerRequest {
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

fn step(report: &DropoutReport) -> StepRequest {
    StepRequest {
        name: report.name.clone(),
        etag: report.etag.clone(),
        request_id: id(),
        ..StepRequest::default()
    }
}

fn reason_of(status: &tonic::Status) -> String {
    status.get_details_error_info().unwrap().reason
}

#[tokio::test]
async fn a_monthly_report_is_counted_signed_given_back_item_by_item_and_accepted() {
    let world = World::new().await;
    let (school, students) = ground(&world).await;
    world.context.clock.advance_seconds(27 * 86_400);
    let (clerk, head) = (
        world.officer("school.clerk", &school.name),
        world.officer("school.approver", &school.name),
    );
    let (county, chief) = (
        world.officer("county.clerk", COUNTY),
        world.officer("county.approver", COUNTY),
    );
    let mut client = DropoutReportServiceClient::new(world.link.clone());
    let draft = |period: &str| DraftDropoutReportRequest {
        parent: school.name.clone(),
        kind: Kind::Monthly.into(),
        period: period.into(),
        request_id: id(),
    };
    let early = client
        .draft_dropout_report(clerk.ask(draft("2018-10")))
        .await
        .unwrap_err();
    assert_eq!(reason_of(&early), "DROPOUT_PERIOD_NOT_BEGUN");
    let above = client
        .draft_dropout_report(county.ask(draft("2018-09")))
        .await
        .unwrap_err();
    assert_eq!(reason_of(&above), "DROPOUT_REPORT_NOT_YOURS");
    let drafted = client
        .draft_dropout_report(clerk.ask(draft("2018-09")))
        .await;
    let drafted = drafted.unwrap().into_inner();
    let again = client
        .draft_dropout_report(clerk.ask(draft("2018-09")))
        .await
        .unwrap_err();
    assert_eq!(reason_of(&again), "DROPOUT_REPORT_EXISTS");
    assert_eq!(
        (drafted.from_date.as_str(), drafted.due_date.as_str()),
        ("2018-08-29", "2018-09-28")
    );
    let value = |report: &DropoutReport, code: &str| {
        report
            .items
            .iter()
            .find(|item| item.code == code)
            .unwrap()
            .value
    };
    assert_eq!(value(&drafted, "enrolled.primary"), 3);
    assert_eq!(value(&drafted, "suspected"), 2);
    assert_eq!(value(&drafted, "confirmed"), 1);
    assert_eq!(value(&drafted, "open_dropout.left_behind"), 1);
    for item in &drafted.items {
        if let Some(Rows::Ledger(rows)) = &item.rows {
            let listed = ledger(&world, &clerk, rows.clone()).await;
            let counts_children = !["visits", "notices"].contains(&item.code.as_str());
            assert!(
                !counts_children || listed.len() as i64 == item.value,
                "{item:?}"
            );
        }
    }
    // A case comes in after the count: the draft is refused until it is counted anew.
    open(
        &world,
        case(&school, Some(&students[2]), CaseState::Suspected),
    )
    .await;
    let stale = client
        .sign_dropout_report(head.ask(step(&drafted)))
        .await
        .unwrap_err();
    assert_eq!(reason_of(&stale), "STEP_NOT_READY");
    let counted = client
        .recount_dropout_report(clerk.ask(step(&drafted)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(value(&counted, "suspected"), 3);
    let signed = client
        .sign_dropout_report(head.ask(step(&counted)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((signed.state(), signed.digest.len()), (State::Signed, 64));
    let submitted = client
        .submit_dropout_report(clerk.ask(step(&signed)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(submitted.state(), State::CountyReview);
    let back = |report: &DropoutReport, code: &str| ReturnDropoutReportRequest {
        name: report.name.clone(),
        etag: report.etag.clone(),
        items: vec![return_dropout_report_request::Item {
            code: code.into(),
            reason: "与走访情况不符".into(),
        }],
        note: String::new(),
        request_id: id(),
    };
    let unknown = client
        .return_dropout_report(county.ask(back(&submitted, "weather")))
        .await
        .unwrap_err();
    assert_eq!(reason_of(&unknown), "DROPOUT_ITEM_UNKNOWN");
    let returned = client
        .return_dropout_report(county.ask(back(&submitted, "suspected")))
        .await;
    let returned = returned.unwrap().into_inner();
    assert_eq!(returned.state(), State::Returned);
    let locked = returned
        .items
        .iter()
        .filter(|item| item.state() == dropout_report_item::State::Signed);
    assert_eq!(locked.count() + 1, returned.items.len());
    let mut report = returned;
    report = client
        .recount_dropout_report(clerk.ask(step(&report)))
        .await
        .unwrap()
        .into_inner();
    report = client
        .sign_dropout_report(head.ask(step(&report)))
        .await
        .unwrap()
        .into_inner();
    report = client
        .submit_dropout_report(clerk.ask(step(&report)))
        .await
        .unwrap()
        .into_inner();
    report = client
        .accept_dropout_report(chief.ask(step(&report)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (report.state(), report.due_date.as_str()),
        (State::Accepted, "")
    );
}

#[tokio::test]
async fn what_is_entered_between_two_reports_is_in_the_next_whatever_day_it_is_about() {
    let world = World::new().await;
    let (school, students) = ground(&world).await;
    world.context.clock.advance_seconds(20 * 86_400);
    let mut client = DropoutReportServiceClient::new(world.link.clone());
    let draft = |period: &str| DraftDropoutReportRequest {
        parent: school.name.clone(),
        kind: Kind::Monthly.into(),
        period: period.into(),
        request_id: id(),
    };
    let value = |report: &DropoutReport, code: &str| {
        let item = report.items.iter().find(|item| item.code == code);
        item.unwrap().value
    };
    let clerk = world.officer("school.clerk", &school.name);
    let first = client
        .draft_dropout_report(clerk.ask(draft("2018-09")))
        .await;
    let first = first.unwrap().into_inner();
    assert_eq!(value(&first, "suspected"), 2);
    // Later the same day, about a day of the month before.
    let late = dropout_case::Model {
        found_date: day("2018-08-20"),
        ..case(&school, Some(&students[2]), CaseState::Suspected)
    };
    open(&world, late).await;
    world.context.clock.advance_seconds(30 * 86_400);
    let clerk = world.officer("school.clerk", &school.name);
    let second = client
        .draft_dropout_report(clerk.ask(draft("2018-10")))
        .await;
    let second = second.unwrap().into_inner();
    assert_eq!(value(&second, "suspected"), 1, "{second:?}");
    assert_eq!(second.entered_after_time, first.entered_until_time);
    let item = second.items.iter().find(|item| item.code == "suspected");
    let Some(Rows::Ledger(rows)) = &item.unwrap().rows else {
        panic!("no rows");
    };
    let listed = ledger(&world, &clerk, rows.clone()).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].student, students[2].name);
    // The first cannot take it any more: each happening is in one report.
    let counted = client.recount_dropout_report(clerk.ask(step(&first))).await;
    assert_eq!(value(&counted.unwrap().into_inner(), "suspected"), 2);
}

#[tokio::test]
async fn who_reported_nothing_by_the_day_is_on_a_list_at_every_level() {
    let world = World::new().await;
    let (school, _) = ground(&world).await;
    let mut client = DropoutReportServiceClient::new(world.link.clone());
    let asked = |parent: &str, kind: Kind, period: &str| ListMissingReportsRequest {
        parent: parent.into(),
        kind: kind.into(),
        period: period.into(),
        ..ListMissingReportsRequest::default()
    };
    let clerk = world.officer("county.clerk", COUNTY);
    let list = client
        .list_missing_reports(clerk.ask(asked(COUNTY, Kind::Monthly, "2018-09")))
        .await;
    assert!(
        list.unwrap().into_inner().missing_reports.is_empty(),
        "its day has not passed"
    );
    world.context.clock.advance_seconds(40 * 86_400);
    for (role, parent) in [("county.clerk", COUNTY), ("city.clerk", CITY)] {
        let officer = world.officer(role, parent);
        let list = client
            .list_missing_reports(officer.ask(asked(parent, Kind::Monthly, "2018-09")))
            .await;
        let missing = list.unwrap().into_inner().missing_reports;
        assert_eq!(missing.len(), 1, "{parent}");
        assert_eq!(missing[0].organisation, school.name);
    }
    let city = world.officer("city.clerk", CITY);
    let list = client
        .list_missing_reports(city.ask(asked(CITY, Kind::Quarterly, "2018-Q2")))
        .await;
    let missing = list.unwrap().into_inner().missing_reports;
    assert_eq!(missing[0].organisation, COUNTY);
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
