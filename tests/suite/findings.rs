//! What opens suspicions without anybody asking 控辍保学排查.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::NaiveDate;
use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::dropout_case::{Finding, State};
use junheng_proto::registration::v1::finding_round::{State as RoundState, Trigger};
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::{
    DropoutCase, FindingRound, GetLedgerCountsRequest, LedgerKind, ListDropoutCasesRequest,
    ListFindingRoundsRequest, ListStudentsRequest, RunFindingRequest,
};
use junheng_tests::person::child;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::school_year::{in_summer, summer_year};
use junheng_tests::{County, Officer, Story, World, request_id, story};
use tonic::{Code, Response, Status};

use crate::attendance::cases;
use crate::dropout_rates::load;
use crate::promotion::{fill, promote, students};
use crate::status_changes::Ground as Leaves;
use crate::transfer_ground::{begin, ground};

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a transfer left hanging past its days opens a suspicion by itself", |world| Box::pin(hanging_transfer(world))),
    story("a leave past its end without a return opens a suspicion and one that runs does not", |world| Box::pin(hanging_leave(world))),
    story("a primary graduate who has come to no junior school is suspected after the days to arrive", |world| Box::pin(cohort(world))),
    story("a round is the county's own and one asked for again finds nothing twice", |world| Box::pin(asked_for(world))),
    story("a round that is killed again and again goes on by itself and suspects every child exactly once", |world| Box::pin(killed(world))),
];

