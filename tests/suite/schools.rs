//! The school directory 学校名录.

use junheng_proto::education::v1::{SchoolKind, Sponsor, UrbanRural};
use junheng_proto::registration::v1::{
    CreateSchoolRequest, GetSchoolRequest, ListSchoolsRequest, School, UpdateSchoolRequest,
};
use junheng_tests::refusal::{answered, refused};
use junheng_tests::{County, Officer, Story, World, request_id, story};
use prost_types::FieldMask;
use tonic::Code;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a school code that is taken is refused with the code", |world| Box::pin(taken_code(world))),
    story("a school code of the wrong shape is refused with the field", |world| Box::pin(wrong_code(world))),
    story("a school in a region that the table does not know is refused", |world| Box::pin(unknown_region(world))),
    story("a school of another county does not exist for its officers but does for those above both", |world| Box::pin(foreign_school(world))),
    story("a list of schools is complete page by page with schools of other counties in between", |world| Box::pin(pages(world))),
    story("a page token belongs to its list", |world| Box::pin(foreign_token(world))),
    story("a change with an old etag is aborted and changes nothing", |world| Box::pin(old_etag(world))),
    story("an update changes what its mask names and refuses what it does not know", |world| Box::pin(masks(world))),
];

async fn taken_code(world: &World) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await;
    let second = School {
        school_code: school.code.clone(),
        ..county.entry(SchoolKind::Primary)
    };
    let answer = county
        .clerk
        .schools()
        .create_school(create(&county, second))
        .await;
    let refused = refused(answer, Code::AlreadyExists, "SCHOOL_CODE_TAKEN");
    assert_eq!(refused.metadata["school_code"], school.code);
    assert!(refused.sentence.contains(&school.code), "{refused:?}");
}

async fn wrong_code(world: &World) {
    let county = County::fresh(world).await;
    for wrong in ["", "21429", "21A3000001", "9942000001"] {
        let entry = School {
            school_code: wrong.to_owned(),
            ..county.entry(SchoolKind::Primary)
        };
        let status = county
            .clerk
            .schools()
            .create_school(create(&county, entry))
            .await;
        let status = status.expect_err(wrong);
        let refused = junheng_tests::Refused::read(&status);
        assert_eq!(refused.code, Code::InvalidArgument, "{wrong}: {refused:?}");
        assert!(
            refused
                .fields
                .iter()
                .any(|field| field.ends_with("school_code")),
            "{refused:?}"
        );
    }
}

async fn unknown_region(world: &World) {
    let county = County::fresh(world).await;
    let clerk = world
        .sign_in("province.clerk", &county.place.province)
        .await;
    let request = CreateSchoolRequest {
        parent: "regions/429999".to_owned(),
        ..create(&county, county.entry(SchoolKind::Primary))
    };
    let refused = refused(
        clerk.schools().create_school(request).await,
        Code::InvalidArgument,
        "REGION_UNKNOWN",
    );
    assert_eq!(refused.metadata["code"], "429999");
}

async fn foreign_school(world: &World) {
    let [here, there, _] = world.neighbours();
    let (here, there) = (
        County::at(world, here).await,
        County::at(world, there).await,
    );
    let school = here.school(SchoolKind::Primary).await;
    let get = GetSchoolRequest {
        name: school.name.clone(),
    };
    refused(
        there.clerk.schools().get_school(get.clone()).await,
        Code::NotFound,
        "NOT_FOUND",
    );
    let city = here.place.city.as_deref().expect("a city");
    let above = world.sign_in("city.inspector", city).await;
    assert_eq!(
        answered(above.schools().get_school(get).await),
        school.entry
    );
    let mut changed = school.entry.clone();
    changed.sponsor = Sponsor::Private.into();
    refused(
        there
            .clerk
            .schools()
            .update_school(update(changed, &["sponsor"]))
            .await,
        Code::NotFound,
        "NOT_FOUND",
    );
}

