//! Lists of other departments against the student records, over gRPC as partners and officers call them.

use std::time::Duration;

use crate::support::{Officer, World, child, id};
use junheng_kernel::bulk::{ImportHeader, ImportResult};
use junheng_proto::error::v1::Reason;
use junheng_proto::registration::v1::ComparisonVerdict as Verdict;
use junheng_proto::registration::v1::comparison::State;
use junheng_proto::registration::v1::comparison_service_client::ComparisonServiceClient;
use junheng_proto::registration::v1::dropout_case::State as CaseState;
use junheng_proto::registration::v1::resident_candidate::Decision;
use junheng_proto::registration::v1::resident_list::{Kind, Source};
use junheng_proto::registration::v1::student::IdentityType;
use junheng_proto::registration::v1::*;
use junheng_proto::workflow::v1::Evidence;
use junheng_registration::entity::{comparison, dropout_case};
use sea_orm::{ConnectionTrait as _, EntityTrait as _, IntoActiveModel as _};
use tonic::Code;

pub(crate) const COUNTY: &str = "regions/630103";
pub(crate) const POLICE: &str = "accounts/police";
pub(crate) const SOON: Duration = Duration::from_secs(20);

pub(crate) fn client(world: &World) -> ComparisonServiceClient<junheng_kernel::service::Link> {
    ComparisonServiceClient::new(world.link.clone())
}

pub(crate) fn resident(row: i64, serial: u32) -> ResidentRow {
    let child = child(serial);
    ResidentRow {
        row,
        display_name: child.display_name,
        identity_type: child.identity_type,
        identity_number: child.identity_number,
        birth_date: child.birth_date,
        sex: child.sex,
        region: "630103".into(),
        ..ResidentRow::default()
    }
}

/// A child without a document, like the student of [`undocumented`].
pub(crate) fn nameless(row: i64) -> ResidentRow {
    ResidentRow {
        display_name: "马无证".into(),
        identity_type: IdentityType::None.into(),
        identity_number: String::new(),
        guardian_display_name: "马父".into(),
        ..resident(row, 40)
    }
}

pub(crate) fn undocumented(class: &SchoolClass) -> CreateStudentRequest {
    CreateStudentRequest {
        parent: class.school.clone(),
        student: Some(Student {
            school_class: class.name.clone(),
            display_name: "马无证".into(),
            identity_type: IdentityType::None.into(),
            identity_number: String::new(),
            guardian_display_name: "马父".into(),
            ..child(40)
        }),
        request_id: id(),
    }
}

pub(crate) async fn send(
    world: &World,
    partner: &Officer<'_>,
    kind: Kind,
    rows: Vec<ResidentRow>,
) -> ImportResult {
    send_for(world, partner, COUNTY, kind, rows).await
}

pub(crate) async fn send_for(
    world: &World,
    partner: &Officer<'_>,
    parent: &str,
    kind: Kind,
    rows: Vec<ResidentRow>,
) -> ImportResult {
    let header = header(parent, kind);
    stream(world, partner, header, rows).await.unwrap()
}

/// What public security says of its list.
pub(crate) fn header(parent: &str, kind: Kind) -> ResidentHeader {
    ResidentHeader {
        import: Some(ImportHeader {
            parent: parent.into(),
            request_id: id(),
            ..ImportHeader::default()
        }),
        source: Source::PublicSecurity.into(),
        kind: kind.into(),
        as_of_date: "2018-08-31".into(),
    }
}

pub(crate) async fn stream(
    world: &World,
    partner: &Officer<'_>,
    header: ResidentHeader,
    rows: Vec<ResidentRow>,
) -> Result<ImportResult, tonic::Status> {
    use import_residents_request::Part;
    let parts = std::iter::once(Part::Header(header)).chain(rows.into_iter().map(Part::Row));
    let messages: Vec<_> = parts
        .map(|part| ImportResidentsRequest { part: Some(part) })
        .collect();
    let request = partner.ask(tokio_stream::iter(messages));
    let answer = client(world).import_residents(request).await;
    Ok(answer?.into_inner())
}

/// The list that is live.
pub(crate) async fn live(world: &World, partner: &Officer<'_>, parent: &str) -> ResidentList {
    let request = ListResidentListsRequest {
        parent: parent.into(),
        ..Default::default()
    };
    let lists = client(world)
        .list_resident_lists(partner.ask(request))
        .await;
    let lists = lists.unwrap().into_inner().resident_lists;
    let live = |list: &ResidentList| list.state() == resident_list::State::Live;
    lists.into_iter().rfind(live).expect("a live list")
}

