//! What a partner learns of the children it sent, and that it learns nothing of others.

use crate::comparisons::{COUNTY, POLICE, SOON, cases, compare, resident, results, send};
use std::time::Duration;

use crate::support::{Officer, World, id};
use junheng_proto::journal::v1::journal_service_client::JournalServiceClient;
use junheng_proto::journal::v1::{ChangeEvent, WatchChangesRequest};
use junheng_proto::registration::v1::ComparisonVerdict as Verdict;
use junheng_proto::registration::v1::dropout_case as case;
use junheng_proto::registration::v1::dropout_case::State as CaseState;
use junheng_proto::registration::v1::dropout_case_service_client::DropoutCaseServiceClient;
use junheng_proto::registration::v1::dropout_report_service_client::DropoutReportServiceClient;
use junheng_proto::registration::v1::resident_list::Kind;
use junheng_proto::registration::v1::*;
use prost::Message as _;
use sea_orm::{ConnectionTrait as _, Statement};
use tonic::Code;
use tonic_types::StatusExt as _;

#[tokio::test]
async fn the_feed_tells_who_reported_a_child_how_its_case_goes_and_nobody_else() {
    let world = World::new().await;
    let police = world.officer_of(POLICE, "county.partner", COUNTY);
    let civil = world.officer_of("accounts/civil", "county.partner", COUNTY);
    send(&world, &police, Kind::SchoolAge, vec![resident(2, 3)]).await;
    compare(&world, &police).await;
    let case = cases(&world).await.remove(0);
    let watch = |officer: &Officer<'_>| {
        officer.ask(WatchChangesRequest {
            service: "registration".into(),
            parent: COUNTY.into(),
            ..WatchChangesRequest::default()
        })
    };
    let mut journal = JournalServiceClient::new(world.link.clone());
    let mut feed = journal
        .watch_changes(watch(&police))
        .await
        .unwrap()
        .into_inner();
    let mut told: Option<ChangeEvent> = None;
    while told.is_none() {
        let event = tokio::time::timeout(SOON, feed.message()).await.unwrap();
        told = event
            .unwrap()
            .filter(|event| event.subject.starts_with("dropoutCases/"));
    }
    let event = told.unwrap();
    assert_eq!(event.subject, format!("dropoutCases/{}", case.id));
    let shown = DropoutCase::decode(event.record.unwrap().value.as_slice()).unwrap();
    assert_eq!(
        shown.state(),
        junheng_proto::registration::v1::dropout_case::State::Suspected
    );
    assert_eq!(
        shown.resident,
        format!("residents/{}", case.resident.unwrap())
    );
    assert_eq!(
        (shown.display_name, shown.reporter),
        (String::new(), String::new())
    );

    let mut feed = journal
        .watch_changes(watch(&civil))
        .await
        .unwrap()
        .into_inner();
    let nothing = tokio::time::timeout(Duration::from_secs(2), feed.message()).await;
    assert!(nothing.is_err(), "told another department: {nothing:?}");
}

#[tokio::test]
async fn the_feed_tells_a_partner_of_schools_and_nothing_that_partners_may_not_ask_for() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    clerk.student(&class, 1).await.unwrap();
    let report = DraftDropoutReportRequest {
        parent: school.name.clone(),
        kind: dropout_report::Kind::Monthly.into(),
        period: "2018-09".into(),
        request_id: id(),
    };
    let own = world.officer("school.clerk", &school.name);
    let mut reports = DropoutReportServiceClient::new(world.link.clone());
    let drafted = reports.draft_dropout_report(own.ask(report)).await;
    assert!(!drafted.unwrap().into_inner().items.is_empty());
    let later = clerk.school("2163000002", "630103").await;
    let police = world.officer_of(POLICE, "county.partner", COUNTY);
    let watch = police.ask(WatchChangesRequest {
        service: "registration".into(),
        parent: COUNTY.into(),
        ..WatchChangesRequest::default()
    });
    let mut journal = JournalServiceClient::new(world.link.clone());
    let mut feed = journal.watch_changes(watch).await.unwrap().into_inner();
    let mut told = Vec::new();
    while told.last() != Some(&later.name) {
        let event = tokio::time::timeout(SOON, feed.message()).await.unwrap();
        told.push(event.unwrap().unwrap().subject);
    }
    assert_eq!(told, [school.name, later.name]);
}

