//! The change feed 变更推送: nothing skipped, nothing out of order, nothing that the reader may not see.

use std::time::Duration;

use junheng_proto::education::v1::{SchoolKind, Sponsor, Stage};
use junheng_proto::journal::v1::{ChangeEvent, WatchChangesRequest, change_event::Kind};
use junheng_proto::registration::v1::{School, UpdateSchoolRequest};
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::enrol;
use junheng_tests::{County, Database, Officer, Story, World, request_id, story};
use prost::Message as _;
use prost_types::FieldMask;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use tokio::time::timeout;
use tonic::{Code, Streaming};

/// Longer than any event takes; a feed that is silent for so long has lost one.
const PATIENCE: Duration = Duration::from_secs(60);

/// Several rounds of the sealer: what it may seal is sealed by then.
const BETWEEN_SEALS: Duration = Duration::from_secs(1);

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("the feed tells every change once in the order of the commits", |world| Box::pin(in_order(world))),
    story("a reader who comes back with a cursor goes on behind it and misses nothing", |world| Box::pin(resumed(world))),
    story("many writers at once lose no event", |world| Box::pin(many_writers(world))),
    story("a partner is told what happens to schools and nothing of pupils, not even that a record changed", |world| Box::pin(nothing_of_pupils(world))),
    story("a reader sees the own region only", |world| Box::pin(own_region(world))),
    story("a transaction that commits late is told in its place and skips nothing", |world| Box::pin(late_commit(world))).on(&[Database::Postgres]),
    story("a long transaction in the database of another service holds up no feed", |world| Box::pin(busy_neighbour(world))).on(&[Database::Postgres]),
    story("a cursor of another service and one that was never given out are refused", |world| Box::pin(foreign_cursor(world))),
];

async fn in_order(world: &World) {
    let county = County::fresh(world).await;
    let partner = world.sign_in("county.partner", &county.place.county).await;
    let mut feed = watch(&partner, &county.place.county, "", "schools").await;
    let mut expected = Vec::new();
    for _ in 0..5 {
        let school = county.school(SchoolKind::Primary).await;
        expected.push((school.name.clone(), Kind::Created));
        change(&county, &school.entry).await;
        expected.push((school.name, Kind::Updated));
    }
    let mut told = Vec::new();
    for _ in 0..expected.len() {
        let event = next(&mut feed).await;
        told.push((event.subject.clone(), event.kind()));
        let school = School::decode(event.record.expect("schools are public").value.as_slice());
        assert_eq!(school.expect("a school").name, event.subject);
        assert_eq!(event.digest.len(), 64);
    }
    assert_eq!(told, expected);
}

async fn resumed(world: &World) {
    let county = County::fresh(world).await;
    let partner = world.sign_in("county.partner", &county.place.county).await;
    let mut expected = Vec::new();
    for _ in 0..6 {
        expected.push(county.school(SchoolKind::Primary).await.name);
    }
    let (mut told, mut cursor) = (Vec::new(), String::new());
    for _ in 0..3 {
        let mut feed = watch(&partner, &county.place.county, &cursor, "schools").await;
        for _ in 0..2 {
            let event = next(&mut feed).await;
            told.push(event.subject);
            cursor = event.cursor;
        }
    }
    assert_eq!(told, expected);
}

async fn many_writers(world: &World) {
    let county = County::fresh(world).await;
    let partner = world.sign_in("county.partner", &county.place.county).await;
    let mut feed = watch(&partner, &county.place.county, "", "schools").await;
    let writers = (0..8).map(async |_| {
        let mut names = Vec::new();
        for _ in 0..5 {
            names.push(county.school(SchoolKind::Primary).await.name);
        }
        names
    });
    let written = futures_util::future::join_all(writers).await;
    let mut told = Vec::new();
    for _ in 0..40 {
        told.push(next(&mut feed).await.subject);
    }
    let place = |name: &String| {
        told.iter()
            .position(|found| found == name)
            .expect("an event")
    };
    for names in &written {
        let places: Vec<usize> = names.iter().map(place).collect();
        assert!(places.is_sorted(), "one writer's changes keep their order");
    }
    let mut all = written.concat();
    told.sort();
    all.sort();
    assert_eq!(told, all, "each once");
}

async fn nothing_of_pupils(world: &World) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await;
    let people = enrol(&county.clerk, &school, Stage::Primary, 3).await;
    let last = county.school(SchoolKind::Primary).await;
    let partner = world.sign_in("county.partner", &county.place.county).await;
    let mut feed = watch(&partner, &county.place.county, "", "").await;
    let mut told = Vec::new();
    while told.last() != Some(&last.name) {
        let event = next(&mut feed).await;
        let bytes = event.encode_to_vec();
        for person in &people {
            for secret in [&person.number, &person.display_name] {
                assert!(!contains(&bytes, secret.as_bytes()));
            }
        }
        told.push(event.subject);
    }
    assert!(told.contains(&school.name));
    let is_school = |subject: &String| subject.starts_with("schools/");
    assert!(told.iter().all(is_school), "{told:?}");
}

