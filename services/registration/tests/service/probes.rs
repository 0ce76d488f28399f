//! Requests that nobody sends who means well, and panics: each gets an answer that says what is wrong.

use crate::comparisons::{client, resident, send};
use crate::dropout::{COUNTY, MONDAY, cases, done, ground, refused};
use crate::support::{World, id};
use junheng_kernel::bulk::ImportHeader;
use junheng_proto::registration::v1::attendance_service_client::AttendanceServiceClient;
use junheng_proto::registration::v1::dropout_rate_service_client::DropoutRateServiceClient;
use junheng_proto::registration::v1::import_attendance_request::Part;
use junheng_proto::registration::v1::ledger_service_client::LedgerServiceClient;
use junheng_proto::registration::v1::ledger_service_server::{LedgerService, LedgerServiceServer};
use junheng_proto::registration::v1::resident_list::{Kind, State};
use junheng_proto::registration::v1::*;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt as _;

/// A room with a mistake in it.
struct Broken;

#[tonic::async_trait]
impl LedgerService for Broken {
    async fn list_ledger(
        &self,
        _: Request<ListLedgerRequest>,
    ) -> Result<Response<ListLedgerResponse>, Status> {
        panic!("attempt to subtract with overflow");
    }

    async fn get_ledger_counts(
        &self,
        _: Request<GetLedgerCountsRequest>,
    ) -> Result<Response<LedgerCounts>, Status> {
        Ok(Response::new(LedgerCounts::default()))
    }
}

#[tokio::test]
async fn a_handler_that_panics_is_answered_for_and_the_next_call_goes_on() {
    let ground = ground().await;
    let link = ground
        .world
        .context
        .guard(Routes::new(LedgerServiceServer::new(Broken)));
    let mut ledgers = LedgerServiceClient::new(link);
    let clerk = ground.officer("county.clerk");
    let answer = ledgers
        .list_ledger(clerk.ask(ListLedgerRequest::default()))
        .await;
    let status = refused(answer, Code::Internal, "INTERNAL");
    assert!(!status.message().contains("overflow"), "{status:?}");
    let counts = ledgers.get_ledger_counts(clerk.ask(GetLedgerCountsRequest::default()));
    done(counts.await);
}

#[tokio::test]
async fn a_school_year_that_is_none_is_refused_wherever_it_is_asked_for() {
    let ground = ground().await;
    let clerk = ground.officer("county.clerk");
    let link = || ground.world.link.clone();
    let (mut ledgers, mut rates) = (
        LedgerServiceClient::new(link()),
        DropoutRateServiceClient::new(link()),
    );
    for school_year in [i32::MIN, -5, -1, 1, 1900, 300_000, i32::MAX] {
        let parent = || COUNTY.to_owned();
        let list = ListLedgerRequest {
            parent: parent(),
            kind: LedgerKind::SchoolAge.into(),
            age: 7,
            school_year,
            ..Default::default()
        };
        let counts = GetLedgerCountsRequest {
            parent: parent(),
            school_year,
        };
        let figures = GetDropoutRatesRequest {
            parent: parent(),
            school_year,
            as_of_date: String::new(),
        };
        let wrong = |status: Status| (status.code(), status.message().contains("school_year"));
        let told = [
            wrong(ledgers.list_ledger(clerk.ask(list)).await.unwrap_err()),
            wrong(
                ledgers
                    .get_ledger_counts(clerk.ask(counts))
                    .await
                    .unwrap_err(),
            ),
            wrong(
                rates
                    .get_dropout_rates(clerk.ask(figures))
                    .await
                    .unwrap_err(),
            ),
        ];
        assert_eq!(told, [(Code::InvalidArgument, true); 3], "{school_year}");
    }
}

#[tokio::test]
async fn a_filter_that_means_nothing_is_refused_and_no_empty_list() {
    let ground = ground().await;
    let clerk = ground.officer("county.clerk");
    let of_cases = ListDropoutCasesRequest {
        parent: COUNTY.into(),
        ..Default::default()
    };
    for wrong in [
        ListDropoutCasesRequest {
            state: 77,
            ..of_cases.clone()
        },
        ListDropoutCasesRequest {
            group: 63,
            ..of_cases.clone()
        },
        ListDropoutCasesRequest {
            grade: -1,
            ..of_cases.clone()
        },
    ] {
        let answer = cases(&ground.world)
            .list_dropout_cases(clerk.ask(wrong))
            .await;
        refused(answer, Code::InvalidArgument, "FIELD_INVALID");
    }
    let of_ledger = ListLedgerRequest {
        parent: COUNTY.into(),
        kind: LedgerKind::Cases.into(),
        ..Default::default()
    };
    let mut ledgers = LedgerServiceClient::new(ground.world.link.clone());
    let of_children = ListLedgerRequest {
        kind: LedgerKind::SchoolAge.into(),
        ..of_ledger.clone()
    };
    for (field, wrong) in [
        (
            "from_date",
            ListLedgerRequest {
                from_date: MONDAY.into(),
                ..of_ledger.clone()
            },
        ),
        (
            "age",
            ListLedgerRequest {
                most_age: 12,
                ..of_ledger.clone()
            },
        ),
        // Every child would be listed, whatever happened to its case.
        (
            "event",
            ListLedgerRequest {
                event: 1,
                ..of_children.clone()
            },
        ),
        (
            "or_higher",
            ListLedgerRequest {
                or_higher: true,
                ..of_children
            },
        ),
        // A moment without an event is that of a ledger of open cases.
        (
            "entered_until_time",
            ListLedgerRequest {
                entered_until_time: Some(prost_types::Timestamp::default()),
                ..of_ledger.clone()
            },
        ),
        (
            "most_age",
            ListLedgerRequest {
                age: 12,
                most_age: 5,
                ..of_ledger.clone()
            },
        ),
        (
            "until_date",
            ListLedgerRequest {
                event: 1,
                from_date: "2018-12-01".into(),
                until_date: MONDAY.into(),
                ..of_ledger.clone()
            },
        ),
    ] {
        let answer = ledgers.list_ledger(clerk.ask(wrong)).await;
        let status = refused(answer, Code::InvalidArgument, "FIELD_INVALID");
        let info = status.get_details_error_info().unwrap();
        assert_eq!(info.metadata["field"], field, "{status:?}");
    }
}

