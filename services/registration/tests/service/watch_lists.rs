//! A child of a list is one child, whoever sends the list and however it is known; and its case says what lists say of it.

use std::time::Duration;

use crate::comparisons::{
    COUNTY, POLICE, SOON, cases, client, compare, compare_in, nameless, recognise_first, resident,
    send, send_for, undocumented,
};
use crate::support::{Officer, World, id};
use junheng_kernel::bulk::ImportHeader;
use junheng_proto::registration::v1::dropout_case::Group;
use junheng_proto::registration::v1::dropout_case_service_client::DropoutCaseServiceClient;
use junheng_proto::registration::v1::resident_list::{Kind, Source, State};
use junheng_proto::registration::v1::*;
use tokio_stream::StreamExt as _;
use tonic::Code;

/// Opens a case as the school does; the groups that it says the child belongs to.
async fn report(world: &World, own: &Officer<'_>, student: &Student) -> Vec<i32> {
    let request = ReportDropoutSuspicionRequest {
        child: student.name.clone(),
        note: "连续多日未到校".into(),
        request_id: id(),
        ..Default::default()
    };
    let mut dropout = DropoutCaseServiceClient::new(world.link.clone());
    let opened = dropout.report_dropout_suspicion(own.ask(request)).await;
    opened.unwrap().into_inner().groups
}

const POVERTY: i64 = 1 << (Group::Poverty as i32 - 1);

#[tokio::test]
async fn a_child_without_a_document_has_one_case_when_another_account_of_the_department_sends_it() {
    let world = World::new().await;
    for account in [POLICE, "accounts/police-2"] {
        let police = world.officer_of(account, "county.partner", COUNTY);
        send(&world, &police, Kind::SchoolAge, vec![nameless(2)]).await;
        compare(&world, &police).await;
        let open = cases(&world).await;
        assert_eq!(open.len(), 1, "sent by {account}");
    }
}

#[tokio::test]
async fn who_was_decided_to_be_a_student_is_marked_when_a_list_says_to_watch_the_child() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let request = undocumented(&class);
    let outcome = clerk.create(request).await.unwrap();
    let create_student_response::Outcome::Student(student) = outcome else {
        panic!("{outcome:?}");
    };
    let police = world.officer_of(POLICE, "county.partner", COUNTY);
    let rows = || vec![nameless(2)];
    send(&world, &police, Kind::PoorHousehold, rows()).await;
    compare(&world, &police).await;
    // Nobody knows yet who the child is.
    let own = world.officer("school.clerk", &school.name);
    let groups = report(&world, &own, &student).await;
    assert!(groups.is_empty());
    recognise_first(&world, &clerk).await;
    send(&world, &police, Kind::PoorHousehold, rows()).await;
    compare(&world, &police).await;
    let marked = cases(&world).await;
    assert_eq!(marked.len(), 1, "the child has a record");
    assert_ne!(marked[0].groups & POVERTY, 0, "{marked:?}");
}

#[tokio::test]
async fn a_case_that_opens_after_the_list_was_compared_says_what_the_list_says() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let poor = clerk.student(&class, 1).await.unwrap();
    let other = clerk.student(&class, 2).await.unwrap();
    let police = world.officer_of(POLICE, "county.partner", COUNTY);
    send(&world, &police, Kind::PoorHousehold, vec![resident(2, 1)]).await;
    compare(&world, &police).await;
    let own = world.officer("school.clerk", &school.name);
    for (student, groups) in [(&poor, vec![Group::Poverty as i32]), (&other, Vec::new())] {
        assert_eq!(report(&world, &own, student).await, groups);
    }
}

#[tokio::test]
async fn a_county_gets_the_comparison_of_its_province_that_it_is_listed() {
    let world = World::new().await;
    let province = "regions/630000";
    let police = world.officer_of(POLICE, "province.partner", province);
    send_for(
        &world,
        &police,
        province,
        Kind::SchoolAge,
        vec![resident(2, 1)],
    )
    .await;
    let run = compare_in(&world, &police, province).await;
    let get = GetComparisonRequest { name: run.name };
    let clerk = world.officer("county.clerk", COUNTY);
    let list = ListComparisonsRequest {
        parent: COUNTY.into(),
        ..Default::default()
    };
    let listed = client(&world).list_comparisons(clerk.ask(list)).await;
    let listed = listed.unwrap().into_inner().comparisons;
    let got = client(&world).get_comparison(clerk.ask(get.clone())).await;
    assert_eq!(listed, [got.unwrap().into_inner()]);
    assert!(listed[0].counts.is_empty(), "are the province's");
    for (account, role, organisation) in [
        ("accounts/9", "county.clerk", "regions/420106"),
        ("accounts/civil", "county.partner", COUNTY),
        (POLICE, "county.partner", COUNTY),
    ] {
        let stranger = world.officer_of(account, role, organisation);
        let refused = client(&world)
            .get_comparison(stranger.ask(get.clone()))
            .await;
        assert_eq!(refused.unwrap_err().code(), Code::NotFound, "{role}");
    }
}

#[tokio::test]
async fn a_list_whose_stream_broke_off_ends_by_itself_and_says_so() {
    use import_residents_request::Part;
    let world = World::new().await;
    let police = world.officer_of(POLICE, "county.partner", COUNTY);
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
    let message = |part| ImportResidentsRequest { part: Some(part) };
    let begun = [Part::Header(header), Part::Row(resident(2, 1))].map(message);
    let torn = tokio_stream::iter(begun).chain(tokio_stream::pending());
    let mut lists = client(&world);
    let call = lists.import_residents(police.ask(torn));
    let cut = tokio::time::timeout(Duration::from_secs(2), call).await;
    assert!(cut.is_err(), "the stream does not end");
    let state = async |partner: &Officer<'_>| {
        let request = ListResidentListsRequest {
            parent: COUNTY.into(),
            ..Default::default()
        };
        let listed = client(&world)
            .list_resident_lists(partner.ask(request))
            .await;
        listed.unwrap().into_inner().resident_lists[0].state()
    };
    assert_eq!(state(&police).await, State::Arriving);
    world.context.clock.advance_seconds(25 * 3_600);
    let police = world.officer_of(POLICE, "county.partner", COUNTY);
    let end = tokio::time::Instant::now() + SOON;
    while state(&police).await != State::BrokenOff {
        assert!(tokio::time::Instant::now() < end, "it still arrives");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
