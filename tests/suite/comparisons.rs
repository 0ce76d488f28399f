//! Lists of other departments against the student records (四查三比对): who is in no school is found, a partner learns of its
//! own list only, and the feed tells it how the cases of its children go.

use std::time::Duration;

use junheng_proto::bulk::v1::ImportResult;
use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::identity::v1::Department;
use junheng_proto::journal::v1::{ChangeEvent, WatchChangesRequest};
use junheng_proto::registration::v1::comparison::State;
use junheng_proto::registration::v1::import_residents_request::Part;
use junheng_proto::registration::v1::resident_list::{Kind, Source};
use junheng_proto::registration::v1::student::IdentityType;
use junheng_proto::registration::v1::{
    Comparison, ComparisonResult, ComparisonVerdict as Verdict, DropoutCase, GetComparisonRequest,
    GetResidentListRequest, ImportResidentsRequest, ListComparisonResultsRequest,
    ListResidentListsRequest, ResidentHeader, ResidentRow, RunComparisonRequest, dropout_case,
    resident_list,
};
use junheng_tests::person::{Person, child};
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{all_in, enrol, header};
use junheng_tests::{County, Officer, Story, World, days_from_now, request_id, story};
use prost::Message as _;
use tokio::time::timeout;
use tonic::{Code, Response, Status, Streaming};

/// Longer than any comparison or event of a story takes.
const PATIENCE: Duration = Duration::from_secs(90);
/// Long enough for an event that should not come.
pub(crate) const SILENCE: Duration = Duration::from_secs(2);

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a list of the police finds the child who is in no school, and the next one tells only what changed", |world| Box::pin(found(world))),
    story("a partner learns whether each child of its own list is accounted for, and of no other child anything", |world| Box::pin(own_list_only(world))),
    story("the list of a department is taken from that department's own system and from no other", |world| Box::pin(own_department_only(world))),
    story("a county reads its part of a list of the whole province and no other county's", |world| Box::pin(part_of_province(world))),
    story("a comparison that is cut off goes on by itself and misses no child", |world| Box::pin(goes_on(world))),
];

async fn found(world: &World) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await;
    let enrolled = enrol(&county.clerk, &school, Stage::Primary, 2).await;
    let police = world.another("county.partner", &county.place.county).await;
    let missing = child();
    let rows = rows_of(&county, [&enrolled[0], &enrolled[1], &missing]);
    all_in(send(&police, &county.place.county, Kind::SchoolAge, rows).await);
    let first = compare(&police, &county.place.county).await;
    let told = results(&county.clerk, &county.place.county, &first, false).await;
    let verdicts = |results: &[ComparisonResult], verdict: Verdict| {
        results
            .iter()
            .filter(|one| one.verdict() == verdict)
            .count()
    };
    assert_eq!(verdicts(&told, Verdict::EnrolledHere), 2);
    assert_eq!(verdicts(&told, Verdict::NotEnrolled), 1);
    let whole = GetComparisonRequest {
        name: first.name.clone(),
    };
    let whole = answered(county.clerk.comparisons().get_comparison(whole).await);
    assert_eq!(whole.suspected_count, 1, "the child has a case");

    // The next month: one child moved away, one came.
    let came = child();
    let rows = rows_of(&county, [&enrolled[0], &missing, &came]);
    all_in(send(&police, &county.place.county, Kind::SchoolAge, rows).await);
    let second = compare(&police, &county.place.county).await;
    assert_eq!(second.previous, first.name);
    let changed = results(&county.clerk, &county.place.county, &second, true).await;
    assert_eq!(changed.len(), 2);
    assert_eq!(verdicts(&changed, Verdict::NoLongerListed), 1);
    assert_eq!(verdicts(&changed, Verdict::NotEnrolled), 1);
}