#[tokio::test]
async fn a_check_of_an_import_refuses_what_the_import_would() {
    let ground = ground().await;
    let mut clerk = ground.officer("county.clerk");
    let other = clerk.class(&ground.school, 4, 1).await;
    let stranger = clerk.student(&other, 9).await.unwrap();
    ground.mark(MONDAY, false).await;
    let row = |number: i64, class: &str, student: &str| AttendanceRow {
        row: number,
        date: MONDAY.into(),
        school_class: class.into(),
        exceptions: vec![AttendanceMark {
            student: student.into(),
            kind: attendance_mark::Kind::Sick.into(),
        }],
        ..Default::default()
    };
    let import = async |validate_only: bool| {
        let header = ImportHeader {
            parent: ground.school.name.clone(),
            request_id: id(),
            validate_only,
            ..Default::default()
        };
        let rows = [
            row(2, &ground.class.name, &stranger.name),
            AttendanceRow {
                row: 3,
                date: MONDAY.into(),
                student: ground.student.name.clone(),
                kind: attendance_mark::Kind::Sick.into(),
                ..Default::default()
            },
            row(4, &other.name, &stranger.name),
        ];
        let rows = rows.into_iter().map(Part::Row);
        let parts = std::iter::once(Part::Header(header)).chain(rows);
        let messages: Vec<_> = parts
            .map(|part| ImportAttendanceRequest { part: Some(part) })
            .collect();
        let school = ground.officer("school.clerk");
        let mut attendance = AttendanceServiceClient::new(ground.world.link.clone());
        let result = attendance.import_attendance(school.ask(tokio_stream::iter(messages)));
        let result = done(result.await);
        let rows: Vec<i64> = result.verdicts.iter().map(|one| one.row).collect();
        (result.rejected_count, rows, result.created_count)
    };
    let checked = import(true).await;
    assert_eq!(
        checked,
        (2, vec![2, 3], 0),
        "the third is written by the import alone"
    );
    assert_eq!(import(false).await, (2, vec![2, 3], 1));
}

#[tokio::test]
async fn the_reason_of_a_correction_has_a_length_and_no_character_that_shows_nothing() {
    let ground = ground().await;
    let clerk = ground.officer("school.clerk");
    let mut attendance = AttendanceServiceClient::new(ground.world.link.clone());
    for reason in ["长".repeat(501), "补交\0假条".to_owned()] {
        let sheet = MarkAttendanceRequest {
            school_class: ground.class.name.clone(),
            date: MONDAY.into(),
            etag: "\"1\"".into(),
            reason,
            request_id: id(),
            ..Default::default()
        };
        let answer = attendance.mark_attendance(clerk.ask(sheet)).await;
        refused(answer, Code::InvalidArgument, "FIELD_INVALID");
    }
}

#[tokio::test]
async fn a_list_of_which_no_child_is_taken_is_not_used_and_the_one_before_stays() {
    let world = World::new().await;
    let police = world.officer("county.partner", COUNTY);
    let towns = ["630103001", "", "630103999"];
    let rows = towns
        .into_iter()
        .zip(1..)
        .map(|(town, number)| ResidentRow {
            town: town.into(),
            ..resident(i64::from(number), number)
        });
    let rows: Vec<ResidentRow> = rows.collect();
    let result = send(&world, &police, Kind::SchoolAge, rows[..2].to_vec()).await;
    assert_eq!(result.rejected_count, 0, "{result:?}");
    // The first of them is empty, and of the other's town nobody has heard.
    for rows in [Vec::new(), rows[2..].to_vec()] {
        let result = send(&world, &police, Kind::SchoolAge, rows).await;
        assert_eq!(result.created_count, 0, "{result:?}");
    }
    let request = ListResidentListsRequest {
        parent: COUNTY.into(),
        ..Default::default()
    };
    let answer = client(&world)
        .list_resident_lists(police.ask(request))
        .await;
    let lists = done(answer).resident_lists;
    let mut states: Vec<State> = lists.iter().map(ResidentList::state).collect();
    states.sort();
    assert_eq!(states, [State::Live, State::Refused, State::Refused]);
}