async fn pages(world: &World) {
    let [here, there, _] = world.neighbours();
    let city = here.city.clone().expect("a city");
    let (here, there) = (
        County::at(world, here).await,
        County::at(world, there).await,
    );
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        ours.push(here.school(SchoolKind::Primary).await.name);
        for _ in 0..3 {
            theirs.push(there.school(SchoolKind::Junior).await.name);
        }
    }
    for size in [1, 2, 3, 500] {
        let listed = list_all(&here.clerk, &here.place.county, size).await;
        assert_eq!(listed, ours, "in pages of {size}");
    }
    let above = world.sign_in("city.clerk", &city).await;
    let listed = list_all(&above, &city, 4).await;
    let both: Vec<&String> = listed
        .iter()
        .filter(|name| ours.contains(name) || theirs.contains(name))
        .collect();
    assert_eq!(
        both.len(),
        ours.len() + theirs.len(),
        "each once: {listed:?}"
    );
    assert_eq!(list_all(&above, &there.place.county, 7).await, theirs);
}

async fn foreign_token(world: &World) {
    let county = County::fresh(world).await;
    for _ in 0..2 {
        county.school(SchoolKind::Primary).await;
    }
    let mut request = ListSchoolsRequest {
        parent: county.place.county.clone(),
        page_size: 1,
        page_token: String::new(),
    };
    let above = world
        .sign_in("province.clerk", &county.place.province)
        .await;
    let first = answered(above.schools().list_schools(request.clone()).await);
    request.page_token = first.next_page_token;
    request.parent = county.place.province.clone();
    refused(
        above.schools().list_schools(request.clone()).await,
        Code::InvalidArgument,
        "PAGE_TOKEN_INVALID",
    );
    request.page_token = String::new();
    request.page_size = -1;
    refused(
        above.schools().list_schools(request).await,
        Code::InvalidArgument,
        "FIELD_INVALID",
    );
}

async fn old_etag(world: &World) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await;
    let private = School {
        sponsor: Sponsor::Private.into(),
        ..school.entry.clone()
    };
    let first = update(private, &["sponsor"]);
    let current = answered(county.clerk.schools().update_school(first).await);
    assert_eq!(current.sponsor(), Sponsor::Private);
    assert_ne!(current.etag, school.entry.etag);
    let late = school.entry.clone();
    refused(
        county
            .clerk
            .schools()
            .update_school(update(late, &["sponsor"]))
            .await,
        Code::Aborted,
        "ETAG_MISMATCH",
    );
    let get = GetSchoolRequest { name: school.name };
    assert_eq!(
        answered(county.clerk.schools().get_school(get).await),
        current
    );
}

async fn masks(world: &World) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await.entry;
    let proposed = School {
        urban_rural: UrbanRural::Village.into(),
        sponsor: Sponsor::Private.into(),
        ..school.clone()
    };
    let named = update(proposed.clone(), &["urban_rural"]);
    let changed = answered(county.clerk.schools().update_school(named).await);
    assert_eq!(changed.urban_rural(), UrbanRural::Village);
    assert_eq!(changed.sponsor, school.sponsor, "not in the mask");
    let unknown = update(
        School {
            etag: changed.etag.clone(),
            ..proposed.clone()
        },
        &["colour"],
    );
    refused(
        county.clerk.schools().update_school(unknown).await,
        Code::InvalidArgument,
        "FIELD_INVALID",
    );
    let output_only = School {
        etag: changed.etag.clone(),
        region: "regions/630102".to_owned(),
        ..proposed
    };
    let answer = county
        .clerk
        .schools()
        .update_school(update(output_only, &["region", "sponsor"]))
        .await;
    let moved = answered(answer);
    assert_eq!(moved.region, school.region, "output only, ignored");
    assert_eq!(moved.sponsor(), Sponsor::Private);
}

fn create(county: &County, school: School) -> CreateSchoolRequest {
    CreateSchoolRequest {
        parent: county.place.county.clone(),
        school: Some(school),
        request_id: request_id(),
    }
}

fn update(school: School, paths: &[&str]) -> UpdateSchoolRequest {
    UpdateSchoolRequest {
        school: Some(school),
        update_mask: Some(FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
        request_id: request_id(),
    }
}

async fn list_all(officer: &Officer, parent: &str, page_size: i32) -> Vec<String> {
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListSchoolsRequest {
            parent: parent.to_owned(),
            page_size,
            page_token,
        };
        let page = answered(officer.schools().list_schools(request).await);
        assert!(page.schools.len() <= page_size as usize);
        names.extend(page.schools.into_iter().map(|school| school.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return names;
        }
    }
}
