//! Sites 校园 and what stands on them.

use junheng_proto::assets::v1::{
    CreateSiteRequest, GetSiteRequest, ListSitesRequest, Site, UpdateSiteRequest,
};
use junheng_proto::education::v1::SchoolKind;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{header, import_sites, numbered, site_row};
use junheng_tests::{County, School, Story, World, request_id, story};
use prost_types::FieldMask;
use tonic::Code;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a site is registered read and listed with its figures to the unit", |world| Box::pin(registered(world))),
    story("two sites of one name in a school are refused", |world| Box::pin(taken_name(world))),
    story("sites are imported and a repeated import changes nothing", |world| Box::pin(imported(world))),
    story("a site is changed by mask and etag", |world| Box::pin(changed(world))),
    story("impossible figures of a site are refused with the field", |world| Box::pin(impossible(world))),
];

async fn registered(world: &World) {
    let (county, school) = prepared(world).await;
    let created = answered(
        county
            .clerk
            .sites()
            .create_site(create(&school, site()))
            .await,
    );
    let expected = Site {
        name: created.name.clone(),
        school: school.name.clone(),
        etag: created.etag.clone(),
        ..site()
    };
    assert_eq!(created, expected);
    let get = GetSiteRequest {
        name: created.name.clone(),
    };
    assert_eq!(answered(county.clerk.sites().get_site(get).await), created);
    let list = ListSitesRequest {
        parent: school.name.clone(),
        ..ListSitesRequest::default()
    };
    assert_eq!(
        answered(county.clerk.sites().list_sites(list).await).sites,
        [created]
    );
}

async fn taken_name(world: &World) {
    let (county, school) = prepared(world).await;
    answered(
        county
            .clerk
            .sites()
            .create_site(create(&school, site()))
            .await,
    );
    let second = county
        .clerk
        .sites()
        .create_site(create(&school, site()))
        .await;
    let refused = refused(second, Code::AlreadyExists, "SITE_TAKEN");
    assert!(refused.sentence.contains("本部"), "{refused:?}");
}

async fn imported(world: &World) {
    let (county, school) = prepared(world).await;
    let names = ["本部", "东校区", "西校区"];
    let rows = names.map(|name| {
        let mut row = site_row(&school, 1_000);
        row.display_name = name.to_owned();
        row
    });
    let mut rows = numbered(rows, |row, number| row.row = number);
    rows[1].computer_count = -3;
    let result = answered(import_sites(&county.clerk, header(&school.name), rows.clone()).await);
    assert_eq!(
        (result.created_count, result.rejected_count),
        (2, 1),
        "{:?}",
        result.verdicts
    );
    assert_eq!(
        (result.verdicts[0].row, result.verdicts[0].field.as_str()),
        (3, "computer_count")
    );
    rows[1].computer_count = 30;
    rows[2].book_count = 2_000;
    let again = answered(import_sites(&county.clerk, header(&school.name), rows).await);
    assert_eq!(
        (
            again.created_count,
            again.updated_count,
            again.unchanged_count
        ),
        (1, 1, 1)
    );
}

async fn changed(world: &World) {
    let (county, school) = prepared(world).await;
    let created = answered(
        county
            .clerk
            .sites()
            .create_site(create(&school, site()))
            .await,
    );
    let proposed = Site {
        book_count: 77,
        computer_count: 88,
        ..created.clone()
    };
    let request = update(proposed.clone(), &["book_count"]);
    let changed = answered(county.clerk.sites().update_site(request).await);
    assert_eq!(
        (changed.book_count, changed.computer_count),
        (77, created.computer_count)
    );
    let late = county
        .clerk
        .sites()
        .update_site(update(proposed, &["computer_count"]))
        .await;
    refused(late, Code::Aborted, "ETAG_MISMATCH");
    let unknown = county
        .clerk
        .sites()
        .update_site(update(changed, &["colour"]))
        .await;
    refused(unknown, Code::InvalidArgument, "FIELD_INVALID");
}

async fn impossible(world: &World) {
    let (county, school) = prepared(world).await;
    let more_sports_than_rooms = Site {
        indoor_sports_area_centi_square_meters: site().teaching_auxiliary_area_centi_square_meters
            + 1,
        ..site()
    };
    let negative = Site {
        book_count: -1,
        ..site()
    };
    for (wrong, field) in [
        (
            more_sports_than_rooms,
            "indoor_sports_area_centi_square_meters",
        ),
        (negative, "book_count"),
    ] {
        let answer = county
            .clerk
            .sites()
            .create_site(create(&school, wrong))
            .await;
        let refused = refused(answer, Code::InvalidArgument, "FIELD_INVALID");
        assert!(
            refused.fields.iter().any(|found| found.ends_with(field)),
            "{refused:?}"
        );
    }
}

async fn prepared(world: &World) -> (County, School) {
    let county = County::shared(world).await;
    let school = county.school(SchoolKind::Primary).await;
    (county, school)
}

fn site() -> Site {
    Site {
        display_name: "本部".to_owned(),
        teaching_auxiliary_area_centi_square_meters: 450_001,
        indoor_sports_area_centi_square_meters: 30_000,
        sports_ground_area_centi_square_meters: 750_099,
        equipment_value_fen: 12_345_678_901,
        computer_count: 120,
        book_count: 23_226,
        network_multimedia_room_count: 24,
        ..Site::default()
    }
}

fn create(school: &School, site: Site) -> CreateSiteRequest {
    CreateSiteRequest {
        parent: school.name.clone(),
        site: Some(site),
        request_id: request_id(),
    }
}

fn update(site: Site, paths: &[&str]) -> UpdateSiteRequest {
    UpdateSiteRequest {
        site: Some(site),
        update_mask: Some(FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
        request_id: request_id(),
    }
}
