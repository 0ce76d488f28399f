//! Pages and counts of the ledgers of dropout control, by the post that reads.

use std::time::Instant;

use junheng_proto::registration::v1::{
    GetLedgerCountsRequest, LedgerKind, ListLedgerRequest, ReportDropoutSuspicionRequest,
};
use junheng_tests::request_id;
use serde_json::json;

use crate::ground::Ground;
use crate::latency::{Latency, Pages};
use crate::reading::readers;
use crate::report::Bound;
use crate::stages::{Province, Scene};

/// The ledgers, by the name in the table.
const LEDGERS: [(&str, LedgerKind); 4] = [
    ("school age", LedgerKind::SchoolAge),
    ("suspected", LedgerKind::Suspected),
    ("watched", LedgerKind::Watched),
    ("cases", LedgerKind::Cases),
];

/// Children of one county who are under suspicion while the ledgers are read.
const SUSPECTED: i64 = 500;

/// Turns the pages of each ledger, and counts them.
pub async fn run(scene: &mut Scene<'_>, province: Province<'_>) -> anyhow::Result<()> {
    let Province { ground, count } = province;
    let (arguments, report) = (scene.arguments, &mut *scene.report);
    let seat = ground.seats(1).await?.remove(0);
    let suspected = suspect(ground, &seat.region).await?;
    for (role, officer) in readers(ground, &seat).await {
        let mut ledgers = officer.ledgers();
        for (ledger, kind) in LEDGERS {
            let turns = (arguments.calls, arguments.pages);
            let pages = Pages::turn(turns, async |page_token| {
                let request = ListLedgerRequest {
                    parent: officer.organisation.clone(),
                    kind: kind.into(),
                    page_token,
                    ..ListLedgerRequest::default()
                };
                let answer = ledgers.list_ledger(request).await?.into_inner();
                Ok(answer.next_page_token)
            });
            let pages = pages.await?;
            for (what, latency) in [
                ("first page", pages.first),
                ("further pages", pages.further),
            ] {
                if latency.count() > 0 {
                    let name = format!("ledger {ledger} of {count} as {role}, {what}: p95");
                    let bound = Bound::AtMost(20.0);
                    report.add(name, latency.quantile(0.95), "ms", bound, latency.detail());
                }
            }
        }
        let mut counts = Latency::default();
        let mut told = 0;
        for _ in 0..arguments.calls {
            let request = GetLedgerCountsRequest {
                parent: officer.organisation.clone(),
                ..GetLedgerCountsRequest::default()
            };
            let begun = Instant::now();
            let answer = ledgers.get_ledger_counts(request).await?.into_inner();
            counts.add(begun.elapsed());
            let of = |kind| answer.ledger_counts.iter().find(|one| one.kind() == kind);
            told = of(LedgerKind::Suspected).map_or(0, |one| one.count);
        }
        let name = format!("ledger counts of {count} as {role}: p95");
        report.add(
            name,
            counts.quantile(0.95),
            "ms",
            Bound::None,
            counts.detail(),
        );
        if role == "county.clerk" {
            report.hold(
                &format!("the ledgers of {count} count every child under suspicion"),
                told == suspected,
                json!({ "suspected": suspected, "told": told }),
            );
        }
    }
    Ok(())
}

/// Reports children of a county. Gives how many.
async fn suspect(ground: &Ground, region: &str) -> anyhow::Result<i64> {
    let children: Vec<uuid::Uuid> = sqlx::query_scalar(
        "SELECT t.id FROM students t JOIN schools s ON s.id = t.school \
         WHERE s.region = $1 AND t.state = 1 AND t.stage <= 2 ORDER BY t.id LIMIT $2",
    )
    .bind(region)
    .bind(SUSPECTED)
    .fetch_all(&ground.database)
    .await?;
    let clerk = ground.clerk(region).await;
    let mut cases = clerk.dropout_cases();
    for child in &children {
        let request = ReportDropoutSuspicionRequest {
            child: format!("students/{child}"),
            note: "连续多日未到校".to_owned(),
            request_id: request_id(),
            ..ReportDropoutSuspicionRequest::default()
        };
        cases.report_dropout_suspicion(request).await?;
    }
    Ok(i64::try_from(children.len())?)
}