/// Waits until the day's round has opened as many cases; the service looks as soon as it runs.
async fn found(officer: &Officer, parent: &str, count: usize) -> Vec<DropoutCase> {
    let mut found = Vec::new();
    for _ in 0..600 {
        found = cases(officer, parent).await;
        if found.len() >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(found.len(), count, "{found:?}");
    found
}

async fn run(officer: &Officer, county: &str) -> Result<Response<FindingRound>, Status> {
    let mut answer = Err(Status::aborted(""));
    let request = RunFindingRequest {
        parent: county.to_owned(),
        request_id: request_id(),
    };
    // The day's own round may be under way, or begin in the same moment.
    for _ in 0..600 {
        answer = officer.findings().run_finding(request.clone()).await;
        match &answer {
            Err(status) if status.code() == Code::Aborted => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            _ => break,
        }
    }
    answer
}

async fn rounds(officer: &Officer, parent: &str) -> Vec<FindingRound> {
    let request = ListFindingRoundsRequest {
        parent: parent.to_owned(),
        ..ListFindingRoundsRequest::default()
    };
    answered(officer.findings().list_finding_rounds(request).await).finding_rounds
}

async fn back(world: &World, officer: &Officer) -> Officer {
    world
        .enter(&officer.sign_in_name, &officer.password, None)
        .await
}

async fn hanging_transfer(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let county = County::shared(&world).await;
    let ground = ground(&county, &county).await;
    let transfer = begin(&world, &ground).await;
    let place = county.place.county.clone();
    let early = answered(run(&county.clerk, &place).await);
    assert_eq!(early.process_count, 0, "its days run");
    assert!(cases(&county.clerk, &place).await.is_empty());
    world.later(45).expect("a later day");
    let clerk = back(&world, &county.clerk).await;
    let found = found(&clerk, &place, 1).await;
    assert_eq!(found[0].student, ground.student.name);
    assert_eq!(found[0].finding(), Finding::Process);
    assert_eq!(found[0].source, transfer.name);
    assert_eq!(found[0].state(), State::Suspected);
    assert_eq!(found[0].school, ground.sending.name, "who has the record");
}

async fn hanging_leave(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let county = County::shared(&world).await;
    let leaves = Leaves::at(&world, county, 2).await;
    let over = leaves.through(leaves.leave(0, -100, 5)).await;
    leaves.through(leaves.leave(1, -100, 200)).await;
    let place = leaves.county.place.county.clone();
    world.later(40).expect("a later day");
    let clerk = back(&world, &leaves.county.clerk).await;
    let found = found(&clerk, &place, 1).await;
    assert_eq!(found[0].student, leaves.students[0].name);
    assert_eq!(found[0].finding(), Finding::Process);
    assert_eq!(found[0].source, over.name);
    let again = answered(run(&clerk, &place).await);
    assert_eq!((again.process_count, again.opened_count), (1, 0));
    assert_eq!(cases(&clerk, &place).await.len(), 1);
}

async fn cohort(world: &World) {
    let mut world = in_summer(world).await;
    let county = County::fresh(&world).await;
    let primary = county.school(SchoolKind::Primary).await;
    fill(&county.clerk, &primary, Stage::Primary, &[5, 6], 2).await;
    let head = world.sign_in("county.approver", &county.place.county).await;
    promote(&head, &county.place.county).await;
    let pupils = students(&county.clerk, &primary.name).await;
    let graduates: Vec<&str> = pupils
        .iter()
        .filter(|one| one.state() == StudentState::Graduated)
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(graduates.len(), 2);
    let place = county.place.county.clone();
    // 10 September: school has begun, and the days to arrive run.
    world.later(62).expect("a later day");
    let clerk = back(&world, &county.clerk).await;
    let early = answered(run(&clerk, &place).await);
    assert_eq!(early.cohort_count, 0);
    // 20 September.
    world.later(10).expect("a later day");
    let clerk = back(&world, &county.clerk).await;
    let found = found(&clerk, &place, 2).await;
    for case in &found {
        assert!(graduates.contains(&case.student.as_str()));
        assert_eq!(case.finding(), Finding::Cohort);
        assert_eq!(
            case.source, case.student,
            "no junior school has a place for the child"
        );
    }
    let of_age = ledger(&clerk, &place).await;
    assert_eq!(of_age.len(), 4, "two in the last grade, two in no school");
    let listed = |name: &&str| of_age.iter().any(|child| child == *name);
    assert!(graduates.iter().all(listed), "{of_age:?}");
    let again = answered(run(&clerk, &place).await);
    assert_eq!((again.cohort_count, again.opened_count), (2, 0));
}

async fn asked_for(world: &World) {
    let county = County::fresh(world).await;
    county.school(SchoolKind::Primary).await;
    let place = &county.place.county;
    let request = RunFindingRequest {
        parent: place.clone(),
        request_id: request_id(),
    };
    let first = answered(county.clerk.findings().run_finding(request.clone()).await);
    assert_eq!(first.state(), RoundState::Done);
    assert_eq!(first.trigger(), Trigger::Demand);
    let same = answered(county.clerk.findings().run_finding(request).await);
    assert_eq!(same, first, "one request, one round");
    let second = answered(run(&county.clerk, place).await);
    assert_ne!(second.name, first.name);
    let names: Vec<String> = rounds(&county.clerk, place)
        .await
        .into_iter()
        .filter(|round| round.trigger() == Trigger::Demand)
        .map(|round| round.name)
        .collect();
    assert_eq!(names, [first.name, second.name]);
    let elsewhere = County::fresh(world).await;
    let foreign = RunFindingRequest {
        parent: place.clone(),
        request_id: request_id(),
    };
    let foreign = elsewhere.clerk.findings().run_finding(foreign).await;
    refused(foreign, Code::PermissionDenied, "OUT_OF_SCOPE");
}

/// Primary graduates of whom none arrives: several pages of a round.
const NOT_ARRIVED: usize = 1_600;
const OFFSET: &str = "JUNHENG_CLOCK__OFFSET_SECONDS";

/// The process is killed whenever the county's round of the day has come further. Each time the clock goes a minute on, so
/// that what the killed process held is held no longer.
async fn killed(world: &World) {
    let mut world = in_summer(world).await;
    let county = County::fresh(&world).await;
    let primary = county.school(SchoolKind::Primary).await;
    let people: Vec<_> = (0..NOT_ARRIVED).map(|_| child()).collect();
    load(&county.clerk, &primary, 6, &people).await;
    let place = county.place.county.clone();
    let head = world.sign_in("county.approver", &place).await;
    promote(&head, &place).await;
    let graduates = graduates(&county.clerk, &primary.name).await;
    assert_eq!(graduates.len(), NOT_ARRIVED);
    // The days to arrive are over.
    let late = NaiveDate::from_ymd_opt(summer_year(), 9, 20).expect("a date");
    world.later(72).expect("a later day");
    let mut clerk = back(&world, &county.clerk).await;
    let (mut kills, mut come) = (0, 0);
    let done = loop {
        let round = rounds(&clerk, &place)
            .await
            .into_iter()
            .find(|round| round.date == late.to_string());
        match round {
            Some(round) if round.state() == RoundState::Done => break round,
            Some(round) if round.cohort_count > come => {
                (kills, come) = (kills + 1, round.cohort_count);
                let offset = world.setup().get(OFFSET).and_then(|text| text.parse().ok());
                let later: i64 = offset.unwrap_or(0) + 60;
                world.again_with(OFFSET, later.to_string()).expect("again");
                clerk = back(&world, &county.clerk).await;
            }
            _ => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    assert_eq!(done.trigger(), Trigger::Daily);
    assert!(kills > 0, "it was killed under way");
    let all = i64::try_from(NOT_ARRIVED).expect("a few");
    assert_eq!((done.cohort_count, done.opened_count), (all, all));
    let suspected = suspected(&clerk, &place).await;
    assert_eq!(suspected.len(), NOT_ARRIVED, "no child twice");
    let suspected: BTreeSet<String> = suspected.into_iter().collect();
    assert_eq!(suspected, graduates, "and none lost");
}

/// The students on the ledger of school age, which are as many as its count says.
async fn ledger(officer: &Officer, parent: &str) -> Vec<String> {
    let request = GetLedgerCountsRequest {
        parent: parent.to_owned(),
        school_year: 0,
    };
    let counts = answered(officer.ledgers().get_ledger_counts(request).await).ledger_counts;
    let whole = counts
        .into_iter()
        .find(|one| one.kind() == LedgerKind::SchoolAge && one.stage == 0)
        .expect("a count");
    let rows = whole.rows.expect("the rows behind it");
    let listed = answered(officer.ledgers().list_ledger(rows).await).ledger_entries;
    assert_eq!(whole.count, i64::try_from(listed.len()).expect("a page"));
    listed.into_iter().map(|entry| entry.student).collect()
}

async fn graduates(officer: &Officer, parent: &str) -> BTreeSet<String> {
    let (mut token, mut names) = (String::new(), BTreeSet::new());
    loop {
        let request = ListStudentsRequest {
            parent: parent.to_owned(),
            state: StudentState::Graduated.into(),
            page_size: 500,
            page_token: token,
            ..ListStudentsRequest::default()
        };
        let page = answered(officer.students().list_students(request).await);
        names.extend(page.students.into_iter().map(|student| student.name));
        token = page.next_page_token;
        if token.is_empty() {
            return names;
        }
    }
}

/// The child of every case.
async fn suspected(officer: &Officer, parent: &str) -> Vec<String> {
    let (mut token, mut children) = (String::new(), Vec::new());
    loop {
        let request = ListDropoutCasesRequest {
            parent: parent.to_owned(),
            page_size: 500,
            page_token: token,
            ..ListDropoutCasesRequest::default()
        };
        let page = answered(officer.dropout_cases().list_dropout_cases(request).await);
        children.extend(page.dropout_cases.into_iter().map(|case| case.student));
        token = page.next_page_token;
        if token.is_empty() {
            return children;
        }
    }
}
