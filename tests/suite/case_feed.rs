//! The feed of dropout cases to a partner that is cut off again and again, while many write at once and none of them ends soon.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use junheng_proto::journal::v1::ChangeEvent;
use junheng_proto::registration::v1::dropout_case::State;
use junheng_proto::registration::v1::resident_list::Kind;
use junheng_proto::registration::v1::{DropoutCase, ListDropoutCasesRequest};
use junheng_proto::workflow::v1::StepRequest;
use junheng_tests::person::{Person, child};
use junheng_tests::pupils::official;
use junheng_tests::refusal::answered;
use junheng_tests::rolls::all_in;
use junheng_tests::{County, Database, Officer, Story, World, story};
use prost::Message as _;
use sea_orm::ConnectionTrait as _;
use tokio::time::timeout;

use crate::comparisons::{SILENCE, case_event, compare_kind, rows_of, send, watch};
use crate::dropout_cases::step;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a reader of case events who is cut off a hundred times gets each once in order while writers hold long transactions", |world| Box::pin(cut_off(world))),
];

/// The lists of the police, one after the other.
const KINDS: [Kind; 5] = [
    Kind::SchoolAge,
    Kind::PoorHousehold,
    Kind::Orphan,
    Kind::Disabled,
    Kind::Hardship,
];
/// Children of each list, all in no school.
const EACH: usize = 25;
/// Cases of each list that the county clears, by so many officers side by side.
const CLEARED: usize = 12;
const OFFICERS: usize = 4;

/// What a committed write left: a case in a state.
type Written = (String, State);

async fn cut_off(world: &World) {
    let own = world.of_its_own(&[]).await;
    linger(&own).await;
    let county = County::fresh(&own).await;
    let parent = county.place.county.clone();
    let police = own.another("county.partner", &parent).await;
    let head = own.sign_in("county.approver", &parent).await;
    let writers = async {
        let mut written = Vec::new();
        let mut before: Vec<DropoutCase> = Vec::new();
        for kind in KINDS {
            let people: Vec<Person> = (0..EACH).map(|_| child()).collect();
            let rows = rows_of(&county, people.iter());
            // While the cases of this list are opened, some of the last one are cleared.
            let opening = async {
                all_in(send(&police, &parent, kind, rows).await);
                compare_kind(&police, &parent, kind).await;
            };
            let ((), cleared) = tokio::join!(opening, clear(&head, &before));
            written.extend(cleared);
            before = suspected(&county.clerk, &parent, &before).await;
        }
        written.extend(clear(&head, &before).await);
        written
    };
    let whole = KINDS.len() * (EACH + CLEARED);
    let reader = async {
        let (mut cursor, mut told) = (String::new(), Vec::new());
        while told.len() < whole {
            // A feed of its own for every event: more than a hundred cuts.
            let mut feed = watch(&police, &parent, &cursor).await;
            let event = case_event(&mut feed).await;
            cursor.clone_from(&event.cursor);
            told.push(event);
        }
        told
    };
    let (by_officer, told) = tokio::join!(writers, reader);
    assert!(whole > 100);

    let read: Vec<Written> = told.iter().map(read).collect();
    let mut openings: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, (case, state)) in read.iter().enumerate() {
        if *state == State::Suspected {
            assert_eq!(openings.insert(case, place), None, "{case} opens twice");
        }
    }
    assert_eq!(openings.len(), KINDS.len() * EACH, "each opening once");
    assert_eq!(by_officer.concat().len(), KINDS.len() * CLEARED);
    for written in &by_officer {
        let mut last = 0;
        for (case, state) in written {
            let places: Vec<usize> = (0..read.len())
                .filter(|place| read[*place] == (case.clone(), *state))
                .collect();
            assert_eq!(places.len(), 1, "{case} is told {} times", places.len());
            assert!(
                places[0] > openings[case.as_str()],
                "{case} ends before it opens"
            );
            assert!(places[0] >= last, "one officer's writes keep their order");
            last = places[0];
        }
    }
    // One who is never cut off is told the same, in the same order, and then nothing.
    let mut feed = watch(&police, &parent, "").await;
    for event in &told {
        assert_eq!(&case_event(&mut feed).await, event);
    }
    assert!(
        timeout(SILENCE, feed.message()).await.is_err(),
        "one event too many"
    );
}

/// Whoever writes to the journal of cases takes its time before the commit, each another one, so that many transactions are
/// under way at once and end in another order than they began. SQLite has one writer at a time.
async fn linger(world: &World) {
    if world.database != Database::Postgres {
        return;
    }
    let database = world.database_of("registration").await;
    for statement in [
        "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM pg_sleep(random() * 0.8); RETURN NEW; END $$",
        "CREATE TRIGGER linger AFTER INSERT ON journal FOR EACH ROW \
         WHEN (NEW.collections LIKE '%dropoutCases%') EXECUTE FUNCTION linger()",
    ] {
        database
            .execute_unprepared(statement)
            .await
            .expect("a trigger");
    }
}

/// Cases that are suspected and were not before.
async fn suspected(clerk: &Officer, parent: &str, before: &[DropoutCase]) -> Vec<DropoutCase> {
    let request = ListDropoutCasesRequest {
        parent: parent.to_owned(),
        state: State::Suspected.into(),
        page_size: 500,
        ..ListDropoutCasesRequest::default()
    };
    let all = answered(clerk.dropout_cases().list_dropout_cases(request).await).dropout_cases;
    let is_new = |case: &DropoutCase| before.iter().all(|old| old.name != case.name);
    // The newest are those of the last list; what is left of the lists before stays suspected.
    let mut new: Vec<DropoutCase> = all.into_iter().filter(is_new).collect();
    new.sort_by(|one, other| one.name.cmp(&other.name));
    new.split_off(new.len().saturating_sub(EACH))
}

/// Clears the first cases, shared out among officers who work side by side; what each has written, in its order.
async fn clear(head: &Officer, cases: &[DropoutCase]) -> Vec<Vec<Written>> {
    let cases = &cases[..CLEARED.min(cases.len())];
    let shares = cases.chunks(CLEARED.div_ceil(OFFICERS));
    let shares = shares.map(async |share| {
        let mut written = Vec::new();
        for case in share {
            let request = StepRequest {
                evidence: vec![official("省外就读核查函")],
                ..step(case, "")
            };
            let mut client = head.dropout_cases();
            let cleared = answered(client.clear_dropout_case(request).await);
            written.push((cleared.name.clone(), cleared.state()));
        }
        written
    });
    join_all(shares).await
}

fn read(event: &ChangeEvent) -> Written {
    let record = event.record.as_ref().expect("what is shared");
    let case = DropoutCase::decode(record.value.as_slice()).expect("a case");
    (event.subject.clone(), case.state())
}
