//! Callers who go away while their calls are under way, and many who make the same call at once.

use std::future::Future;

use futures_util::future::join_all;
use junheng_proto::education::v1::SchoolKind;
use junheng_proto::registration::v1::{CreateSchoolRequest, School};
use junheng_tests::database::open;
use junheng_tests::refusal::answered;
use junheng_tests::{County, Officer, Story, World, request_id, story};
use sea_orm::{ConnectionTrait as _, Statement};
use tonic::transport::{Channel, Endpoint};

/// How long a caller stays, in turns of the runtime: from less than it takes to send to more than it takes to answer.
const LONGEST_STAY: u32 = 1 << 14;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("callers who go away leave writes that work and a journal row for each record", |world| Box::pin(gone_away(world))),
    story("ten calls at once with one request id have one effect and one answer", |world| Box::pin(ten_at_once(world))),
    story("a request id that comes with another request is refused and changes nothing", |world| Box::pin(reused(world))),
];

async fn gone_away(world: &World) {
    let county = County::fresh(world).await;
    let requests: Vec<CreateSchoolRequest> = (0..120).map(|_| request(&county)).collect();
    // A connection for every few calls: one that breaks off many at once is taken for an attack, and closed.
    let clerks: Vec<Officer> = (0..30)
        .map(|_| county.clerk.over(connection(world)))
        .collect();
    let callers = requests.iter().cloned().zip(clerks.iter().cycle().cloned());
    let calls = callers.zip(stays()).map(|((request, clerk), stay)| {
        // A task each, so that the calls overlap as the calls of many officers do.
        tokio::spawn(async move { within(stay, clerk.schools().create_school(request)).await })
    });
    let answers = join_all(calls.collect::<Vec<_>>()).await;
    let gone = answers.iter().filter(|answer| matches!(answer, Ok(None)));
    assert!(gone.count() > 0, "nobody went away");
    let (schools, entries) = kept(world, &county).await;
    assert_eq!(schools, entries, "what is there now");
    for (request, before) in requests.iter().zip(answers) {
        let after = answered(county.clerk.schools().create_school(request.clone()).await);
        if let Some(before) = before.expect("the call's task") {
            assert_eq!(answered(before), after, "the first answer again");
        }
    }
    assert_eq!(kept(world, &county).await, (120, 120));
}

async fn ten_at_once(world: &World) {
    let county = County::fresh(world).await;
    let request = request(&county);
    let calls = (0..10).map(|_| {
        let (clerk, request) = (county.clerk.clone(), request.clone());
        tokio::spawn(async move { clerk.schools().create_school(request).await })
    });
    let answers = join_all(calls.collect::<Vec<_>>()).await;
    let answers: Vec<School> = answers
        .into_iter()
        .map(|answer| answered(answer.expect("the call's task")))
        .collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(kept(world, &county).await, (1, 1));
}

async fn reused(world: &World) {
    let county = County::fresh(world).await;
    let first = request(&county);
    let other = CreateSchoolRequest {
        request_id: first.request_id.clone(),
        ..request(&county)
    };
    let school = answered(county.clerk.schools().create_school(first.clone()).await);
    let status = county.clerk.schools().create_school(other).await;
    let refused = junheng_tests::refusal::Refused::read(&status.expect_err("reused"));
    assert_eq!(refused.reason, "REQUEST_ID_REUSED");
    let again = answered(county.clerk.schools().create_school(first).await);
    assert_eq!(again, school);
    assert_eq!(kept(world, &county).await, (1, 1));
}

fn connection(world: &World) -> Channel {
    let endpoint = Endpoint::from_shared(world.url().to_owned());
    endpoint.expect("a URL").connect_lazy()
}

fn request(county: &County) -> CreateSchoolRequest {
    CreateSchoolRequest {
        parent: county.place.county.clone(),
        school: Some(county.entry(SchoolKind::Primary)),
        request_id: request_id(),
    }
}

/// Stays that differ from call to call, short and long ones mixed: steps of a generator of Lehmer's with a fixed seed.
fn stays() -> impl Iterator<Item = u32> {
    let next = |state: &u64| Some(state * 48_271 % 2_147_483_647);
    std::iter::successors(Some(20_181_121_u64), next).map(|state| {
        let bits = u32::try_from(state % 15).unwrap_or_default();
        LONGEST_STAY >> bits
    })
}

/// The answer, if it comes while the caller stays.
async fn within<T>(turns: u32, call: impl Future<Output = T>) -> Option<T> {
    let leave = async {
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        answer = call => Some(answer),
        () = leave => None,
    }
}

/// The schools of the county and the journal's rows about their registration, at one moment.
async fn kept(world: &World, county: &County) -> (i64, i64) {
    let first: i64 = county.code().parse::<i64>().expect("a code") * 1_000_000;
    let within = format!("place BETWEEN {first} AND {}", first + 999_999);
    let query = format!(
        "SELECT (SELECT count(*) FROM schools WHERE {within}), \
                (SELECT count(*) FROM journal WHERE {within} AND method LIKE '%/CreateSchool')"
    );
    let database = open(world.database_url("registration")).await;
    let database = database.expect("a connection");
    let statement = Statement::from_string(database.get_database_backend(), &query);
    let row = database.query_one_raw(statement).await.expect("counted");
    let row = row.expect("one row");
    let count = |index: usize| row.try_get_by(index).expect("a number");
    (count(0), count(1))
}