async fn own_list_only(world: &World) {
    let county = County::fresh(world).await;
    let parent = &county.place.county;
    let school = county.school(SchoolKind::Primary).await;
    let enrolled = enrol(&county.clerk, &school, Stage::Primary, 1).await;
    let police = world.another("county.partner", parent).await;
    let civil = world.another("county.partner", parent).await;
    let missing = child();
    let rows = rows_of(&county, [&enrolled[0], &missing]);
    all_in(send(&police, parent, Kind::SchoolAge, rows).await);
    let run = compare(&police, parent).await;
    let told = results(&police, parent, &run, false).await;
    let mut verdicts: Vec<_> = told.iter().map(ComparisonResult::verdict).collect();
    verdicts.sort_by_key(|verdict| *verdict as i32);
    assert_eq!(verdicts, [Verdict::NotEnrolled, Verdict::AccountedFor]);
    assert!(
        told.iter().all(|one| one.student.is_empty()),
        "no school, no record"
    );
    assert_eq!(run.suspected_count, 0, "nor what the county does about it");

    let request = wanted(parent, &run, false);
    let foreign = civil.comparisons().list_comparison_results(request).await;
    refused(foreign, Code::NotFound, "NOT_FOUND");
    let list = GetResidentListRequest {
        name: run.resident_list.clone(),
    };
    refused(
        civil.comparisons().get_resident_list(list).await,
        Code::NotFound,
        "NOT_FOUND",
    );
    let again = RunComparisonRequest {
        name: run.resident_list.clone(),
        request_id: request_id(),
    };
    refused(
        civil.comparisons().run_comparison(again).await,
        Code::NotFound,
        "NOT_FOUND",
    );

    // The feed: the case's state for who sent the child, silence for the other.
    let mut feed = watch(&police, parent, "").await;
    let event = case_event(&mut feed).await;
    let case = DropoutCase::decode(event.record.expect("what is shared").value.as_slice());
    let case = case.expect("a case");
    assert_eq!(case.state(), dropout_case::State::Suspected);
    let shown = [
        &case.display_name,
        &case.plan,
        &case.reporter,
        &case.student,
    ];
    assert!(shown.iter().all(|hidden| hidden.is_empty()));
    let mut feed = watch(&civil, parent, "").await;
    assert!(
        timeout(SILENCE, feed.message()).await.is_err(),
        "another's case"
    );
}

async fn own_department_only(world: &World) {
    let county = County::fresh(world).await;
    let parent = &county.place.county;
    let listed = child();
    let systems = [
        (Department::CivilAffairs, "民政"),
        (Department::Other, "其他部门"),
    ];
    for (department, label) in systems {
        let partner = world.partner(department, "county.partner", parent).await;
        let rows = rows_of(&county, [&listed]);
        let sent = try_send(&partner, parent, Kind::SchoolAge, rows).await;
        let told = refused(sent, Code::PermissionDenied, "LIST_OF_ANOTHER_DEPARTMENT");
        assert_eq!(told.metadata["department"], label);
    }
    let police = world.another("county.partner", parent).await;
    let rows = rows_of(&county, [&listed]);
    all_in(send(&police, parent, Kind::SchoolAge, rows).await);
}

async fn part_of_province(world: &World) {
    let [here, there, _] = world.neighbours();
    let (here, there) = (
        County::at(world, here).await,
        County::at(world, there).await,
    );
    let police = world
        .another("province.partner", junheng_tests::world::PROVINCE)
        .await;
    let (ours, theirs) = (child(), child());
    let mut rows = rows_of(&here, [&ours]);
    rows.extend(rows_of(&there, [&theirs]));
    let province = junheng_tests::world::PROVINCE;
    // Another kind than other stories send for the province.
    all_in(send(&police, province, Kind::LeftBehind, rows).await);
    let run = compare(&police, province).await;
    let told = results(&here.clerk, &here.place.county, &run, false).await;
    let names: Vec<_> = told
        .iter()
        .filter_map(|one| one.resident.as_ref())
        .map(|child| child.display_name.clone())
        .collect();
    assert_eq!(names, [ours.display_name]);
    let request = wanted(&there.place.county, &run, false);
    let answer = here
        .clerk
        .comparisons()
        .list_comparison_results(request)
        .await;
    refused(answer, Code::PermissionDenied, "OUT_OF_SCOPE");
}

async fn goes_on(world: &World) {
    let mut own = world.of_its_own(&[]).await;
    let county = County::fresh(&own).await;
    let parent = county.place.county.clone();
    let police = own.another("county.partner", &parent).await;
    let people: Vec<Person> = (0..1_200).map(|_| child()).collect();
    let rows = rows_of(&county, people.iter());
    all_in(send(&police, &parent, Kind::SchoolAge, rows).await);
    let begun = begin(&police, &parent, None).await;
    own.cut_power().expect("the process starts again");
    let (police, clerk) = (own.again(&police), own.again(&county.clerk));
    let run = ended(&police, &begun).await;
    assert_eq!(run.compared_count, 1_200);
    let request = GetComparisonRequest { name: run.name };
    let run = answered(clerk.comparisons().get_comparison(request).await);
    assert_eq!(run.suspected_count, 1_200, "each once");
}