async fn report(
    world: &World,
    partner: &Officer<'_>,
    child: &str,
) -> Result<DropoutCase, (Code, String, String)> {
    let request = partner.ask(ReportDropoutSuspicionRequest {
        child: child.into(),
        note: "发现其在外务工".into(),
        request_id: id(),
        ..Default::default()
    });
    let mut cases = DropoutCaseServiceClient::new(world.link.clone());
    let answer = cases.report_dropout_suspicion(request).await;
    answer.map(|case| case.into_inner()).map_err(|status| {
        let reason = status.get_details_error_info().unwrap().reason;
        // The name is the caller's own.
        (status.code(), reason, status.message().replace(child, ""))
    })
}

#[tokio::test]
async fn a_partner_reports_who_is_on_its_list_and_is_told_alike_of_everybody_else() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let enrolled = clerk.student(&class, 1).await.unwrap();
    let suspected = clerk.student(&class, 2).await.unwrap();
    let deceased = clerk.student(&class, 8).await.unwrap();
    report(&world, &clerk, &suspected.name).await.unwrap();
    let dead = format!(
        "UPDATE students SET state = {} WHERE id = $1",
        junheng_proto::registration::v1::student::State::Deceased as i32
    );
    let own_id: uuid::Uuid = deceased.name["students/".len()..].parse().unwrap();
    let database = world.context.store.derived();
    let dead =
        Statement::from_sql_and_values(database.get_database_backend(), dead, [own_id.into()]);
    database.execute_raw(dead).await.unwrap();

    let police = world.officer_of(POLICE, "county.partner", COUNTY);
    let civil = world.officer_of("accounts/civil", "county.partner", COUNTY);
    let listed = vec![resident(2, 1), resident(3, 2), resident(4, 8)];
    send(&world, &police, Kind::SchoolAge, listed).await;
    let run = compare(&world, &police).await;
    let own = results(&world, &police, &run, Verdict::Unspecified, false).await;
    send(
        &world,
        &civil,
        Kind::Orphan,
        vec![resident(2, 1), resident(3, 7)],
    )
    .await;
    let run = compare(&world, &civil).await;
    let civils = results(&world, &civil, &run, Verdict::Unspecified, false).await;
    let named = |results: &[ComparisonResult], name: &str| {
        let mut residents = results.iter().filter_map(|one| one.resident.as_ref());
        residents
            .find(|one| one.display_name == name)
            .unwrap()
            .name
            .clone()
    };

    let nobody = (Code::NotFound, "NOT_FOUND".to_owned());
    let mut answers = Vec::new();
    for child in [
        &enrolled.name,
        &suspected.name,
        &deceased.name,
        &format!("students/{}", id()),
        &format!("residents/{}", id()),
        &named(&civils, "马7"),
    ] {
        let (code, reason, message) = report(&world, &police, child).await.unwrap_err();
        assert_eq!((code, reason), nobody, "{child}");
        answers.push(message);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");

    // Of its own: a case of others and a child who need not attend are answered alike.
    let untaken = (
        Code::FailedPrecondition,
        "DROPOUT_REPORT_NOT_TAKEN".to_owned(),
    );
    for child in ["马2", "马8"] {
        let refused = report(&world, &police, &named(&own, child))
            .await
            .unwrap_err();
        assert_eq!((refused.0, refused.1), untaken, "{child}");
    }
    let child = named(&own, "马1");
    let case = report(&world, &police, &child).await.unwrap();
    assert_eq!(
        (
            case.student.as_str(),
            case.school.as_str(),
            case.region.as_str()
        ),
        ("", "", "")
    );
    let again = report(&world, &police, &child).await.unwrap_err();
    assert_eq!(again.1, "DROPOUT_CASE_OPEN");
    assert!(again.2.contains(&case.name), "its own");
    let other = report(&world, &civil, &named(&civils, "马1"))
        .await
        .unwrap_err();
    assert_eq!((other.0, other.1), untaken);

    // How the case goes, and nothing of the child or why.
    let mut service = DropoutCaseServiceClient::new(world.link.clone());
    let get = || GetDropoutCaseRequest {
        name: case.name.clone(),
    };
    let whole = service
        .get_dropout_case(clerk.ask(get()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        whole.student, enrolled.name,
        "one child, one record, one case"
    );
    let head = world.officer("school.approver", &school.name);
    let confirm = head.ask(ConfirmDropoutCaseRequest {
        name: whole.name,
        etag: whole.etag,
        reason: case::Reason::Weary.into(),
        request_id: id(),
        ..Default::default()
    });
    service.confirm_dropout_case(confirm).await.unwrap();
    let seen = service
        .get_dropout_case(police.ask(get()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(seen.state(), CaseState::Confirmed);
    assert_eq!(seen.reason(), case::Reason::Unspecified);
    assert!(seen.display_name.is_empty() && seen.school.is_empty() && seen.student.is_empty());
    let refused = service
        .get_dropout_case(civil.ask(get()))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
}
