//! Lists of other departments against the student records, over gRPC as partners and officers call them.

use std::time::Duration;

use crate::support::{Officer, World, child, id};
use junheng_kernel::bulk::{ImportHeader, ImportResult};
use junheng_kernel::name::etag;
use junheng_kernel::privacy::FieldAddress;
use junheng_proto::journal::v1::journal_service_client::JournalServiceClient;
use junheng_proto::journal::v1::{ChangeEvent, WatchChangesRequest};
use junheng_proto::registration::v1::ComparisonVerdict as Verdict;
use junheng_proto::registration::v1::comparison::State;
use junheng_proto::registration::v1::comparison_service_client::ComparisonServiceClient;
use junheng_proto::registration::v1::dropout_case::State as CaseState;
use junheng_proto::registration::v1::dropout_case_service_client::DropoutCaseServiceClient;
use junheng_proto::registration::v1::resident_candidate::Decision;
use junheng_proto::registration::v1::resident_list::{Kind, Source};
use junheng_proto::registration::v1::student::IdentityType;
use junheng_proto::registration::v1::*;
use junheng_proto::workflow::v1::Evidence;
use junheng_registration::entity::{dropout_case, dropout_visit, resident, student};
use prost::Message as _;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _};
use tonic::Code;
use uuid::Uuid;

const COUNTY: &str = "regions/630103";
const POLICE: &str = "accounts/police";
const SOON: Duration = Duration::from_secs(20);

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
fn nameless(row: i64) -> ResidentRow {
    ResidentRow {
        display_name: "马无证".into(),
        identity_type: IdentityType::None.into(),
        identity_number: String::new(),
        guardian_display_name: "马父".into(),
        ..resident(row, 40)
    }
}

fn undocumented(class: &SchoolClass) -> CreateStudentRequest {
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
    use import_residents_request::Part;
    let header = ResidentHeader {
        import: Some(ImportHeader {
            parent: COUNTY.into(),
            request_id: id(),
            ..ImportHeader::default()
        }),
        source: Source::PublicSecurity.into(),
        kind: kind.into(),
        as_of_date: "2018-08-31".into(),
    };
    let parts = std::iter::once(Part::Header(header)).chain(rows.into_iter().map(Part::Row));
    let messages: Vec<_> = parts
        .map(|part| ImportResidentsRequest { part: Some(part) })
        .collect();
    let request = partner.ask(tokio_stream::iter(messages));
    let answer = client(world).import_residents(request).await;
    answer.unwrap().into_inner()
}

