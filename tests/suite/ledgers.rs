//! The three ledgers of dropout control: as many children on the list as in the count, at every level.

use junheng_proto::registration::v1::ledger_entry::Attendance;
use junheng_proto::registration::v1::{
    GetLedgerCountsRequest, LedgerEntry, LedgerKind, ListLedgerRequest,
    ReportDropoutSuspicionRequest,
};
use junheng_tests::classroom::Classroom;
use junheng_tests::person::child;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::world::PROVINCE;
use junheng_tests::{County, Officer, Story, World, request_id, story};
use tonic::Code;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a child under suspicion is on the ledger of school county city and province at once", |world| Box::pin(levels(world))),
    story("ledgers of a foreign county are refused", |world| Box::pin(foreign(world))),
];

async fn levels(world: &World) {
    let room = Classroom::fresh(world).await;
    let one = room.register(&child()).await;
    room.register(&child()).await;
    let clerk = world.sign_in("school.clerk", &room.school.name).await;
    let case = suspect(&clerk, &one.name).await;
    let city = room.county.place.city.clone().expect("a city");
    let levels = [
        (clerk, room.school.name.clone(), true),
        (
            room.county.clerk.clone(),
            room.county.place.county.clone(),
            true,
        ),
        (world.sign_in("city.clerk", &city).await, city, false),
        (
            world.sign_in("province.inspector", PROVINCE).await,
            PROVINCE.to_owned(),
            false,
        ),
    ];
    for (officer, parent, is_own) in &levels {
        let suspected = ledger(officer, parent, LedgerKind::Suspected).await;
        let own: Vec<&LedgerEntry> = suspected
            .iter()
            .filter(|one| one.dropout_case == case)
            .collect();
        assert_eq!(own.len(), 1, "{parent}");
        assert_eq!(own[0].attendance(), Attendance::Suspected);
        assert_eq!(own[0].student, one.name);
        let all = ledger(officer, parent, LedgerKind::SchoolAge).await;
        if *is_own {
            assert_eq!(all.len(), 2, "{parent}");
            let request = GetLedgerCountsRequest {
                parent: parent.clone(),
                ..Default::default()
            };
            let counts = answered(officer.ledgers().get_ledger_counts(request).await);
            for count in counts.ledger_counts {
                let rows = list(officer, count.rows.clone().expect("a list")).await;
                assert_eq!(rows.len() as i64, count.count, "{count:?}");
            }
        }
    }
}

async fn foreign(world: &World) {
    let [own, near, _] = world.neighbours();
    let own = County::at(world, own).await;
    let request = ListLedgerRequest {
        parent: near.county,
        kind: LedgerKind::Dropout.into(),
        ..Default::default()
    };
    let answer = own.clerk.ledgers().list_ledger(request).await;
    refused(answer, Code::PermissionDenied, "OUT_OF_SCOPE");
    let none = ListLedgerRequest {
        parent: own.place.county.clone(),
        ..Default::default()
    };
    let answer = own.clerk.ledgers().list_ledger(none).await;
    refused(answer, Code::InvalidArgument, "FIELD_REQUIRED");
}

async fn ledger(officer: &Officer, parent: &str, kind: LedgerKind) -> Vec<LedgerEntry> {
    let request = ListLedgerRequest {
        parent: parent.to_owned(),
        kind: kind.into(),
        ..Default::default()
    };
    list(officer, request).await
}

async fn list(officer: &Officer, asked: ListLedgerRequest) -> Vec<LedgerEntry> {
    let (mut token, mut all) = (String::new(), Vec::new());
    loop {
        let request = ListLedgerRequest {
            page_size: 500,
            page_token: token,
            ..asked.clone()
        };
        let page = answered(officer.ledgers().list_ledger(request).await);
        all.extend(page.ledger_entries);
        token = page.next_page_token;
        if token.is_empty() {
            return all;
        }
    }
}

/// Reports a pupil of the school.
async fn suspect(clerk: &Officer, student: &str) -> String {
    let request = ReportDropoutSuspicionRequest {
        child: student.to_owned(),
        note: "连续多日未到校".to_owned(),
        request_id: request_id(),
        ..Default::default()
    };
    answered(
        clerk
            .dropout_cases()
            .report_dropout_suspicion(request)
            .await,
    )
    .name
}