async fn own_region(world: &World) {
    let [here, there, _] = world.neighbours();
    let (here, there) = (
        County::at(world, here).await,
        County::at(world, there).await,
    );
    let partner = world.sign_in("county.partner", &here.place.county).await;
    let request = request(&there.place.county, "", "");
    refused(
        partner.journal().watch_changes(request).await,
        Code::PermissionDenied,
        "OUT_OF_SCOPE",
    );
    there.school(SchoolKind::Primary).await;
    let ours = here.school(SchoolKind::Primary).await;
    let mut feed = watch(&partner, &here.place.county, "", "schools").await;
    assert_eq!(
        next(&mut feed).await.subject,
        ours.name,
        "the neighbour's school is not told"
    );
    let clerk = &here.clerk;
    let answer = clerk
        .journal()
        .watch_changes(self::request(&here.place.county, "", ""))
        .await;
    refused(answer, Code::PermissionDenied, "ROLE_NOT_ALLOWED");
}

/// Only PostgreSQL has writers side by side: one of them draws its number first and commits last.
async fn late_commit(world: &World) {
    let county = County::fresh(world).await;
    let partner = world.sign_in("county.partner", &county.place.county).await;
    let early = county.school(SchoolKind::Primary).await;
    let mut feed = watch(&partner, &county.place.county, "", "schools").await;
    assert_eq!(next(&mut feed).await.subject, early.name);

    let database = world.database_of("registration").await;
    let held = database.begin().await.expect("a transaction");
    // The same event once more, as a writer would leave it that takes its time.
    let columns = "time_micros, account, display_name, post, method, fingerprint, subject, place, school, \
                   data_class, step, from_state, to_state, note, evidence, record_count, collections, records, answer";
    let copy = format!(
        "INSERT INTO journal (id, {columns}) SELECT gen_random_uuid(), {columns} FROM journal \
         WHERE subject = '{}'",
        early.name
    );
    held.execute_unprepared(&copy).await.expect("a journal row");
    let late = county.school(SchoolKind::Primary).await;
    let silence = timeout(BETWEEN_SEALS, feed.message()).await;
    assert!(
        silence.is_err(),
        "told before an older transaction had ended"
    );
    held.commit().await.expect("the commit");
    assert_eq!(
        next(&mut feed).await.subject,
        early.name,
        "the older one first"
    );
    assert_eq!(next(&mut feed).await.subject, late.name);
}

/// Services share a server, and a server numbers the transactions of all its databases in one row.
async fn busy_neighbour(world: &World) {
    let county = County::fresh(world).await;
    let partner = world.sign_in("county.partner", &county.place.county).await;
    let database = world.database_of("assets").await;
    let held = database.begin().await.expect("a transaction");
    held.execute_unprepared("SELECT pg_current_xact_id()")
        .await
        .expect("a transaction with a number");
    let mut feed = watch(&partner, &county.place.county, "", "schools").await;
    let school = county.school(SchoolKind::Primary).await;
    assert_eq!(next(&mut feed).await.subject, school.name);
    held.rollback().await.expect("the end");
}

async fn foreign_cursor(world: &World) {
    let county = County::fresh(world).await;
    let partner = world.sign_in("county.partner", &county.place.county).await;
    for cursor in [
        "staffing:1.0.0.00000000",
        "nonsense",
        // Never given out.
        "registration:99999.0.0.00000000",
        "registration:1.99999.0.00000000",
        "registration:1.0.0.00000000",
    ] {
        let request = request(&county.place.county, cursor, "");
        let answer = partner.journal().watch_changes(request).await;
        let refused = refused(answer, Code::InvalidArgument, "FIELD_INVALID");
        assert_eq!(refused.fields, ["cursor"]);
    }
}

async fn change(county: &County, school: &School) {
    let request = UpdateSchoolRequest {
        school: Some(School {
            sponsor: Sponsor::Private.into(),
            ..school.clone()
        }),
        update_mask: Some(FieldMask {
            paths: vec!["sponsor".to_owned()],
        }),
        request_id: request_id(),
    };
    answered(county.clerk.schools().update_school(request).await);
}

fn request(parent: &str, cursor: &str, collection: &str) -> WatchChangesRequest {
    WatchChangesRequest {
        service: "registration".to_owned(),
        parent: parent.to_owned(),
        cursor: cursor.to_owned(),
        collection: collection.to_owned(),
    }
}

async fn watch(
    officer: &Officer,
    parent: &str,
    cursor: &str,
    collection: &str,
) -> Streaming<ChangeEvent> {
    answered(
        officer
            .journal()
            .watch_changes(request(parent, cursor, collection))
            .await,
    )
}

async fn next(feed: &mut Streaming<ChangeEvent>) -> ChangeEvent {
    let event = timeout(PATIENCE, feed.message())
        .await
        .expect("an event is missing");
    event
        .expect("the feed goes on")
        .expect("the feed does not end")
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