/// Compares the live list and waits for the end.
pub(crate) async fn compare(world: &World, partner: &Officer<'_>) -> Comparison {
    compare_in(world, partner, COUNTY).await
}

pub(crate) async fn compare_in(world: &World, partner: &Officer<'_>, parent: &str) -> Comparison {
    let list = live(world, partner, parent).await;
    let request = RunComparisonRequest {
        name: list.name,
        request_id: id(),
    };
    let begun = client(world).run_comparison(partner.ask(request)).await;
    let name = begun.unwrap().into_inner().name;
    for _ in 0..400 {
        let request = GetComparisonRequest { name: name.clone() };
        let run = client(world).get_comparison(partner.ask(request)).await;
        let run = run.unwrap().into_inner();
        if run.state() == State::Done {
            return run;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the comparison does not end");
}

pub(crate) async fn results(
    world: &World,
    caller: &Officer<'_>,
    run: &Comparison,
    verdict: Verdict,
    changed_only: bool,
) -> Vec<ComparisonResult> {
    let request = ListComparisonResultsRequest {
        parent: COUNTY.into(),
        comparison: run.name.clone(),
        verdict: verdict.into(),
        changed_only,
        ..Default::default()
    };
    let answer = client(world)
        .list_comparison_results(caller.ask(request))
        .await;
    answer.unwrap().into_inner().results
}

pub(crate) fn names(results: &[ComparisonResult]) -> Vec<(String, Verdict)> {
    let mut names: Vec<_> = results
        .iter()
        .map(|one| {
            let resident = one.resident.clone().unwrap_or_default();
            (resident.display_name, one.verdict())
        })
        .collect();
    names.sort_by(|one, other| one.0.cmp(&other.0));
    names
}

pub(crate) async fn cases(world: &World) -> Vec<dropout_case::Model> {
    #[expect(clippy::disallowed_methods, reason = "a test looks at everything")]
    dropout_case::Entity::find()
        .all(world.context.store.reader())
        .await
        .unwrap()
}

/// The records that may be the same child's as a resident on a list, for people to decide.
pub(crate) async fn candidates(world: &World, clerk: &Officer<'_>) -> Vec<ResidentCandidate> {
    let listed = ListResidentCandidatesRequest {
        parent: COUNTY.into(),
        ..Default::default()
    };
    let listed = client(world)
        .list_resident_candidates(clerk.ask(listed))
        .await;
    listed.unwrap().into_inner().candidates
}

/// Decides that the first candidate is the same child.
pub(crate) async fn recognise_first(world: &World, clerk: &Officer<'_>) {
    let decision = is_the_same(&candidates(world, clerk).await[0]);
    let decided = client(world)
        .decide_resident_candidate(clerk.ask(decision))
        .await;
    decided.unwrap();
}

/// People who looked decide that it is the same child.
pub(crate) fn is_the_same(candidate: &ResidentCandidate) -> DecideResidentCandidateRequest {
    DecideResidentCandidateRequest {
        name: candidate.name.clone(),
        etag: candidate.etag.clone(),
        decision: Decision::Same.into(),
        note: "入户核对户口簿".into(),
        evidence: vec![Evidence {
            title: "户口簿".into(),
            digest: "0".repeat(64),
            ..Evidence::default()
        }],
        request_id: id(),
    }
}

#[tokio::test]
async fn each_child_of_a_list_is_found_and_a_second_run_shows_only_what_changed() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let here = clerk.student(&class, 1).await.unwrap();
    let request = clerk.ask(undocumented(&class));
    clerk.students.create_student(request).await.unwrap();
    let mut neighbour = world.officer("county.clerk", "regions/630104");
    let other = neighbour.school("2163000002", "630104").await;
    let their_class = neighbour.class(&other, 1, 1).await;
    neighbour.student(&their_class, 2).await.unwrap();

    let police = world.officer_of(POLICE, "county.partner", COUNTY);
    let young = ResidentRow {
        identity_type: IdentityType::Passport.into(),
        identity_number: "E12345678".into(),
        birth_date: "2013-05-01".into(),
        ..resident(6, 5)
    };
    let rows = vec![
        resident(2, 1),
        resident(3, 2),
        resident(4, 3),
        nameless(5),
        young,
    ];
    let sent = send(&world, &police, Kind::SchoolAge, rows.clone()).await;
    assert_eq!(
        (sent.created_count, sent.rejected_count),
        (5, 0),
        "{:?}",
        sent.verdicts
    );

    let first = compare(&world, &police).await;
    assert_eq!(first.compared_count, 5);
    let told = results(&world, &clerk, &first, Verdict::Unspecified, false).await;
    assert_eq!(
        names(&told),
        [
            ("马1".to_owned(), Verdict::EnrolledHere),
            ("马2".to_owned(), Verdict::EnrolledElsewhere),
            ("马3".to_owned(), Verdict::NotEnrolled),
            ("马5".to_owned(), Verdict::NotOfAge),
            ("马无证".to_owned(), Verdict::Unknown),
        ]
    );
    let of = |name: &str| {
        let named = |one: &&ComparisonResult| {
            one.resident
                .as_ref()
                .is_some_and(|child| child.display_name == name)
        };
        told.iter().find(named).unwrap()
    };
    assert_eq!(of("马1").student, here.name);
    assert_eq!(of("马2").student, "", "another county's pupil");

    // The partner: no school, no place, no reason.
    let seen = results(&world, &police, &first, Verdict::Unspecified, false).await;
    assert!(seen.iter().all(|one| one.student.is_empty()));
    let accounted = results(&world, &police, &first, Verdict::AccountedFor, false).await;
    assert_eq!(names(&accounted).len(), 2);
    let hidden = ListComparisonResultsRequest {
        parent: COUNTY.into(),
        comparison: first.name.clone(),
        verdict: Verdict::Excused.into(),
        ..Default::default()
    };
    let refused = client(&world)
        .list_comparison_results(police.ask(hidden))
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
    let civil = world.officer_of("accounts/civil", "county.partner", COUNTY);
    let foreign = GetComparisonRequest {
        name: first.name.clone(),
    };
    let refused = client(&world).get_comparison(civil.ask(foreign)).await;
    assert_eq!(refused.unwrap_err().code(), Code::NotFound);

    // The one child in no school has a case, reported by the partner.
    let opened = cases(&world).await;
    assert_eq!(opened.len(), 1);
    assert_eq!(opened[0].reporter.as_deref(), Some(POLICE));
    assert!(opened[0].resident.is_some());

    // The candidate is decided by people, and the next run obeys.
    let candidates = candidates(&world, &clerk).await;
    assert_eq!(candidates.len(), 1);
    assert!(candidates[0].guardian_agrees);
    let decision = is_the_same(&candidates[0]);
    let unproven = DecideResidentCandidateRequest {
        evidence: Vec::new(),
        request_id: id(),
        ..decision.clone()
    };
    let refused = client(&world)
        .decide_resident_candidate(clerk.ask(unproven))
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
    let decided = client(&world)
        .decide_resident_candidate(clerk.ask(decision.clone()))
        .await;
    assert_eq!(decided.unwrap().into_inner().decision(), Decision::Same);
    let again = DecideResidentCandidateRequest {
        etag: "\"2\"".into(),
        request_id: id(),
        ..decision
    };
    let refused = client(&world)
        .decide_resident_candidate(clerk.ask(again))
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::FailedPrecondition);

    // The next list: one child less, one more.
    let mut rows = rows;
    rows.remove(1);
    rows.push(resident(7, 7));
    send(&world, &police, Kind::SchoolAge, rows).await;
    let second = compare(&world, &police).await;
    assert_eq!(second.previous, first.name);
    let changed = results(&world, &clerk, &second, Verdict::Unspecified, true).await;
    assert_eq!(
        names(&changed),
        [
            ("马2".to_owned(), Verdict::NoLongerListed),
            ("马7".to_owned(), Verdict::NotEnrolled),
            ("马无证".to_owned(), Verdict::EnrolledHere),
        ]
    );
    assert_eq!(
        cases(&world).await.len(),
        2,
        "the first child is not suspected twice"
    );

    // Whoever is registered has the case with the record.
    clerk.student(&class, 3).await.unwrap();
    for _ in 0..400 {
        if cases(&world)
            .await
            .iter()
            .any(|case| case.student.is_some())
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the case was not handed over");
}

#[tokio::test]
async fn only_the_last_complete_list_is_compared_and_one_comparison_at_a_time() {
    let world = World::new().await;
    let police = world.officer_of(POLICE, "county.partner", COUNTY);
    send(&world, &police, Kind::SchoolAge, vec![resident(2, 1)]).await;
    let earlier = live(&world, &police, COUNTY).await;
    let wrong = ResidentRow {
        region: "630104".into(),
        ..resident(3, 2)
    };
    let bad = ResidentRow {
        guardian_display_name: String::new(),
        ..nameless(4)
    };
    let sent = send(
        &world,
        &police,
        Kind::SchoolAge,
        vec![resident(2, 1), wrong, bad],
    )
    .await;
    let fields: Vec<_> = sent.verdicts.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(fields, ["region", "guardian_display_name"]);
    let old = RunComparisonRequest {
        name: earlier.name,
        request_id: id(),
    };
    let refused = client(&world).run_comparison(police.ask(old)).await;
    assert_eq!(refused.unwrap_err().code(), Code::FailedPrecondition);
    assert_eq!(live(&world, &police, COUNTY).await.row_count, 1);
    // The county may not pass for a department.
    let clerk = world.officer("county.clerk", COUNTY);
    let header = header(COUNTY, Kind::SchoolAge);
    let message = ImportResidentsRequest {
        part: Some(import_residents_request::Part::Header(header)),
    };
    let request = clerk.ask(tokio_stream::once(message));
    let refused = client(&world).import_residents(request).await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_departments_new_account_goes_on_where_the_old_one_was_and_sees_nothing_of_its_list() {
    let world = World::new().await;
    let clerk = world.officer("county.clerk", COUNTY);
    let old = world.officer_of(POLICE, "county.partner", COUNTY);
    let new = world.officer_of("accounts/police-2", "county.partner", COUNTY);
    send(
        &world,
        &old,
        Kind::SchoolAge,
        vec![resident(2, 3), resident(3, 4)],
    )
    .await;
    let first = compare(&world, &old).await;
    assert_eq!(cases(&world).await.len(), 2);
    // The county looked into both and found nothing amiss.
    let cleared = format!(
        "UPDATE dropout_cases SET open_subject = NULL, state = {}",
        CaseState::Cleared as i32
    );
    let database = world.context.store.derived();
    database.execute_unprepared(&cleared).await.unwrap();

    send(&world, &new, Kind::SchoolAge, vec![resident(2, 3)]).await;
    let second = compare(&world, &new).await;
    assert_eq!(cases(&world).await.len(), 2, "nobody is suspected anew");
    let request = GetComparisonRequest {
        name: second.name.clone(),
    };
    let whole = client(&world).get_comparison(clerk.ask(request)).await;
    assert_eq!(whole.unwrap().into_inner().previous, first.name);
    let gone = results(&world, &clerk, &second, Verdict::NoLongerListed, false).await;
    assert_eq!(names(&gone), [("马4".to_owned(), Verdict::NoLongerListed)]);

    assert_eq!(second.previous, "", "is another account's");
    let all = results(&world, &new, &second, Verdict::Unspecified, false).await;
    assert_eq!(names(&all), [("马3".to_owned(), Verdict::NotEnrolled)]);
    assert_eq!(all[0].previous_verdict(), Verdict::Unspecified);
    assert_eq!(
        results(&world, &new, &second, Verdict::NoLongerListed, false).await,
        []
    );
    let gone = |count: &&ComparisonCount| count.verdict() == Verdict::NoLongerListed;
    assert_eq!(second.counts.iter().find(gone), None);
}

#[tokio::test]
async fn a_comparison_that_cannot_go_on_fails_and_keeps_no_other_waiting() {
    let world = World::new().await;
    let damaged = comparison::Model {
        id: uuid::Uuid::now_v7(),
        place: 630_104_000_000,
        region: "630104".into(),
        list: uuid::Uuid::now_v7(),
        previous: None,
        previous_account: String::new(),
        account: POLICE.into(),
        source: Source::PublicSecurity as i32,
        kind: Kind::SchoolAge as i32,
        state: State::Running as i32,
        phase: 99,
        cursor: uuid::Uuid::nil(),
        cursor_place: -1,
        born_after: 0,
        born_until: 0,
        row_count: 0,
        compared: 0,
        suspected: 0,
        counts: Vec::new(),
        start_micros: 1,
        end_micros: 0,
        failure: 0,
        failure_zh: String::new(),
        version: 1,
    };
    let name = format!("comparisons/{}", damaged.id);
    comparison::Entity::insert(damaged.into_active_model())
        .exec_without_returning(world.context.store.derived())
        .await
        .unwrap();
    let police = world.officer_of(POLICE, "county.partner", COUNTY);
    send(&world, &police, Kind::SchoolAge, vec![resident(2, 3)]).await;
    let done = compare(&world, &police).await;
    assert_eq!(done.state(), State::Done);
    let neighbour = world.officer("county.clerk", "regions/630104");
    let request = GetComparisonRequest { name };
    let failed = client(&world).get_comparison(neighbour.ask(request)).await;
    let failed = failed.unwrap().into_inner();
    assert_eq!(failed.state(), State::Failed);
    assert_eq!(failed.failure(), Reason::Internal);
    assert!(failed.end_time.is_some() && !failed.failure_zh.is_empty());
}