/// The list that is live.
async fn live(world: &World, partner: &Officer<'_>) -> ResidentList {
    let request = ListResidentListsRequest {
        parent: COUNTY.into(),
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
    let list = live(world, partner).await;
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

async fn results(
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

fn names(results: &[ComparisonResult]) -> Vec<(String, Verdict)> {
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

async fn cases(world: &World) -> Vec<dropout_case::Model> {
    #[expect(clippy::disallowed_methods, reason = "a test looks at everything")]
    dropout_case::Entity::find()
        .all(world.context.store.reader())
        .await
        .unwrap()
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
    let listed = ListResidentCandidatesRequest {
        parent: COUNTY.into(),
        ..Default::default()
    };
    let listed = client(&world)
        .list_resident_candidates(clerk.ask(listed))
        .await;
    let candidates = listed.unwrap().into_inner().candidates;
    assert_eq!(candidates.len(), 1);
    assert!(candidates[0].guardian_agrees);
    let decision = DecideResidentCandidateRequest {
        name: candidates[0].name.clone(),
        etag: candidates[0].etag.clone(),
        decision: Decision::Same.into(),
        note: "入户核对户口簿".into(),
        evidence: vec![Evidence {
            title: "户口簿".into(),
            digest: "0".repeat(64),
        }],
        request_id: id(),
    };
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
    let earlier = live(&world, &police).await;
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
    assert_eq!(live(&world, &police).await.row_count, 1);
    // The county may not pass for a department.
    let clerk = world.officer("county.clerk", COUNTY);
    let header = ResidentHeader {
        import: Some(ImportHeader {
            parent: COUNTY.into(),
            request_id: id(),
            ..ImportHeader::default()
        }),
        source: Source::PublicSecurity.into(),
        kind: Kind::SchoolAge.into(),
        as_of_date: "2018-08-31".into(),
    };
    let message = ImportResidentsRequest {
        part: Some(import_residents_request::Part::Header(header)),
    };
    let request = clerk.ask(tokio_stream::once(message));
    let refused = client(&world).import_residents(request).await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
}

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
async fn a_child_with_two_cases_has_one_when_its_record_is_found_and_its_visits_come_along() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let student = clerk.student(&class, 3).await.unwrap();
    let taking = clerk.school("2163000002", "630103").await;
    let police = world.officer_of(POLICE, "county.partner", COUNTY);
    send(&world, &police, Kind::SchoolAge, vec![resident(2, 9)]).await;
    compare(&world, &police).await;
    let listed = cases(&world).await.remove(0);
    let uuid = |name: &str| -> Uuid { name.rsplit('/').next().unwrap().parse().unwrap() };
    let derived = world.context.store.derived();
    // The child of the list has come so far, and a visit was paid.
    dropout_case::Entity::update_many()
        .col_expr(
            dropout_case::Column::State,
            (CaseState::Confirmed as i32).into(),
        )
        .filter(dropout_case::Column::Id.eq(listed.id))
        .exec(derived)
        .await
        .unwrap();
    let visit = dropout_visit::Model {
        id: Uuid::now_v7(),
        dropout_case: listed.id,
        school: None,
        place: listed.place,
        date: "2018-09-01".parse().unwrap(),
        method: 1,
        outcome: 1,
        personal: Vec::new(),
        create_micros: 0,
    };
    let sealed = FieldAddress {
        table: "dropout_visits",
        field: "personal",
        row: &visit.id.to_string(),
    };
    let visit = dropout_visit::Model {
        personal: world
            .context
            .store
            .keys
            .seal_message(sealed, &OfficialLine::default())
            .unwrap(),
        ..visit
    };
    dropout_visit::Entity::insert(visit.into_active_model())
        .exec_without_returning(derived)
        .await
        .unwrap();
    let visited = async || {
        #[expect(clippy::disallowed_methods, reason = "a test looks at everything")]
        let visits = dropout_visit::Entity::find().all(world.context.store.reader());
        visits.await.unwrap()[0].school
    };
    let person = |name: &str| {
        Some(ResponsiblePerson {
            display_name: name.into(),
            ..ResponsiblePerson::default()
        })
    };
    let mut service = DropoutCaseServiceClient::new(world.link.clone());
    let assign = AssignDropoutCaseRequest {
        name: format!("dropoutCases/{}", listed.id),
        etag: etag(listed.version),
        official_line: Some(OfficialLine {
            county: person("一"),
            township: person("二"),
            village: person("三"),
            household: person("四"),
        }),
        school_line: Some(SchoolLine {
            bureau: person("五"),
            head: person("六"),
            class_teacher: person("七"),
        }),
        plan: "每周入户一次".into(),
        school: taking.name.clone(),
        request_id: id(),
        ..Default::default()
    };
    service
        .assign_dropout_case(clerk.ask(assign))
        .await
        .unwrap();
    assert_eq!(visited().await, Some(uuid(&taking.name)));

    // The pupil is suspected too; then it turns out that the two are one.
    let report = ReportDropoutSuspicionRequest {
        child: student.name.clone(),
        note: "多日未到校".into(),
        request_id: id(),
        ..Default::default()
    };
    let own = service.report_dropout_suspicion(clerk.ask(report)).await;
    let own = own.unwrap().into_inner();
    #[expect(clippy::disallowed_methods, reason = "a test looks at everything")]
    let row = student::Entity::find_by_id(uuid(&student.name))
        .one(world.context.store.reader())
        .await
        .unwrap()
        .unwrap();
    resident::Entity::update_many()
        .col_expr(
            resident::Column::IdentityHash,
            Expr::value(row.identity_hash),
        )
        .filter(resident::Column::Person.eq(listed.resident.unwrap()))
        .exec(derived)
        .await
        .unwrap();
    compare(&world, &police).await;
    let open = async || {
        let all = cases(&world).await.into_iter();
        all.filter(|case| case.open_subject.is_some())
            .collect::<Vec<_>>()
    };
    for _ in 0..400 {
        if open().await.len() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let open = open().await;
    assert_eq!(open.len(), 1, "one child, one case");
    assert_eq!(open[0].id, listed.id, "the one that has come further");
    assert_eq!(open[0].student, Some(uuid(&student.name)));
    assert_eq!(open[0].school, Some(uuid(&school.name)));
    assert_eq!(visited().await, Some(uuid(&school.name)));
    let get = GetDropoutCaseRequest { name: own.name };
    let ended = service.get_dropout_case(clerk.ask(get)).await;
    let ended = ended.unwrap().into_inner();
    assert_eq!(ended.state(), CaseState::Cleared);
    assert_eq!(ended.merged_into, format!("dropoutCases/{}", listed.id));
}
