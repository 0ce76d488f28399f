//! Lists of departments as they come in: whole, once, and in the order of the days that they show.

use crate::comparisons::{COUNTY, POLICE, client, compare, header, live, resident, stream};
use crate::dropout_reports::reason_of;
use crate::support::{Officer, World};
use junheng_proto::registration::v1::resident_list::{Kind, State};
use junheng_proto::registration::v1::*;

/// The lists of the county: the day that each shows, how many children it has, where it stands.
async fn lists(world: &World, police: &Officer<'_>) -> Vec<(String, i64, State)> {
    let request = ListResidentListsRequest {
        parent: COUNTY.into(),
        ..Default::default()
    };
    let lists = client(world).list_resident_lists(police.ask(request)).await;
    let told = |list: ResidentList| (list.as_of_date.clone(), list.row_count, list.state());
    let lists = lists.unwrap().into_inner().resident_lists;
    lists.into_iter().map(told).collect()
}

fn day(as_of_date: &str) -> ResidentHeader {
    ResidentHeader {
        as_of_date: as_of_date.into(),
        ..header(COUNTY, Kind::SchoolAge)
    }
}

#[tokio::test]
async fn a_list_that_has_ended_takes_no_other_children_under_the_same_request_id() {
    let world = World::new().await;
    let police = world.officer_of(POLICE, "county.partner", COUNTY);
    let first = day("2018-08-31");
    let send = |rows| stream(&world, &police, first.clone(), rows);
    let own = || vec![resident(2, 1), resident(3, 2)];
    assert_eq!(send(own()).await.unwrap().created_count, 2);
    let others = [
        vec![resident(2, 3)],
        vec![resident(2, 1)],
        vec![resident(2, 1), resident(3, 2), resident(4, 3)],
        // Of these none is taken.
        vec![ResidentRow {
            region: "630104".into(),
            ..resident(2, 4)
        }],
    ];
    for rows in others {
        let refused = send(rows).await.unwrap_err();
        assert_eq!(reason_of(&refused), "REQUEST_ID_REUSED");
    }
    let again = send(own()).await.unwrap();
    assert_eq!(again.created_count, 2, "the same request has its answer");
    assert_eq!(compare(&world, &police).await.compared_count, 2);

    // A list that another one has replaced takes none either.
    let next = stream(&world, &police, day("2018-08-31"), vec![resident(2, 5)]).await;
    assert_eq!(next.unwrap().created_count, 1);
    let late = send(vec![resident(2, 6)]).await.unwrap_err();
    assert_eq!(reason_of(&late), "REQUEST_ID_REUSED");
    let day = || "2018-08-31".to_owned();
    assert_eq!(
        lists(&world, &police).await,
        [(day(), 2, State::Replaced), (day(), 1, State::Live)]
    );
}

#[tokio::test]
async fn a_request_whose_list_was_refused_brings_no_children_later() {
    let world = World::new().await;
    let police = world.officer_of(POLICE, "county.partner", COUNTY);
    let first = day("2018-08-31");
    let elsewhere = ResidentRow {
        region: "630104".into(),
        ..resident(2, 1)
    };
    let refused = stream(&world, &police, first.clone(), vec![elsewhere]).await;
    assert_eq!(refused.unwrap().created_count, 0);
    let late = stream(&world, &police, first, vec![resident(2, 1)]).await;
    assert_eq!(reason_of(&late.unwrap_err()), "REQUEST_ID_REUSED");
    let ended = ("2018-08-31".to_owned(), 0, State::Refused);
    assert_eq!(lists(&world, &police).await, [ended]);
}

#[tokio::test]
async fn a_list_of_an_earlier_day_stands_behind_the_live_one() {
    let world = World::new().await;
    let police = world.officer_of(POLICE, "county.partner", COUNTY);
    for (as_of_date, serials) in [
        ("2018-08-31", 1..4),
        ("2018-01-01", 1..2),
        ("2018-08-31", 1..3),
    ] {
        let rows = (2..)
            .zip(serials)
            .map(|(row, serial)| resident(row, serial));
        let sent = stream(&world, &police, day(as_of_date), rows.collect()).await;
        assert!(sent.unwrap().created_count > 0);
        let live = live(&world, &police, COUNTY).await;
        assert_eq!(live.as_of_date, "2018-08-31");
    }
    let of = |as_of_date: &str, rows, state| (as_of_date.to_owned(), rows, state);
    assert_eq!(
        lists(&world, &police).await,
        [
            of("2018-08-31", 3, State::Replaced),
            of("2018-01-01", 1, State::Replaced),
            // What corrects a list of the same day takes its place.
            of("2018-08-31", 2, State::Live),
        ]
    );
}