/// Rows of children who live in a county.
pub fn rows_of<'a>(
    county: &County,
    people: impl IntoIterator<Item = &'a Person>,
) -> Vec<ResidentRow> {
    let region = county.place.county.trim_start_matches("regions/");
    let row = |(row, person): (i64, &Person)| ResidentRow {
        row,
        display_name: person.display_name.clone(),
        identity_type: IdentityType::ResidentCard.into(),
        identity_number: person.number.clone(),
        birth_date: person.birth_date.clone(),
        sex: person.sex.into(),
        region: region.to_owned(),
        ..ResidentRow::default()
    };
    (2..).zip(people).map(row).collect()
}

/// Sends the list of the police.
pub async fn send(
    partner: &Officer,
    parent: &str,
    kind: Kind,
    rows: Vec<ResidentRow>,
) -> ImportResult {
    answered(try_send(partner, parent, kind, rows).await)
}

async fn try_send(
    partner: &Officer,
    parent: &str,
    kind: Kind,
    rows: Vec<ResidentRow>,
) -> Result<Response<ImportResult>, Status> {
    let head = Part::Header(ResidentHeader {
        import: Some(header(parent)),
        source: Source::PublicSecurity.into(),
        kind: kind.into(),
        as_of_date: days_from_now(-30),
    });
    let parts = std::iter::once(head).chain(rows.into_iter().map(Part::Row));
    let messages = parts.map(|part| ImportResidentsRequest { part: Some(part) });
    let stream = tokio_stream::iter(messages.collect::<Vec<_>>());
    partner.comparisons().import_residents(stream).await
}

/// Compares the last list of everybody of school age, or the only one, and waits for the end.
pub async fn compare(partner: &Officer, parent: &str) -> Comparison {
    run(partner, parent, None).await
}

pub(crate) async fn compare_kind(partner: &Officer, parent: &str, kind: Kind) -> Comparison {
    run(partner, parent, Some(kind)).await
}

async fn run(partner: &Officer, parent: &str, kind: Option<Kind>) -> Comparison {
    let begun = begin(partner, parent, kind).await;
    ended(partner, &begun).await
}

async fn begin(partner: &Officer, parent: &str, kind: Option<Kind>) -> Comparison {
    let request = ListResidentListsRequest {
        parent: parent.to_owned(),
        ..Default::default()
    };
    let lists = answered(partner.comparisons().list_resident_lists(request).await);
    let list = lists.resident_lists.into_iter().rfind(|list| {
        list.state() == resident_list::State::Live && kind.is_none_or(|kind| list.kind() == kind)
    });
    let begin = RunComparisonRequest {
        name: list.expect("a live list").name,
        request_id: request_id(),
    };
    answered(partner.comparisons().run_comparison(begin).await)
}

async fn ended(partner: &Officer, begun: &Comparison) -> Comparison {
    let wait = async {
        loop {
            let request = GetComparisonRequest {
                name: begun.name.clone(),
            };
            let now = answered(partner.comparisons().get_comparison(request).await);
            if now.state() == State::Done {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(PATIENCE, wait).await.expect("the comparison ends")
}

/// What a comparison found, as an officer or partner reads it.
pub async fn results(
    officer: &Officer,
    parent: &str,
    run: &Comparison,
    changed_only: bool,
) -> Vec<ComparisonResult> {
    let request = wanted(parent, run, changed_only);
    let answer = officer.comparisons().list_comparison_results(request).await;
    answered(answer).results
}

fn wanted(parent: &str, run: &Comparison, changed_only: bool) -> ListComparisonResultsRequest {
    ListComparisonResultsRequest {
        parent: parent.to_owned(),
        comparison: run.name.clone(),
        changed_only,
        ..ListComparisonResultsRequest::default()
    }
}

pub(crate) async fn watch(officer: &Officer, parent: &str, cursor: &str) -> Streaming<ChangeEvent> {
    let request = WatchChangesRequest {
        service: "registration".to_owned(),
        parent: parent.to_owned(),
        cursor: cursor.to_owned(),
        collection: "dropoutCases".to_owned(),
    };
    answered(officer.journal().watch_changes(request).await)
}

pub(crate) async fn case_event(feed: &mut Streaming<ChangeEvent>) -> ChangeEvent {
    let event = timeout(PATIENCE, feed.message()).await;
    let event = event.expect("an event is missing");
    event
        .expect("the feed goes on")
        .expect("the feed does not end")
}
